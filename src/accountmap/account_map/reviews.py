"""What the user decided about matches, and the CSV file in which the decisions are written down.

Match ids are new in every session, so a decision is about an own account and the evidence that its match had. A
match that comes back with other evidence is in doubt again: a rejected one if it has more, a kept one if it has
less.
"""

import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import Rows
from accountmap.errors import InputError

KEPT: Final = "kept"
REJECTED: Final = "rejected"
CONFIRMED: Final = "confirmed"
"""A person answered that the possible match is the same company."""


@dataclass(frozen=True, order=True)
class MatchDecision:
    """One decision.

    Attributes:
        account_id: any account of the own entity.
        evidence: the shared slots, joined by "+", as in the overlap.
        their_segment: which match is meant if the entity has several; otherwise it does not matter.
        keep: whether the match is kept; otherwise it is rejected.
    """

    account_id: str
    evidence: str
    their_segment: str
    keep: bool

    @property
    def subject(self) -> tuple[str, str, str]:
        """What the decision is about."""
        return self.account_id, self.evidence, self.their_segment

    def holds(self, evidence: frozenset[str]) -> bool:
        """Return whether it still holds for a match with this evidence."""
        seen = frozenset(self.evidence.split("+"))
        return seen <= evidence if self.keep else evidence <= seen


def review_matches(
    matches: pa.Table, decisions: Collection[MatchDecision], account_id: pa.ChunkedArray, entity_of_account: Rows
) -> pa.Array:
    """Return for each match KEPT, REJECTED, or null if no decision holds.

    Args:
        matches: as from `matched_entities`.
        account_id, entity_of_account: the own accounts, and the row of each one's entity.
    """
    if not decisions:
        return pa.nulls(matches.num_rows, pa.string())
    review = np.full(matches.num_rows, None, object)
    entity = matches["entity"].to_numpy()
    evidence = [frozenset(text.split("+")) for text in matches["evidence"].to_pylist()]
    their_segment = matches["their_segment"].to_pylist()
    rows_of_entity = _rows_by(entity)
    ordered = sorted(decisions)
    ids = pa.array([decision.account_id for decision in ordered], pa.string())
    at = pc.index_in(ids, value_set=account_id.combine_chunks()).to_pylist()
    for decision, account in zip(ordered, at, strict=True):
        rows = [] if account is None else rows_of_entity.get(int(entity_of_account[account]), [])
        for row in rows:
            apart = len(rows) > 1 and decision.their_segment not in ("", their_segment[row])
            if not apart and decision.holds(evidence[row]):
                review[row] = KEPT if decision.keep else REJECTED
    return pa.array(review, pa.string())


def _rows_by(entity: npt.NDArray[np.int32]) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {}
    for row, number in enumerate(entity.tolist()):
        rows.setdefault(number, []).append(row)
    return rows


REVIEW_COLUMNS: Final = ("account_id", "evidence", "their_segment", "decision")
_ANSWERS: Final = {"keep": True, "reject": False, "open": None, "": None}
_GUARDED: Final = re.compile(r"^'('*\s*[=+\-@＝＋－＠])")
"""Text that a report's tables protect with an apostrophe, so that no spreadsheet runs it (docs/reports.md)."""

_HINT: Final = f"Give a CSV file in UTF-8 with the columns {', '.join(REVIEW_COLUMNS)}: review.csv, for example."


def read_reviews(path: Path) -> tuple[tuple[MatchDecision, ...], frozenset[tuple[str, str, str]]]:
    """Read a file as `parse_reviews` does.

    Raises:
        InputError: it cannot be read, or is not of this form.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError("The review cannot be read.", _HINT) from None
    return parse_reviews(text)


def parse_reviews(text: str) -> tuple[tuple[MatchDecision, ...], frozenset[tuple[str, str, str]]]:
    """Read decisions: `keep`, `reject`, `open` to take one back, or blank to leave it as it is.

    Args:
        text: of the file; further columns are not read.

    Returns:
        The decisions, and the subjects of those that are taken back.

    Raises:
        InputError: it is not of this form, or contradicts itself about a match.
    """
    separator = max(",;\t", key=text.partition("\n")[0].count)  # Excel writes what its language uses
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True, delimiter=separator)
    decided: dict[tuple[str, str, str], MatchDecision | None] = {}
    try:
        if not set(REVIEW_COLUMNS) <= set(reader.fieldnames or ()):
            raise InputError("The review has other columns.", _HINT)
        for number, row in enumerate(reader, start=2):
            subject, answer = _read(number, row)
            if not answer:
                continue
            keep = _ANSWERS[answer]
            decision = None if keep is None else MatchDecision(*subject, keep)
            if decided.setdefault(subject, decision) != decision:
                raise InputError(
                    f"Row {number} contradicts an earlier row about the same match.", "Keep one of them."
                )
    except csv.Error:
        raise InputError("The review cannot be read.", _HINT) from None
    taken_back = frozenset(subject for subject, decision in decided.items() if decision is None)
    return tuple(sorted(decision for decision in decided.values() if decision)), taken_back


def _read(number: int, row: dict[str, str | None]) -> tuple[tuple[str, str, str], str]:
    account_id, evidence, their_segment, answer = ((row[name] or "").strip() for name in REVIEW_COLUMNS)
    if answer.lower() not in _ANSWERS or not account_id or not evidence:
        raise InputError(
            f"Row {number} of the review is not a decision.",
            "Leave account_id and evidence as they are, and write keep, reject or open as the decision.",
        )
    return (_GUARDED.sub(r"\1", account_id), evidence, their_segment), answer.lower()
