"""`accountmap agreement new`: propose an agreement, from options or in a dialogue."""

from datetime import UTC, datetime
from pathlib import Path

import click

from accountmap_cli.agreement_words import in_words
from accountmap_cli.context import workspace
from accountmap_cli.output import emit, say


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
    from accountmap.exchange import propose_agreement, write_agreement
    from accountmap.exchange.sharing_options import SharingOptions, read_leads
    from accountmap_cli.agreement_dialogue import ask_leads, ask_sharing

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
