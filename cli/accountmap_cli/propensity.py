"""`accountmap propensity`: how likely accounts are to buy, learned from the outcomes of your own deals."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from accountmap.errors import InputError
from accountmap_cli.context import Progress, existing_file, partner_option, workspace
from accountmap_cli.output import emit, emit_csv, emit_json, say, table

if TYPE_CHECKING:
    from accountmap.propensity import Trained

_RULES: Final = "influence.toml"


@click.group()
def propensity() -> None:
    """Say how likely each account is to buy what you offer with a partner, judging by your own deals.

    Nothing leaves this machine.
    """


@propensity.command()
@partner_option()
@click.option(
    "--within",
    "horizon_days",
    type=click.IntRange(1, 3_650),
    default=180,
    show_default=True,
    help="Days from the creation of a deal within which it is to be won.",
)
@click.option(
    "--touched",
    is_flag=True,
    help="Learn only from deals that this partner touched early, by the rule's landmark_days.",
)
@click.option(
    "--rules", "rules_file", type=existing_file(), help="The rule for touches. [default: influence.toml]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def train(
    context: click.Context,
    partner: str,
    horizon_days: int,
    touched: bool,
    rules_file: Path | None,
    as_json: bool,
) -> None:
    """Learn from your prepared deals, test on the later months, and keep the model. Needs accountmap[models].

    Every deal counts as an offer that was made. The model sees the account's country, industry and size, what
    became of earlier deals with it, and the partner's segment for it: each as known before the deal was created.
    It is used in reports only if it was better than the base rate in months that it had not seen.

    \b
    Examples:
      accountmap propensity train --with globex
      accountmap propensity train --with globex --within 90 --touched
    """
    from accountmap.session.qualification import train_propensity

    with workspace(context) as own:
        standard = own.folder / _RULES
        rules = rules_file or (standard if standard.is_file() else None)
        now = datetime.now(UTC)
        found = train_propensity(
            own,
            partner,
            now,
            horizon_days=horizon_days,
            touched=touched,
            rules=rules,
            progress=Progress("learning"),
        )
        name = own.partner(partner).card.name
    _show(found, name, now, as_json=as_json)
    if not as_json and found.is_better:
        say(f"\nReports use it from now on: accountmap report build --with {partner}")


@propensity.command()
@partner_option()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(context: click.Context, partner: str, as_json: bool) -> None:
    """Show how good the model was in months that it had not seen, and what raises or lowers its odds.

    \b
    Example:
      accountmap propensity show --with globex
    """
    from accountmap.session.qualification import load_propensity

    with workspace(context) as own:
        record = own.partner(partner)
        kept = load_propensity(own, record)
    if kept is None:
        raise InputError(
            "There is no model for this partner.",
            f"Make one with: accountmap propensity train --with {record.slug}",
        )
    _show(kept.trained, record.card.name, kept.made, as_json=as_json)


@propensity.command()
@partner_option()
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="CSV file to write.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def apply(context: click.Context, partner: str, output: Path | None, as_json: bool) -> None:
    """List how likely each of your accounts is to buy, the most likely first, with the reasons.

    \b
    Examples:
      accountmap propensity apply --with globex
      accountmap propensity apply --with globex -o likely.csv
    """
    from accountmap.files import write_atomic
    from accountmap.report.files import to_csv
    from accountmap.session.qualification import likelihood

    with workspace(context) as own:
        found = likelihood(own, partner).sort_by([("probability", "descending"), ("account_id", "ascending")])
    if as_json:
        emit_json(found.to_pylist())
    elif output:
        write_atomic(output, to_csv(found))
        emit(str(output))
    else:
        emit_csv(b"".join(to_csv(found)))


def _show(found: "Trained", partner: str, made: datetime, *, as_json: bool) -> None:
    if as_json:
        emit_json({"made": made, "partner": partner, "is_better": found.is_better, **found.to_json()})
        return
    emit(
        f"Made on {made:%Y-%m-%d} from {found.deals:,} deals created from {found.since} to {found.until}, "
        f"{found.won:,} of them won within {found.horizon_days} days."
    )
    emit(
        f"Tested on {found.tested:,} deals created from {found.tested_from} on, {found.tested_won:,} of them won, "
        f"with a model learned from {found.trained:,} earlier ones, {found.trained_won:,} of them won.\n"
    )
    emit(
        table(["model", "measure", "value", "less than base rate", "90 of 100"], [*map(_measure, found.measures)])
    )
    emit("\nPredicted and seen, by groups of these deals:\n")
    emit(table(["deals", "predicted", "won", "90 of 100"], [*map(_reliability, found.reliability)]))
    emit("\nWhat raises or lowers the odds most:\n")
    emit(table(["", "odds"], _strongest(found, partner)))
    emit("")
    for sentence in _judged(found, partner):
        emit(sentence)


def _measure(each: Any) -> list[str]:
    interval = f"{each.at_least:+.4f} to {each.at_most:+.4f}"
    return [each.model, each.measure, f"{each.value:.4f}", f"{each.less_than_base:+.4f}", interval]


def _reliability(each: Any) -> list[object]:
    interval = f"{each.at_least:.1%} to {each.at_most:.1%}"
    return [each.deals, f"{each.predicted:.1%}", f"{each.won / each.deals:.1%}", interval]


_LINES: Final = 12
_LEAST: Final = 0.05
"""The fewest points, roughly the relative change of the odds, for which a level is listed."""


def _strongest(found: "Trained", partner: str) -> list[list[str]]:
    from accountmap.propensity.model import factor, level_in_words

    rows = [
        (points, level_in_words(feature, level, partner))
        for feature, levels in found.model.points.items()
        for level, points in levels.items()
        if abs(points) >= _LEAST
    ]
    return [[words, factor(points).removeprefix("odds ")] for points, words in sorted(rows, key=_size)[:_LINES]]


def _size(row: tuple[float, str]) -> tuple[float, str]:
    return -abs(row[0]), row[1]


def _judged(found: "Trained", partner: str) -> list[str]:
    said = [
        "It was better than the base rate in months that it had not seen."
        if found.is_better
        else "It was no better than the base rate in months that it had not seen, so no report uses it."
    ]
    if found.is_off:
        said.append("Its probabilities are off: use them to rank accounts, not as chances.")
    if found.described_later:
        said.append(
            f"For {found.described_later:,} deals, country, industry and size come from a list that was prepared "
            "later: there is no older one."
        )
    if not found.placed:
        said.append(
            f"No deal was created after a session with {partner}, so nothing is learned from what {partner} has."
        )
    if found.without_account:
        said.append(f"{found.without_account:,} deals have no account on your list, and were left out.")
    said.append("A probability is not a cause: it does not say that the partner makes the difference.")
    return said
