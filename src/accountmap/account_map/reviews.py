"""What the user decided about matches, the CSV file of these decisions, and answers about possible matches.

Match ids are new in every session, so a decision is about an own account and the evidence that its match had. A
match that comes back with other evidence is in doubt again: a rejected one if it has more, a kept one if it has
less.
"""

import csv
import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.matches import described, with_accounts
from accountmap.account_map.own_accounts import OwnAccounts, Rows, first_of_each
from accountmap.account_map.schema import POSSIBLE_SCHEMA, SHARED_COLUMNS, SessionResult
from accountmap.errors import InputError
from accountmap.linkage.prepared import Prepared

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

REVIEW_SCHEMA: Final = pa.schema(
    [
        pa.field(name, pa.string())
        for name in (
            *REVIEW_COLUMNS,
            "doubt",
            "name",
            "their_name",
            "domain",
            "website",
            "their_website",
            "country",
            "their_country",
            "owner_name",
            "match_id",
        )
    ]
)
"""One row per match in doubt: the columns of a review, with the decision blank, and what to judge it by."""


def matches_to_review(in_doubt: pa.Table) -> pa.Table:
    """Return REVIEW_SCHEMA; each match is named by its first account.

    Args:
        in_doubt: those rows of the overlap.
    """
    rows = in_doubt.take(pa.array(first_of_each(in_doubt["match_id"])))
    table = rows.append_column("decision", pa.nulls(rows.num_rows, pa.string()))
    return table.select(REVIEW_SCHEMA.names).cast(REVIEW_SCHEMA)


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
        text: of the file; other columns are ignored.

    Returns:
        The decisions, and the subjects of those that are taken back.

    Raises:
        InputError: it is not of this form, or contradicts itself about a match.
    """
    separator = max(",;\t", key=text.partition("\n")[0].count)  # Excel uses the separator of its language
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True, delimiter=separator)
    decided: dict[tuple[str, str, str], MatchDecision | None] = {}
    try:
        if not set(REVIEW_COLUMNS) <= set(reader.fieldnames or ()):
            raise InputError("The review lacks a column.", _HINT)
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


ASKED: Final = "asked"
TO_ANSWER: Final = "to answer"
SAME: Final = "same"
NO: Final = "no"


@dataclass(frozen=True)
class MatchAnswer:
    """What became of a question about a possible match.

    Match ids are new in every session, so an answer holds for its match, and in other sessions for a possible
    match of the same own account: a partner is asked about an account only once.

    Attributes:
        match_id: of the match that the question was about, in hex.
        account_id: of the own account that it was about.
        answer: ASKED (by us, not answered yet), TO_ANSWER (asked by the partner), SAME or NO.
        fields: with SAME, what the partner showed of its account, named as in SHARED_COLUMNS. Text from outside.
        evidence: the match's evidence at the time, joined by "+", or empty if it is not known.
    """

    match_id: str
    account_id: str
    answer: str
    fields: Mapping[str, str | None] = field(default_factory=dict)
    evidence: str = ""

    def holds(self, match_id: str, evidence: frozenset[str]) -> bool:
        """Return whether it holds for a match: *same* if no evidence is missing, *no* if none is new."""
        if match_id == self.match_id or not self.evidence:
            return True
        seen = frozenset(self.evidence.split("+"))
        return seen <= evidence if self.answer == SAME else evidence <= seen


def were_denied(possible: pa.Table) -> pa.ChunkedArray:
    """Mark the possible matches that were answered *no*."""
    return pc.equal(possible["answer"], NO).fill_null(False)


def find_answers(
    own: OwnAccounts, possible: pa.Table, answers: Collection[MatchAnswer]
) -> list[MatchAnswer | None]:
    """Find the answer that holds for each possible match: *same* before all others, then the last one given.

    Args:
        possible: MATCH_SCHEMA.
    """
    found: list[MatchAnswer | None] = [None] * possible.num_rows
    if not answers:
        return found
    ids = pa.array([answer.account_id for answer in answers], pa.string())
    at = pc.index_in(ids, value_set=own.table["account_id"].combine_chunks()).to_pylist()
    of_entity: dict[int, list[MatchAnswer]] = {}
    for answer, account in zip(answers, at, strict=True):
        if account is not None:
            of_entity.setdefault(int(own.entity[account]), []).append(answer)
    for row, match in enumerate(possible.select(["entity", "match_id", "evidence"]).to_pylist()):
        for answer in of_entity.get(match["entity"], ()):
            given = found[row]
            if answer.holds(match["match_id"], frozenset(match["evidence"])):
                found[row] = given if given and given.answer == SAME else answer
    return found


def move_confirmed(result: SessionResult, answers: list[MatchAnswer | None]) -> SessionResult:
    """Move the possible matches that a person called the same company to the matches.

    Args:
        answers: as from `find_answers`, for `result.possible`.
    """
    same: npt.NDArray[np.bool_] = np.array(
        [answer is not None and answer.answer == SAME for answer in answers], bool
    )
    if not same.any():
        return result
    shown = [dict(answer.fields) for answer in answers if answer is not None and answer.answer == SAME]
    names = [
        name
        for name in SHARED_COLUMNS
        if name in result.their_fields.column_names or any(name in fields for fields in shown)
    ]
    blank = pa.nulls(result.matches.num_rows, pa.string())
    columns = {
        name: pa.chunked_array(
            [
                *(result.their_fields[name].chunks if name in result.their_fields.column_names else [blank]),
                pa.array([fields.get(name) for fields in shown], pa.string()),
            ],
            pa.string(),
        )
        for name in names
    }
    return replace(
        result,
        matches=pa.concat_tables([result.matches, result.possible.filter(pa.array(same))]),
        their_fields=pa.table(columns),
        possible=result.possible.filter(pa.array(~same)),
    )


def possible_matches(
    own: OwnAccounts, prepared: Prepared, result: SessionResult, answers: list[MatchAnswer | None]
) -> pa.Table:
    """List the possible matches, the best evidence first.

    Args:
        result: without those that were confirmed.
        answers: for `result.possible`, row for row.

    Returns:
        POSSIBLE_SCHEMA.

    Raises:
        UsageError: the possible matches do not fit the prepared list or the session's cells.
    """
    matches = described(result.possible, prepared, result)
    said = pa.array([answer and answer.answer for answer in answers], pa.string())
    table = with_accounts(own, matches.append_column("answer", said))
    ordered = table.sort_by(
        [
            ("match_score", "descending"),
            ("amount", "descending"),
            ("match_id", "ascending"),
            ("account_id", "ascending"),
        ]
    )
    return ordered.select(POSSIBLE_SCHEMA.names).cast(POSSIBLE_SCHEMA)
