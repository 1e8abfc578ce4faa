"""What the user decided about pairs of accounts: the same company, or not.

Decisions are kept in a CSV file beside the list. It may hold pairs that are still open, with an empty answer, and
further columns to read them by.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from accountmap.errors import InputError

_COLUMNS: Final = ("account_id", "other_account_id", "same")
_ANSWERS: Final = {"yes": True, "no": False}


@dataclass(frozen=True, order=True)
class Decision:
    """Two accounts by id, the smaller id first, and whether they are the same company."""

    one: str
    other: str
    same: bool

    @classmethod
    def of(cls, one: str, other: str, *, same: bool) -> "Decision":
        """Decide about two accounts in either order."""
        return cls(min(one, other), max(one, other), same)


def read_decisions(path: Path) -> tuple[Decision, ...]:
    """Read decisions, sorted and each once; open pairs are left out.

    Raises:
        InputError: the file is missing or not of this form, or says both of one pair.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("The decisions cannot be read.", "Give a CSV file in UTF-8.") from error
    if not rows or tuple(rows[0][:3]) != _COLUMNS:
        raise InputError("The decisions have other columns.", f"Begin the file with: {','.join(_COLUMNS)}")
    found = (_decision(number, row) for number, row in enumerate(rows[1:], start=2))
    decisions = {decision for decision in found if decision}
    if len({(d.one, d.other) for d in decisions}) < len(decisions):
        raise InputError("The decisions say both yes and no of one pair.", "Keep one row for each pair.")
    return tuple(sorted(decisions))


def _decision(number: int, row: list[str]) -> Decision | None:
    one, other, answer = (*row, "", "", "")[:3]
    if not one or not other or one == other or answer not in ("", *_ANSWERS):
        raise InputError(
            f"Row {number} of the decisions is no decision.", "Give two different account ids, and yes or no."
        )
    return Decision.of(one, other, same=_ANSWERS[answer]) if answer else None


def write_decisions(path: Path, decisions: Iterable[Decision]) -> None:
    """Write decisions so that equal sets give equal files."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows((d.one, d.other, "yes" if d.same else "no") for d in sorted(set(decisions)))
