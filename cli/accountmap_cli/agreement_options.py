"""`accountmap agreement new`: propose an agreement, from options or in a dialogue."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from accountmap.errors import InputError, TrustError
from accountmap.model import (
    LEADERS,
    SHARED_FIELDS,
    WHO,
    Assistants,
    Level,
    MatchProfile,
    Models,
    PreviewKind,
    segment_noun,
)
from accountmap_cli.context import existing_file, partner_option, workspace
from accountmap_cli.output import ask, emit, say
from accountmap_cli.words import agreement_in_words

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.session.sharing_options import SharingOptions
    from accountmap.trust.agreement import Agreement
    from accountmap.workspace import PartnerRecord

USUAL_FIELDS: Final = ("name", "owner_name", "owner_email")
"""What agreements show of matches if nobody says otherwise."""

_LEVEL_KEYS: Final = {"f": Level.FIELDS, "n": Level.NAMES, "h": Level.HIDDEN}


def ask_sharing(partner: str, default: "SharingOptions") -> "SharingOptions":
    """Ask what each pair of segments shows, which fields, and who takes part.

    Args:
        default: what an empty answer stands for.
    """
    from accountmap.session.sharing_options import countries, employees_band, field_names

    say("\nWhat may each of you learn about a match, after both have agreed to reveal?")
    say("  f  which of its own companies the other has too, and the fields that follow")
    say("  n  which of its own companies the other has too, but no fields")
    say("  h  nothing: the pair is not compared")
    share = _ask_matrix(partner, default.share)
    options = replace(default, share=share)
    if any(typed.endswith(Level.FIELDS) for typed in share):
        say(f"\nFields that can be shown: {', '.join(SHARED_FIELDS)}.")
        we_show = ask("Fields that you show of matches (with commas, or none)", default.we_show, field_names)
        they_show = ask(f"Fields that {partner} shows (with commas, or none)", we_show, field_names)
        options = replace(options, we_show=we_show, they_show=they_show)
    say("\nWho takes part? An empty answer lets all in.")
    names = ask(
        "Only accounts in these countries (names or codes with commas, or all)",
        ", ".join(default.countries) or "all",
        lambda typed: countries(_listed(typed)),
    )
    industries = ask(
        "Only these industries (with commas, or all)", ", ".join(default.industries) or "all", _check_industries
    )
    employees = ask(
        "Only with so many employees (such as 50-5000, or all)",
        default.employees or "all",
        lambda typed: employees_band(_any(typed)),
    )
    return replace(
        options,
        countries=tuple(_listed(names)),
        industries=tuple(_listed(industries)),
        employees=_any(employees),
        totals=_choose(
            "Who also shows roughly how many companies it has, by country, industry and size", default.totals
        ),
        names_of_unmatched=_choose("Who even NAMES all its other accounts", default.names_of_unmatched),
    )


def ask_leads(default: tuple[str, ...]) -> tuple[str, ...]:
    """Ask who leads where: rules, of which the first that fits applies."""
    if default and click.confirm(f"Keep these rules of who leads: {'  '.join(default)}?", default=True, err=True):
        return default
    from accountmap.session.sharing_options import read_leads

    say("\nWho leads where both have an account? Rules are tried in order; an empty line ends them.")
    say("  Examples: customer:prospect=us    all:customer=them    all:all:DE,AT=both")
    rules: list[str] = []
    while rule := ask("Rule", "", lambda typed: read_leads([typed] if typed else [])):
        rules.append(rule)
    return tuple(rules)


def _ask_matrix(partner: str, default: tuple[str, ...]) -> tuple[str, ...]:
    from accountmap.accounts.schema import SEGMENTS
    from accountmap.session.sharing_options import SharingOptions

    keys = {level: key for key, level in _LEVEL_KEYS.items()}
    before = SharingOptions(share=default).to_sharing()
    pairs = {(mine, theirs): keys[before.level((mine, theirs))] for mine in SEGMENTS for theirs in SEGMENTS}
    choice = click.Choice(list(_LEVEL_KEYS))
    usual = max(_LEVEL_KEYS, key=list(pairs.values()).count)
    first = click.prompt("All pairs, unless you say otherwise", usual, type=choice, err=True)
    differ = len(set(pairs.values())) > 1
    while True:
        share = [f"all:all={_LEVEL_KEYS[first]}"]
        if click.confirm("Do some pairs differ?", default=differ, err=True):
            for (mine, theirs), level in pairs.items():
                pair = f"Your {segment_noun(mine)}, {partner}'s {segment_noun(theirs)}"
                typed = click.prompt(pair, level if differ else first, type=choice, err=True)
                share.append(f"{mine}:{theirs}={_LEVEL_KEYS[typed]}")
        try:
            SharingOptions(share=tuple(share)).to_sharing()
        except InputError as error:
            say(f"  {error}. {error.hint}")
        else:
            return tuple(share)


def _choose(question: str, default: str) -> str:
    return str(click.prompt(question, default, type=click.Choice(list(WHO)), err=True))


def _check_industries(typed: str) -> None:
    from accountmap.trust.toml_text import check_line

    for word in _listed(typed):
        check_line(word, "An industry")


def _check_purpose(typed: str) -> None:
    from accountmap.trust.toml_text import MAX_PURPOSE, check_line

    check_line(typed, "The purpose", MAX_PURPOSE)


def _listed(typed: str) -> list[str]:
    return [word.strip() for word in typed.split(",") if word.strip() not in ("", "all")]


def _any(typed: str) -> str:
    return "" if typed.strip() == "all" else typed.strip()


@dataclass(frozen=True)
class Wanted:
    """What was typed, as options or as answers."""

    purpose: str
    sharing: "SharingOptions"
    leads: tuple[str, ...]
    preview_only: bool
    limits: dict[str, Any]
    rule: dict[str, Any]


def propose(own: "Workspace", partner: "PartnerRecord", wanted: Wanted) -> "Agreement":
    """Write and sign the agreement that was asked for.

    Raises:
        InputError, TrustError: the terms are not valid, or do not fit together.
    """
    from accountmap.session import propose_agreement, propose_preview
    from accountmap.session.sharing_options import read_leads

    now, kind = datetime.now(UTC), wanted.rule["preview"]
    if wanted.preview_only:
        days = wanted.limits["days"]
        return propose_preview(own, partner, purpose=wanted.purpose, preview=kind, days=days, now=now)
    return propose_agreement(
        own,
        partner,
        purpose=wanted.purpose,
        sharing=wanted.sharing.to_sharing(),
        leads=read_leads(wanted.leads),
        now=now,
        **wanted.limits,
        **wanted.rule,
    )


def propose_in_dialogue(own: "Workspace", partner: "PartnerRecord", wanted: Wanted) -> "Agreement":
    """Ask for everything and propose; if that fails, the answers become the defaults of the next try."""
    while True:
        purpose = ask("Purpose, in your words", wanted.purpose, _check_purpose)
        wanted = replace(wanted, purpose=purpose)
        if not wanted.preview_only:
            sharing = ask_sharing(partner.card.name, wanted.sharing)
            wanted = replace(wanted, sharing=sharing)
            wanted = replace(wanted, leads=ask_leads(wanted.leads))
        try:
            return propose(own, partner, wanted)
        except (InputError, TrustError) as error:
            say(f"\n{error}. {error.hint}")
            click.confirm(
                "Go through the questions again? Your answers are kept.", default=True, abort=True, err=True
            )


@click.command()
@partner_option()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.")
@click.option("--ask", "asks", is_flag=True, help="Be asked for what is shared, who takes part and who leads.")
@click.option(
    "--preview",
    "preview_only",
    is_flag=True,
    help="A short agreement for a preview only: nothing can be revealed.",
)
@click.option("--purpose", default="co-selling and joint marketing", show_default=True, help="In your words.")
@click.option(
    "--share",
    multiple=True,
    metavar="MINE:THEIRS=LEVEL",
    help="What a pair of segments shows about matches: hidden, names (which companies match), or fields (and the "
    "fields below). all means every segment; later ones override earlier ones. [default: all:all=fields]",
)
@click.option(
    "--fields",
    default=",".join(USUAL_FIELDS),
    show_default=True,
    help=f"What each side shows of matched companies, or none. Choose from: {', '.join(SHARED_FIELDS)}.",
)
@click.option("--we-show", help="What you show, if it is not the same both ways.")
@click.option("--they-show", help="What they show, if it is not the same both ways.")
@click.option(
    "--totals",
    type=click.Choice(list(WHO)),
    default="both",
    show_default=True,
    help="Who shows about how many companies it has, by country, industry and size.",
)
@click.option(
    "--name-unmatched",
    type=click.Choice(list(WHO)),
    default="nobody",
    show_default=True,
    help="Who also shows the names of its accounts that do not match.",
)
@click.option("--country", multiple=True, help="Only accounts in this country take part, on both sides.")
@click.option("--industry", multiple=True, help="Only accounts of this industry take part, on both sides.")
@click.option(
    "--employees", default="", metavar="FROM-TO", help="Only accounts with this many employees take part."
)
@click.option(
    "--lead",
    multiple=True,
    metavar="MINE:THEIRS[:COUNTRIES]=WHO",
    help=f"Who leads where both have an account: {', '.join(LEADERS)}. The first rule that fits applies.",
)
@click.option(
    "--credit-rule",
    type=existing_file(),
    help="File with the rule by which both of you credit each other for deals: the tables sourced, influenced and "
    "models of what `influence rules` writes.",
)
@click.option(
    "--profile",
    type=click.Choice([each.value for each in MatchProfile]),
    default=MatchProfile.BALANCED.value,
    show_default=True,
    help="How freely matches are revealed: careful reveals only what is sure, wide also what rests on weak keys.",
)
@click.option(
    "--preview-segments", is_flag=True, help="In the preview, also show a blurred segment for each company."
)
@click.option(
    "--auditor", default="", help="Who may check what each side brought in. [default: whomever both accept]"
)
@click.option("--no-audit", is_flag=True, help="Nobody may check that. Possible matches are then not looked for.")
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3650), help="Days until it ends.")
@click.option(
    "--sessions", default=6, show_default=True, type=click.IntRange(1, 1_000), help="The most sessions in 30 days."
)
@click.option(
    "--min-change",
    default=5,
    show_default=True,
    type=click.IntRange(0, 1_000_000),
    help="Ask a person before using a list if companies of a segment have changed, but fewer than this.",
)
@click.option(
    "--growth-alarm",
    default=4,
    show_default=True,
    type=click.IntRange(2, 1_000),
    help="Ask a person when a partner's list has grown to this many times its size.",
)
@click.option(
    "--automatic-share",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="With --yes, reveal without asking if at most this share of your list is estimated to match.",
)
@click.option(
    "--assistants",
    type=click.Choice([each.value for each in Assistants]),
    default=Assistants.OWN.value,
    show_default=True,
    help="What language models may read of the matches: nothing, your own accounts, or also what they show.",
)
@click.option(
    "--models",
    type=click.Choice([each.value for each in Models]),
    default=Models.SEGMENT.value,
    show_default=True,
    help="What models that predict who buys may learn from: nothing about matches, or the partner's segment.",
)
@click.option(
    "--ideal-customer",
    type=existing_file(),
    help="Profile by which both of you score your own accounts; send it with the agreement.",
)
@click.pass_context
def new(context: click.Context, /, **options: Any) -> None:
    """Propose an agreement for the list that you prepared, and sign it.

    Send the file to your partner; they sign it and send it back. Segments are named as you see them, yours first.

    \b
    Examples:
      accountmap agreement new --with globex
      accountmap agreement new --with globex --ask
      accountmap agreement new --with globex --preview
      accountmap agreement new --with globex --share all:all=hidden --share customer:prospect=fields
      accountmap agreement new --with globex --we-show name --they-show name,owner_email --country DE --country AT
      accountmap agreement new --with globex --lead customer:prospect=us --lead all:all:FR=them
    """
    from accountmap.account_map import read_ideal_customer
    from accountmap.session import write_agreement
    from accountmap.session.influence import read_credit_rule
    from accountmap.session.sharing_options import SharingOptions
    from accountmap.trust.terms import AuditTerms, ScoringTerms

    def fields(whose: str) -> str:
        return str(options["fields"] if options[whose] is None else options[whose])

    audit = AuditTerms(required=False, auditor="", keep_days=0) if options["no_audit"] else AuditTerms()
    auditor, ideal, credit_rule = (options[name] for name in ("auditor", "ideal_customer", "credit_rule"))
    scoring = ScoringTerms(Models(options["models"]), read_ideal_customer(ideal).digest if ideal else "")
    wanted = Wanted(
        options["purpose"],
        SharingOptions(
            share=options["share"],
            we_show=fields("we_show"),
            they_show=fields("they_show"),
            totals=options["totals"],
            names_of_unmatched=options["name_unmatched"],
            countries=options["country"],
            industries=options["industry"],
            employees=options["employees"],
        ),
        options["lead"],
        options["preview_only"],
        limits={
            "days": options["days"],
            "sessions_per_30_days": options["sessions"],
            "min_change": options["min_change"],
            "growth_alarm": options["growth_alarm"],
            "automatic_share": options["automatic_share"],
            "assistants": Assistants(options["assistants"]),
            "scoring": scoring,
        },
        rule={
            "profile": MatchProfile(options["profile"]),
            "audit": replace(audit, auditor=auditor) if auditor else audit,
            "preview": PreviewKind.SEGMENTS if options["preview_segments"] else PreviewKind.SKETCH,
            "credit": read_credit_rule(credit_rule) if credit_rule else None,
        },
    )
    with workspace(context) as own:
        partner = own.partner(options["partner"])
        made = (propose_in_dialogue if options["asks"] else propose)(own, partner, wanted)
        kind = "preview" if wanted.preview_only else "agreement"
        file = options["output"] or Path(f"{own.short_name}-{partner.slug}.{kind}.toml")
        write_agreement(made, file)
        for line in agreement_in_words(made, checked=True, own_name=own.card.name):
            say(line)
    emit(str(file))
    say(f'\nNext: send "{file}" to {made.terms.names[1]}; they run: accountmap agreement sign FILE')
