"""From matched groups to the account map."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.canonical.prepared import Prepared
from accountmap.errors import UsageError
from accountmap.overlap.account_map import OVERLAP_SCHEMA, OWN_COLUMNS, WHITESPACE_SCHEMA, AccountMap
from accountmap.overlap.matched import matched_entities
from accountmap.overlap.matrix import Cell, segment_matrix
from accountmap.overlap.result import SessionResult
from accountmap.overlap.score import score
from accountmap.overlap.summary import data_notes, summarise
from accountmap.overlap.weights import STANDARD_WEIGHTS, Weights

Rows = npt.NDArray[np.int64]
"""Row numbers."""


def build_map(
    accounts: AccountList, prepared: Prepared, result: SessionResult, weights: Weights = STANDARD_WEIGHTS
) -> AccountMap:
    """Bring one side's list and its matches together.

    Args:
        accounts: the list that `prepared` was made from.
        prepared: the list that the session ran on.
        result: what the session told this side.
        weights: what the overlap is ranked by.

    Raises:
        UsageError: the three do not belong together.
    """
    entity = _entity_of_account(accounts, prepared)
    own = _own_columns(accounts, prepared.entities.take(pa.array(entity)))
    matches = matched_entities(prepared, result)
    match_of_entity = np.full(prepared.entities.num_rows, -1, np.int64)
    match_of_entity[matches["entity"].to_numpy()] = np.arange(matches.num_rows)
    match = match_of_entity[entity]

    overlap = _ranked_overlap(own.filter(pa.array(match >= 0)), matches, match[match >= 0], weights)
    whitespace = _whitespace(own.filter(pa.array(match < 0)), set(result.preview))
    matrix = segment_matrix(overlap, result.preview)
    summary = summarise(overlap, whitespace, matrix, result.partner_sizes)
    return AccountMap(
        session_id=result.session_id,
        own_name=result.own_name,
        partner_name=result.partner_name,
        finished=result.finished,
        receipt=result.receipt,
        reveals=result.reveals,
        overlap=overlap,
        whitespace=whitespace,
        matrix=matrix,
        summary=summary,
        weights=weights,
        notes=accounts.notes + data_notes(overlap, matrix, summary),
    )


def _entity_of_account(accounts: AccountList, prepared: Prepared) -> Rows:
    members = prepared.members
    at = pc.index_in(accounts.table["account_id"], value_set=members["account_id"])
    if at.null_count or members.num_rows != len(accounts):
        raise UsageError(
            "The prepared list was made from another account list.",
            "Use the account list that the session ran on.",
        )
    entity: Rows = members["entity"].take(at).to_numpy().astype(np.int64)
    return entity


def _own_columns(accounts: AccountList, entities: pa.Table) -> pa.Table:
    """Put the reported columns of each account beside its entity's id and segment."""
    own = accounts.table
    amount = own["amount"]
    columns = {name: own[name] for name in OWN_COLUMNS} | {
        "account_id": own["account_id"],
        "account_segment": own["segment"],
        "entity_id": entities["entity_id"],
        "segment": entities["segment"],
        # One infinite or undefined amount would make useless every sum that it enters.
        "amount": pc.if_else(pc.is_finite(amount), amount, pa.scalar(None, pa.float64())),
    }
    return pa.table(columns)


def _ranked_overlap(own: pa.Table, matches: pa.Table, match: Rows, weights: Weights) -> pa.Table:
    """Put each account's match beside it and rank by score: the accounts of one entity stay together.

    Args:
        own: the accounts of matched entities.
        matches: as from `matched_entities`.
        match: for each account, the row of its match.
    """
    of_account = matches.take(pa.array(match))
    amount = own["amount"].fill_null(0.0).to_numpy()
    entity_amount = np.bincount(match, weights=amount, minlength=matches.num_rows).astype(np.float64)
    scores = score(matches["cell"].to_numpy(), entity_amount, matches["tier_rank"].to_numpy(), weights)
    table = pa.table(
        {
            **dict(zip(own.column_names, own.columns, strict=True)),
            **dict(zip(of_account.column_names, of_account.columns, strict=True)),
            **{name: points[match] for name, points in scores.items()},
            "entity_amount": entity_amount[match],
            "change": pa.nulls(own.num_rows, pa.string()),
        }
    )
    ranked = table.sort_by(
        [
            ("score", "descending"),
            ("entity_amount", "descending"),
            ("entity_id", "ascending"),
            ("amount", "descending"),
            ("account_id", "ascending"),
        ]
    )
    return ranked.select(OVERLAP_SCHEMA.names).cast(OVERLAP_SCHEMA)


def _whitespace(own: pa.Table, compared: set[Cell]) -> pa.Table:
    """Order the accounts of unmatched entities, and say what each was compared with."""
    strength = pc.index_in(own["segment"], value_set=pa.array(SEGMENTS))
    with_whom = ["+".join(theirs for theirs in SEGMENTS if (mine, theirs) in compared) for mine in SEGMENTS]
    table = own.append_column("strength", strength).append_column(
        "compared_with", pa.chunked_array([pa.array(with_whom)]).take(strength)
    )
    ordered = table.sort_by([("strength", "ascending"), ("amount", "descending"), ("account_id", "ascending")])
    return ordered.select(WHITESPACE_SCHEMA.names).cast(WHITESPACE_SCHEMA)
