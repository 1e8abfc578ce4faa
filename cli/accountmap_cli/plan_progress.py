"""`accountmap plan progress`, `reconcile` and `export`: what came of a plan."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from accountmap.model import Result
from accountmap_cli.context import existing_file, partner_option
from accountmap_cli.output import as_json_text, emit, plural, read_table, say, table
from accountmap_cli.plan import Options, PlanTeller, naming, open_plan, read_amount, sending
from accountmap_cli.plan_words import DIGITS, plan_as_dict

if TYPE_CHECKING:
    from accountmap.account_map.plan_results import LineReport
    from accountmap.session.plans import KnownPlan

REPORT_COLUMNS: Final = ("match_id", "your_account", "arm", "steps", "meetings", "deals", "result", "amount")


@click.command()
@naming
@click.option("--match", "wanted", multiple=True, metavar="ID", help="A match of the plan.")
@click.option("--steps", type=click.IntRange(0, 65_535), help="How many things you have done about it so far.")
@click.option("--meetings", type=click.IntRange(0, 65_535), help="How many meetings both of you had with it.")
@click.option(
    "--deals",
    type=click.IntRange(0, 65_535),
    help="How many deals you have with it. [default: those you registered]",
)
@click.option("--result", type=click.Choice([each.label for each in Result]), help="What came of it so far.")
@click.option("--amount", metavar="AMOUNT", callback=read_amount, help="Amount of your deals.")
@click.option(
    "--spent", metavar="AMOUNT", callback=read_amount, help="How much of your budget you have spent in total."
)
@click.option(
    "--write", "written", type=click.Path(dir_okay=False, path_type=Path), help="Write a table to fill in."
)
@click.option("--file", "filled", type=existing_file(), help="Report what a filled-in table says.")
@sending
@click.pass_context
def progress(context: click.Context, /, **options: Any) -> None:
    """Report what you did about accounts of a plan, and what came of it; each report replaces the one before.

    Report accounts of the holdout too, although you do not work on them: the comparison needs the results of all.

    \b
    Examples:
      accountmap plan progress --with globex --match 3fa9c1d2 --steps 2 --meetings 1 --result opportunity
      accountmap plan progress --with globex --write progress.csv
      accountmap plan progress --with globex --file progress.csv --spent 1800
    """
    from accountmap.session.plan_drafts import make_progress

    with open_plan(context, options) as (teller, known):
        before = {each.match_id: each for each in _prefilled(teller, known)}
        if options["written"]:
            _write_reports(options["written"], known, list(before.values()))
            return
        lines = _reports(options, before)
        content = make_progress(known, lines, options["spent"])
        leaves = list(_report_in_words(teller, known, lines, options["spent"]))
        teller.say(known, [content], leaves)


def _prefilled(teller: PlanTeller, known: "KnownPlan") -> "list[LineReport]":
    from accountmap.session.co_selling import load_co_selling
    from accountmap.session.plan_drafts import prefilled

    counts: dict[bytes, int] = {}
    for deal in load_co_selling(teller.own, teller.partner).deals:
        if deal.ours and deal.withdrawn is None:
            match_id = bytes.fromhex(deal.match_id)
            counts[match_id] = counts.get(match_id, 0) + 1
    return prefilled(known, counts)


def _reports(options: Options, before: "Mapping[bytes, LineReport]") -> "list[LineReport]":
    from accountmap.session.plan_drafts import make_report
    from accountmap.session.plans import find_line

    given = {name: options[name] for name in ("steps", "meetings", "deals", "result", "amount")}
    found = [make_report(before[find_line(before, each)], given) for each in dict.fromkeys(options["wanted"])]
    if options["filled"]:
        for row in read_table(options["filled"], ["match_id"], "Take it from a report."):
            cells = {name: row.get(name, "").strip() or None for name in given}
            if any(cells[name] is not None for name in ("steps", "meetings", "result", "amount")):
                found.append(make_report(before[find_line(before, row["match_id"].strip())], cells))
    return found


def _report_in_words(
    teller: PlanTeller, known: "KnownPlan", lines: "Sequence[LineReport]", spent: int | None
) -> Iterator[str]:
    from accountmap.account_map.plan_results import decimal

    yield f"{teller.name} will see this about the plan:\n"
    yield table(
        ["match", "your account (stays here)", "steps", "meetings", "deals", "result", "amount"],
        [
            (
                each.match_id.hex()[:DIGITS],
                known.matches.own_name(each.match_id),
                each.steps,
                each.meetings,
                each.deals,
                each.result.label if each.result else "",
                "" if each.amount is None else decimal(each.amount),
            )
            for each in lines
        ],
    )
    if spent is not None:
        yield f"\nand that you have spent {decimal(spent)} {known.plan.terms.currency}."


def _write_reports(file: Path, known: "KnownPlan", lines: "Sequence[LineReport]") -> None:
    from accountmap.account_map.plan_results import decimal
    from accountmap.report.safe_text import spreadsheet_text

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(REPORT_COLUMNS)
    for each in lines:
        arm = "holdout" if each.match_id in (known.plan.holdout or ()) else "worked on"
        result, amount = (
            each.result.label if each.result else "",
            "" if each.amount is None else decimal(each.amount),
        )
        name = spreadsheet_text(known.matches.own_name(each.match_id))
        writer.writerow(
            [
                each.match_id.hex(),
                name,
                arm,
                each.steps or "",
                each.meetings or "",
                each.deals or "",
                result,
                amount,
            ]
        )
    file.write_text(out.getvalue(), encoding="utf-8-sig", newline="")  # Excel needs the mark
    emit(str(file))
    say("Fill it in. Rows in which steps, meetings, result and amount are all empty are not reported.")


@click.command()
@naming
@sending
@click.pass_context
def reconcile(context: click.Context, /, **options: Any) -> None:
    """Confirm the results that follow from both reports. When both confirm, the plan closes with these numbers.

    \b
    Example:
      accountmap plan reconcile --with globex
    """
    from accountmap.session.plan_drafts import make_reconciling

    with open_plan(context, options) as (teller, known):
        content = make_reconciling(known)
        apart = sum(bool(each.differences) for each in known.plan.results().lines)
        leaves = [
            *teller.words.plan(known),
            f"\nYour reports differ on {plural(apart, 'account')}: the lesser of two numbers or results counts."
            if apart
            else "\nYour reports do not differ.",
            f"{teller.name} will see that you agree to these results: {content.digest.hex()[:16]}",
        ]
        teller.say(known, [content], leaves)


@click.command()
@partner_option()
@naming
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder.")
@click.pass_context
def export(context: click.Context, /, output: Path, **options: Any) -> None:
    """Write a plan as files: your accounts for the CRM, the results, and what proves that your partner signed.

    accounts.csv, comparison.csv and budget.csv are the same on both sides, to the byte, once both are reconciled.

    \b
    Example:
      accountmap plan export --with globex -o spring
    """
    from accountmap.files import write_atomic

    with open_plan(context, options) as (teller, known):
        files = {
            "plan.csv": _plan_csv(known),
            **{f"{name}.csv": table for name, table in known.plan.results().tables.items()},
            "plan.json": _evidence(teller, known),
        }
    output.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_atomic(output / name, content)
        emit(str(output / name))


def _plan_csv(known: "KnownPlan") -> bytes:
    from accountmap.report.safe_text import spreadsheet_text

    columns = ("account_id", "match_id", "held_out", "leads", "acts", "due", "next_step", "owner", "their_owner")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*columns, "name"])
    for line in plan_as_dict(known)["lines"]:
        name = known.matches.own_name(bytes.fromhex(line["match_id"]))
        cells = ["" if line[column] is None else str(line[column]) for column in columns]
        writer.writerow([spreadsheet_text(cell) for cell in (*cells, name)])
    return out.getvalue().encode()


def _evidence(teller: PlanTeller, known: "KnownPlan") -> bytes:
    """Return the plan with everything that was said about it, and the partner's signatures."""
    kept = teller.own.plans.about(teller.partner.slug, known.plan.plan_id)
    said = [
        {
            "by": "partner" if each.role is not known.matches.role else "us",
            "came": each.came.isoformat(),
            "content": each.content.hex(),
            "header_and_signature": each.proof.hex() or None,
        }
        for each in kept
    ]
    card = teller.partner.card.digest.hex()
    found = plan_as_dict(known) | {"partner": teller.name, "partner_card": card, "said": said}
    return as_json_text(found).encode() + b"\n"
