"""`accountmap agreement new`: propose an agreement, from options or in a dialogue."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import InputError
from accountmap.session.agreements import FIELDS, LEADERS, LEVELS, REST, SharingOptions, field_names
from accountmap_cli.agreement_words import in_words
from accountmap_cli.context import workspace
from accountmap_cli.output import emit, say

_LEVEL_KEYS: Final = {name[0]: name for name in LEVELS}


def ask_sharing(partner: str, default: SharingOptions) -> SharingOptions:
    """Ask what each pair of segments shows, which fields, and who takes part."""
    say("\nWhat may each pair of segments show, after both have agreed to reveal?")
    say("  f  which accounts match, with the fields that follow")
    say("  n  which accounts match, and no field")
    say("  c  only how many match")
    say("  h  nothing: it is not compared")
    share = _ask_matrix(partner)
    options = replace(default, share=share)
    if any(typed.endswith(FIELDS) for typed in share):
        we_show = _ask_fields("Fields that you show of matches", default.we_show)
        they_show = _ask_fields(f"Fields that {partner} shows", we_show)
        options = replace(options, we_show=we_show, they_show=they_show)
    names = click.prompt("Only accounts in these countries (codes with commas, or all)", "all", err=True)
    industries = click.prompt("Only these industries (with commas, or all)", "all", err=True)
    return replace(
        options,
        countries=tuple(_listed(names)),
        industries=tuple(_listed(industries)),
        employees=_any(click.prompt("Only with so many employees (such as 50-5000, or all)", "all", err=True)),
        rest=click.prompt(
            "Who shows how many other accounts it has, by country, industry and size",
            default.rest,
            type=click.Choice(list(REST)),
            err=True,
        ),
        names_of_rest=click.prompt(
            "Who even names these other accounts",
            default.names_of_rest,
            type=click.Choice(list(REST)),
            err=True,
        ),
        smallest_cell=click.prompt(
            "Show counts from", default.smallest_cell, type=click.IntRange(1, 1_000), err=True
        ),
    )


def ask_leads() -> tuple[str, ...]:
    """Ask who leads where; several rules, the first that fits holds."""
    say("\nWho leads where both have an account? Rules are tried in order; an empty line ends them.")
    say("  Examples: customer:prospect=us    all:customer=them    all:all:DE,AT=both")
    rules: list[str] = []
    while rule := click.prompt("Rule", "", show_default=False, err=True):
        if rule.partition("=")[2] not in LEADERS:
            say(f"  End it with ={', ='.join(LEADERS)}.")
        else:
            rules.append(rule)
    return tuple(rules)


def _ask_matrix(partner: str) -> tuple[str, ...]:
    keys = click.Choice(list(_LEVEL_KEYS))
    first = click.prompt("All pairs, unless you say otherwise", "f", type=keys, err=True)
    share = [f"all:all={_LEVEL_KEYS[first]}"]
    if click.confirm("Do some pairs differ?", default=False, err=True):
        for mine in SEGMENTS:
            for theirs in SEGMENTS:
                level = click.prompt(f"Your {mine} by {partner}'s {theirs}", first, type=keys, err=True)
                share.append(f"{mine}:{theirs}={_LEVEL_KEYS[level]}")
    return tuple(share)


def _ask_fields(question: str, default: str) -> str:
    while True:
        typed = click.prompt(f"{question} (with commas, or none)", default or "none", err=True)
        try:
            field_names(typed)
        except InputError as error:
            say(f"  {error}. {error.hint}")
        else:
            return str(typed)


def _listed(typed: str) -> list[str]:
    return [word.strip() for word in typed.split(",") if word.strip() not in ("", "all")]


def _any(typed: str) -> str:
    return "" if typed.strip() == "all" else typed.strip()


@click.command()
@click.option("--with", "partner", required=True, help="Your partner.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.")
@click.option("--ask", is_flag=True, help="Be asked for what is shared, who takes part and who leads.")
@click.option("--purpose", default="co-selling and joint marketing", show_default=True, help="In your words.")
@click.option(
    "--share",
    multiple=True,
    metavar="MINE:THEIRS=LEVEL",
    help="What a pair of segments shows: hidden, counts, names (which accounts match), or fields (and the fields "
    "below). all stands for every segment; a later one overrides. [default: all:all=fields]",
)
@click.option(
    "--fields",
    default="name,owner_name,owner_email",
    show_default=True,
    help="What each shows of matched accounts; none for nothing.",
)
@click.option("--we-show", help="What you show, if it is not the same both ways.")
@click.option("--they-show", help="What they show, if it is not the same both ways.")
@click.option(
    "--show-rest",
    type=click.Choice(["nobody", "us", "them", "both"]),
    default="nobody",
    show_default=True,
    help="Who shows how many accounts it has that do not match, by country, industry and size.",
)
@click.option(
    "--name-rest",
    type=click.Choice(["nobody", "us", "them", "both"]),
    default="nobody",
    show_default=True,
    help="Who even names the accounts that do not match.",
)
@click.option(
    "--smallest-cell",
    type=click.IntRange(1, 1_000),
    default=5,
    show_default=True,
    help="Smaller counts are not shown where only counts are: a rule for screens; in --show-rest a real one.",
)
@click.option("--country", multiple=True, help="Only accounts in this country take part, of both lists.")
@click.option("--industry", multiple=True, help="Only accounts of this industry take part.")
@click.option("--employees", default="", metavar="FROM-TO", help="Only accounts with so many employees take part.")
@click.option(
    "--lead",
    multiple=True,
    metavar="MINE:THEIRS[:COUNTRIES]=WHO",
    help="Who leads where both have an account: us, them or both. The first rule that fits holds.",
)
@click.option("--days", default=365, show_default=True, help="For how many days sessions may begin.")
@click.option(
    "--runs",
    default=4,
    show_default=True,
    type=click.IntRange(1, 1_000),
    help="How many sessions may show counts in 30 days.",
)
@click.option(
    "--min-change",
    default=5,
    show_default=True,
    type=click.IntRange(0, 1_000_000),
    help="A list may differ from earlier ones by none or by at least so many entities of a segment.",
)
@click.option(
    "--growth-alarm",
    default=10,
    show_default=True,
    type=click.IntRange(2, 1_000),
    help="Warn when a partner's list is so many times as large as agreed before.",
)
@click.option(
    "--automatic-share",
    default=0.8,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="With --yes, reveal only if the counts are at most this share of the own list.",
)
@click.pass_context
def new(
    context: click.Context,
    partner: str,
    output: Path | None,
    ask: bool,
    purpose: str,
    share: tuple[str, ...],
    fields: str,
    we_show: str | None,
    they_show: str | None,
    show_rest: str,
    name_rest: str,
    smallest_cell: int,
    country: tuple[str, ...],
    industry: tuple[str, ...],
    employees: str,
    lead: tuple[str, ...],
    days: int,
    runs: int,
    min_change: int,
    growth_alarm: int,
    automatic_share: float,
) -> None:
    """Propose an agreement for the list that you prepared, and sign it.

    Send the file to your partner; they sign it and send it back. Segments are named as you see them, yours first.

    \b
    Examples:
      accountmap agreement new --with globex
      accountmap agreement new --with globex --ask
      accountmap agreement new --with globex --share all:all=counts --share customer:prospect=fields
      accountmap agreement new --with globex --we-show name --they-show name,owner_email --country DE --country AT
      accountmap agreement new --with globex --lead customer:prospect=us --lead all:all:FR=them --show-rest both
    """
    from accountmap.session import propose_agreement, write_agreement
    from accountmap.session.agreements import SharingOptions, read_leads

    options = SharingOptions(
        share=share,
        we_show=fields if we_show is None else we_show,
        they_show=fields if they_show is None else they_show,
        rest=show_rest,
        names_of_rest=name_rest,
        smallest_cell=smallest_cell,
        countries=country,
        industries=industry,
        employees=employees,
    )
    with workspace(context) as own:
        record = own.partner(partner)
        if ask:
            purpose = click.prompt("Purpose, in your words", purpose, err=True)
            options, lead = ask_sharing(record.card.name, options), ask_leads()
        made = propose_agreement(
            own,
            record,
            purpose=purpose,
            sharing=options.to_sharing(),
            leads=read_leads(lead),
            days=days,
            automatic_share=automatic_share,
            runs_per_30_days=runs,
            min_change=min_change,
            growth_alarm=growth_alarm,
            now=datetime.now(UTC),
        )
        file = output or Path(f"{own.short_name}-{record.slug}.agreement.toml")
        write_agreement(made, file)
    for line in in_words(made):
        say(line)
    emit(str(file))
    say(f"\nNext: send {file} to {made.terms.names[1]}; they sign it and send it back.")
