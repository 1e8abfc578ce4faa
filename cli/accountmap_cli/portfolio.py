"""`accountmap portfolio` and `accountmap partner profile`: all partners together, and your own list."""

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from accountmap.errors import InputError
from accountmap_cli.context import existing_file, is_fresh, is_same_rule, workspace
from accountmap_cli.output import emit, emit_csv, emit_json, say, table

if TYPE_CHECKING:
    from accountmap import Portfolio, Workspace
    from accountmap.portfolio import Goal, PartnerProfile

_TIERS: Final = "tiers.toml"
"""A file of the workspace that is used if no other is named."""

_INPUTS: Final = ("accountmap.db", _TIERS, "profiles/*", "maturity/*", "reviews/*", "ideal/*")
"""What a portfolio is made from: if any of it is newer than the page, the page is out of date."""


_tiers_option: Final = click.option(
    "--tiers",
    type=existing_file(),
    help="TOML file with your rule for tiers. [default: tiers.toml in the workspace, if there is one]",
)


@click.group()
def portfolio() -> None:
    """See all partners at once: who has which account, who adds what, whom to bring together."""


@portfolio.command()
@_tiers_option
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
@click.option("--excel", is_flag=True, help="Mark the CSV files as UTF-8, for opening in Excel.")
@click.option("--json", "as_json", is_flag=True, help="Print totals, partners and sentences as JSON.")
@click.pass_context
def build(
    context: click.Context,
    tiers: Path | None,
    output: Path | None,
    excel: bool,
    as_json: bool,
) -> None:
    """Write the portfolio: a page to open, a workbook, JSON, and tables as CSV and Parquet.

    It shows each account with the partners that share it, what each partner reaches and adds, where partners
    meet, scores, profiles and maturity. Partners known only by a preview are shown beside the others as estimates.
    It is for your own company alone: no partner may see any of it.

    \b
    Examples:
      accountmap portfolio build
      accountmap portfolio build --tiers tiers.toml -o ~/Desktop/partners
    """
    with workspace(context) as own:
        built, page = _build(own, tiers, output, excel=excel)
    if as_json:
        emit_json(_summary(built) | {"page": str(page)})
    else:
        emit(str(page))


@portfolio.command("open")
@_tiers_option
@click.pass_context
def open_portfolio(context: click.Context, tiers: Path | None) -> None:
    """Open the portfolio in your browser; its page is built first if there is anything new.

    \b
    Example:
      accountmap portfolio open
    """
    folder = Path(context.find_root().params["workspace"])
    page = folder / "reports" / "portfolio" / "portfolio.html"
    same = is_same_rule(page.parent / _TIERS, tiers or _tiers_of_workspace(folder))
    if not same or not is_fresh(page, folder, _INPUTS):
        with workspace(context) as own:
            _build(own, tiers, page.parent, page_only=True)
        if (page.parent / "portfolio.xlsx").exists():
            say("The workbook and the tables beside the page are older: accountmap portfolio build")
    say(f"Opening {page}")
    click.launch(str(page))


