"""Possible matches: what may be asked about, and what became of the questions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.matches import described, with_accounts
from accountmap.account_map.own_accounts import OwnAccounts
from accountmap.account_map.schema import POSSIBLE_SCHEMA, SHARED_COLUMNS, SessionResult
from accountmap.linkage.prepared import Prepared

ASKED: Final = "asked"
TO_ANSWER: Final = "to answer"
SAME: Final = "same"
NO: Final = "no"


@dataclass(frozen=True)
class MatchAnswer:
    """What became of a question about a possible match.

    Match ids are new in every session, so an answer holds for its match, and in other sessions for a possible
    match of the same own account: one question is asked about an account and a partner, for ever.

    Attributes:
        match_id: hex, of the match that the question was about.
        account_id: the own account that it was about.
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
    table, _ = with_accounts(own, matches.append_column("answer", said))
    ordered = table.sort_by(
        [
            ("match_score", "descending"),
            ("amount", "descending"),
            ("match_id", "ascending"),
            ("account_id", "ascending"),
        ]
    )
    return ordered.select(POSSIBLE_SCHEMA.names).cast(POSSIBLE_SCHEMA)
