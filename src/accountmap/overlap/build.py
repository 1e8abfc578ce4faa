"""From matched groups to the account map."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import AccountList
from accountmap.canonical.prepared import Prepared
from accountmap.overlap.account_map import AccountMap
from accountmap.overlap.campaign import budget, campaign
from accountmap.overlap.conflicts import conflicts
from accountmap.overlap.coverage import coverage
from accountmap.overlap.doubts import doubts
from accountmap.overlap.engagement import leads
from accountmap.overlap.matched import matched_entities
from accountmap.overlap.matrix import segment_matrix
from accountmap.overlap.notes import data_notes
from accountmap.overlap.own_accounts import OwnAccounts, own_accounts
from accountmap.overlap.promise import promises
from accountmap.overlap.ranking import ranked_overlap
from accountmap.overlap.result import SessionResult
from accountmap.overlap.review import REJECTED, MatchDecision, review_matches
from accountmap.overlap.score import Points, amount_share, evidence_share, play_share
from accountmap.overlap.summary import summarise
from accountmap.overlap.weights import STANDARD_WEIGHTS, Weights
from accountmap.overlap.whitespace import whitespace


def build_map(
    accounts: AccountList,
    prepared: Prepared,
    result: SessionResult,
    weights: Weights = STANDARD_WEIGHTS,
    decisions: Iterable[MatchDecision] = (),
) -> AccountMap:
    """Bring one side's list and its matches together.

    Args:
        accounts: the list that `prepared` was made from.
        prepared: the list that the session ran on.
        result: what the session told this side.
        weights: what the overlap is ranked by.
        decisions: matches that the user keeps or rejects; the rejected ones are left out of all but a note.

    Raises:
        UsageError: the three do not belong together.
    """
    own = own_accounts(accounts, prepared)
    every = _described_matches(own, prepared, result, decisions)
    rejected = pc.equal(every["review"], REJECTED).fill_null(False)
    matches = every.filter(pc.invert(rejected))
    shares = _shares(own, matches, result, weights)
    overlap = ranked_overlap(own, matches, shares, weights)
    unmatched = whitespace(own, matches, every.filter(rejected), result)
    matrix = segment_matrix(overlap, result)
    marketing = campaign(overlap)
    summary = summarise(overlap, unmatched, matrix, result)
    return AccountMap(
        session_id=result.session_id,
        own_name=result.own_name,
        partner_name=result.partner_name,
        finished=result.finished,
        receipt=result.receipt,
        reveals=result.reveals,
        shown_fields=result.shown_fields,
        smallest_cell=result.smallest_cell,
        rules=result.rules,
        rest=result.rest,
        overlap=overlap,
        weights=weights,
        score_parts=tuple(shares),
        whitespace=unmatched,
        matrix=matrix,
        conflicts=conflicts(overlap, result.rules),
        campaign=marketing,
        budget=budget(marketing, overlap),
        coverage=coverage(overlap, unmatched),
        summary=summary,
        notes=accounts.notes + data_notes(prepared, overlap, matrix, summary, int(pc.sum(rejected).as_py() or 0)),
    )


def _described_matches(
    own: OwnAccounts, prepared: Prepared, result: SessionResult, decisions: Iterable[MatchDecision]
) -> pa.Table:
    """Add to the matches who leads, what is in doubt, and what the user decided."""
    matches = matched_entities(prepared, result)
    entity = matches["entity"]
    territory = pa.chunked_array([own.territory]).take(entity)
    added = {
        "lead": leads(result.rules, matches["segment"], matches["their_segment"], territory),
        "doubt": doubts(
            matches,
            pa.chunked_array([own.name]).take(entity),
            territory,
            pa.chunked_array([own.site]).take(entity),
        ),
        "review": review_matches(matches, tuple(decisions), own.table["account_id"], own.entity),
    }
    for name, column in added.items():
        matches = matches.append_column(name, column)
    return matches


def _shares(own: OwnAccounts, matches: pa.Table, result: SessionResult, weights: Weights) -> dict[str, Points]:
    """Give what part of each part's points the matches get."""
    entity = matches["entity"].to_numpy()
    matched = np.unique(entity)
    shared = np.isin(own.entity, matched)
    promised = promises(
        own.table.filter(pa.array(shared)),
        own.entity[shared],
        len(own.amount),
        result.finished.date(),
        weights,
    )
    return {
        "play": play_share(matches["cell"].to_numpy(), weights),
        "amount": amount_share(own.amount[entity], own.amount[matched]),
        **{part: share[entity] for part, share in promised.items()},
        "evidence": evidence_share(matches["tier_rank"].to_numpy()),
    }