@portfolio.command()
@click.option("--with", "partner", required=True, help="The partner whom you would ask.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def questions(context: click.Context, partner: str, output: Path | None, as_json: bool) -> None:
    """Write what to ask one partner about teaming up: a list that may go to that partner.

    Each line is a company that you want to win, that the partner shares, and that another partner of yours shares
    too. The list names nobody but the partner and the company. Still, a partner that is asked about a company may
    guess that somebody else knows it: ask only about those that matter.

    \b
    Examples:
      accountmap portfolio questions --with globex
      accountmap portfolio questions --with globex -o for-globex.csv
    """
    from accountmap import read_portfolio
    from accountmap.files import write_atomic
    from accountmap.portfolio import to_send
    from accountmap.report.files import to_csv

    with workspace(context) as own:
        record = own.partner(partner)
        asked = to_send(read_portfolio(own).questions, record.slug)
    if as_json:
        emit_json(asked.to_pylist())
    elif output:
        write_atomic(output, to_csv(asked))
        emit(str(output))
    else:
        emit_csv(b"".join(to_csv(asked)))
    say(f"For {record.card.name} alone. Read it before it leaves.")


def _build(
    own: "Workspace", tiers: Path | None, output: Path | None, *, excel: bool = False, page_only: bool = False
) -> "tuple[Portfolio, Path]":
    from accountmap import read_portfolio, write_portfolio
    from accountmap.report.files import write_portfolio_page

    rule = tiers or _tiers_of_workspace(own.folder)
    built = read_portfolio(own, tiers=rule)
    standard = own.folder / "reports" / "portfolio"
    folder = output or standard
    page = write_portfolio_page(built, folder) if page_only else write_portfolio(built, folder, excel=excel)[0]
    if folder == standard:  # elsewhere a file of this name is the user's
        _keep_rule(folder / _TIERS, rule)
    return built, page


def _tiers_of_workspace(folder: Path) -> Path | None:
    file = folder / _TIERS
    return file if file.exists() else None


def _keep_rule(used: Path, rule: Path | None) -> None:
    """Keep the rule for tiers beside the page that was made by it, so that a change of the rule is noticed."""
    from accountmap.files import write_atomic

    if rule is None:
        used.unlink(missing_ok=True)
    else:
        write_atomic(used, rule.read_bytes())


def _summary(built: "Portfolio") -> dict[str, Any]:
    from accountmap.report import portfolio_sentences

    return {
        "made": built.made.isoformat(),
        "currency": built.currency,
        "totals": vars(built.totals),
        "partners": built.partners.to_pylist(),
        "sentences": portfolio_sentences(built),
        "notes": list(built.notes),
    }


_CLEARED: Final = {
    "types": (),
    "tier": "",
    "owner": "",
    "their-owner": "",
    "cost": None,
    "currency": "",
    "margin": None,
    "goals": (),
    "note": "",
}


@click.command()
@click.argument("name")
@click.option("--type", "types", multiple=True, help="What the partner is to you; may be given several times.")
@click.option("--tier", help="Its tier, set by hand; it takes precedence over your rule for tiers.")
@click.option("--owner", help="Who looks after the partnership on your side.")
@click.option("--their-owner", help="Who looks after it on their side.")
@click.option("--cost", type=float, help="What the partnership costs you in a year.")
@click.option("--currency", help="Currency of the cost.")
@click.option("--margin", type=float, help="What the partner keeps of a sale, in percent.")
@click.option("--goal", "goals", multiple=True, metavar="MEASURE=NUMBER[@DAY]", help="What to reach, and by when.")
@click.option("--note", help="One line about anything else.")
@click.option("--clear", multiple=True, type=click.Choice(list(_CLEARED)), help="Remove what was noted here.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def profile(
    context: click.Context,
    /,
    name: str,
    types: tuple[str, ...],
    goals: tuple[str, ...],
    clear: tuple[str, ...],
    as_json: bool,
    **values: Any,
) -> None:
    """Show or change what you note about a partnership; it stays on this machine.

    Types: influence, referral, reseller, distributor, system-integrator, software-vendor, managed-service,
    retention. Goals are measured in the portfolio, for example by pipeline, adds_pipeline, customers or score.

    \b
    Examples:
      accountmap partner profile globex
      accountmap partner profile globex --type reseller --owner "Ada Wong" --their-owner "Sam Reyes"
      accountmap partner profile globex --cost 12000 --currency EUR --margin 20 --goal pipeline=500000@2027-06-30
      accountmap partner profile globex --clear goals
    """
    from accountmap.portfolio import Goal
    from accountmap.workspace.user_files import load_profile, save_profile

    changes = {key: value for key, value in values.items() if value is not None}
    changes |= {"types": tuple(dict.fromkeys(types))} if types else {}
    changes |= {"goals": tuple(map(Goal.parse, goals))} if goals else {}
    if both := {key.replace("-", "_") for key in clear} & set(changes):
        raise InputError(f"{min(both)} cannot be given and cleared at once")
    changes |= {key.replace("-", "_"): _CLEARED[key] for key in clear}
    with workspace(context) as own:
        slug = own.partner(name).slug
        shown = replace(load_profile(own, slug), **changes)
        if changes:
            save_profile(own, slug, shown)
    if as_json:
        emit_json({"partner": slug, **shown.to_json()})
    else:
        _show(slug, shown)


def _show(slug: str, shown: "PartnerProfile") -> None:
    rows = [
        (each.name.replace("_", " "), _in_words(getattr(shown, each.name)))
        for each in fields(shown)
        if getattr(shown, each.name) not in ((), "", None)
    ]
    if rows:
        emit(table(["profile", slug], rows))
    else:
        say(f"Nothing is noted about {slug} yet: accountmap partner profile --help")


def _in_words(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(each if isinstance(each, str) else _goal(each) for each in value)
    return f"{value:,g}" if isinstance(value, float) else str(value)


def _goal(goal: "Goal") -> str:
    return f"{goal.measure} {goal.target:,.0f}" + (f" by {goal.by}" if goal.by else "")
