"""From a session's matches to the account map."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.conflicts import conflicts, leads
from accountmap.account_map.matches import matched_entities, ranked_overlap, with_accounts
from accountmap.account_map.model import AccountMap
from accountmap.account_map.own_accounts import OwnAccounts, own_accounts, to_count
from accountmap.account_map.plays import budget, campaign, segment_matrix
from accountmap.account_map.qualification import (
    NOTHING,
    Qualifiers,
    qualification,
    qualified_shares,
    their_segments,
)
from accountmap.account_map.reviews import (
    CONFIRMED,
    REJECTED,
    SAME,
    MatchAnswer,
    MatchDecision,
    find_answers,
    move_confirmed,
    possible_matches,
    review_matches,
    were_denied,
)
from accountmap.account_map.schema import SessionResult
from accountmap.account_map.scoring import (
    STANDARD_WEIGHTS,
    Points,
    Weights,
    amount_share,
    deal_shares,
    evidence_share,
    play_share,
    score,
)
from accountmap.account_map.summary import Summary, summarise
from accountmap.account_map.whitespace import coverage, theirs_without_me, whitespace
from accountmap.accounts.schema import AccountList
from accountmap.linkage.prepared import Prepared


def build_map(
    accounts: AccountList,
    prepared: Prepared,
    result: SessionResult,
    weights: Weights = STANDARD_WEIGHTS,
    decisions: Iterable[MatchDecision] = (),
    answers: Iterable[MatchAnswer] = (),
    qualifiers: Qualifiers = NOTHING,
) -> AccountMap:
    """Bring one side's list and its matches together.

    Args:
        accounts: the list that `prepared` was made from.
        prepared: the list that the session ran on.
        result: what the session told this side.
        weights: what the overlap is ranked by.
        decisions: matches that the user keeps or rejects; rejected ones are left out of everything but a note.
        answers: what became of questions about possible matches; *same* moves one to the overlap.
        qualifiers: the model and the profiles by which accounts are qualified.

    Raises:
        UsageError: list, prepared list and result do not belong together.
    """
    own = own_accounts(accounts, prepared)
    found = find_answers(own, result.possible, tuple(answers))
    moved = move_confirmed(result, found)
    possible = possible_matches(
        own, prepared, moved, [each for each in found if each is None or each.answer != SAME]
    )
    every = _described_matches(own, prepared, moved, decisions, result.matches.num_rows)
    rejected = pc.equal(every["review"], REJECTED).fill_null(False)
    matches = every.filter(pc.invert(rejected))
    unmatched = whitespace(own, matches, every.filter(rejected), possible, result)
    likelihood = None
    if qualifiers.likelihood is not None:
        shared = with_accounts(own, matches)
        likelihood = qualifiers.likelihood(their_segments(own.table["account_id"], shared, unmatched))
    shares = _shares(own, matches, result, weights)
    entity = matches["entity"].to_numpy()
    qualified = qualified_shares(own, qualifiers, likelihood, np.unique(entity))
    shares |= {part: share[entity] for part, share in qualified.items()}
    overlap = ranked_overlap(own, matches, score(shares, weights))
    undecided = possible.filter(pc.invert(were_denied(possible)))
    waiting = _waiting(undecided, overlap)
    summed, left = (to_count(table, own.currency) for table in (overlap, unmatched))
    matrix = segment_matrix(summed, undecided, result)
    marketing = campaign(overlap)
    summary = summarise(summed, waiting, left, matrix, result)
    return AccountMap(
        session_id=result.session_id,
        own_name=result.own_name,
        partner_name=result.partner_name,
        finished=result.finished,
        receipt=result.receipt,
        reveals=result.reveals,
        shown_fields=result.shown_fields,
        rules=result.rules,
        estimates=result.estimates,
        overlap=overlap,
        possible=possible,
        currency=own.currency,
        weights=weights,
        score_parts=tuple(shares),
        whitespace=unmatched,
        theirs_without_me=None if result.totals is None else theirs_without_me(overlap, result),
        matrix=matrix,
        conflicts=conflicts(overlap, result.rules),
        campaign=marketing,
        budget=budget(marketing, overlap),
        qualification=qualification(own, overlap, qualifiers, likelihood),
        coverage=coverage(summed, waiting, left),
        summary=summary,
        notes=accounts.notes
        + qualifiers.notes
        + data_notes(prepared, overlap, own.currency, summary, int(pc.sum(rejected).as_py() or 0)),
    )


def _waiting(undecided: pa.Table, overlap: pa.Table) -> pa.Table:
    """Keep the possible matches of entities that may be shared but are not known to be."""
    shared = pc.is_in(undecided["entity_id"], value_set=overlap["entity_id"].combine_chunks())
    return undecided.filter(pc.invert(shared))


def _described_matches(
    own: OwnAccounts,
    prepared: Prepared,
    result: SessionResult,
    decisions: Iterable[MatchDecision],
    revealed: int,
) -> pa.Table:
    """Add to the matches who leads, and what people decided.

    Args:
        revealed: how many the session revealed; those after it were confirmed by an answer.
    """
    matches = matched_entities(prepared, result)
    territory = pa.chunked_array([own.territory]).take(matches["entity"])
    confirmed = pa.array([None] * revealed + [CONFIRMED] * (matches.num_rows - revealed), pa.string())
    review = review_matches(matches, tuple(decisions), own.table["account_id"], own.entity)
    return matches.append_column(
        "lead", leads(result.rules, matches["segment"], matches["their_segment"], territory)
    ).append_column("review", pc.coalesce(review, confirmed))


def _shares(own: OwnAccounts, matches: pa.Table, result: SessionResult, weights: Weights) -> dict[str, Points]:
    """Return the share of each part's points that each match gets."""
    entity = matches["entity"].to_numpy()
    matched, of_match = np.unique(entity, return_inverse=True)
    shared = np.isin(own.entity, matched)
    of_entities = deal_shares(
        own.table.filter(pa.array(shared)),
        own.entity[shared],
        len(own.amount),
        result.finished.date(),
        weights,
    )
    return {
        "play": play_share(matches["cell"].to_numpy(), weights),
        "amount": amount_share(own.amount[matched], own.amount_currency[matched])[of_match],
        **{part: share[entity] for part, share in of_entities.items()},
        "evidence": evidence_share(matches["match_score"].to_numpy()),
    }


def data_notes(
    prepared: Prepared, overlap: pa.Table, currency: str, summary: Summary, rejected: int
) -> tuple[str, ...]:
    """Say what a reader should know about the data, one thing in each sentence.

    Args:
        rejected: how many matches the user's decisions leave out.
    """
    return (
        *_of_accounts(overlap, currency, summary),
        *_of_matches(prepared, summary, rejected),
    )


def _of_accounts(overlap: pa.Table, currency: str, summary: Summary) -> Iterator[str]:
    further = summary.listed.accounts - summary.listed.entities
    if further:
        yield (
            f"{further:,} of your accounts are further rows of companies that are already on your list; "
            "all rows of a company count as one."
        )
    accounts = overlap.group_by("account_id").aggregate(
        [("account_segment", "min"), ("segment", "min"), ("amount", "max")]
    )
    raised = pc.sum(pc.not_equal(accounts["account_segment_min"], accounts["segment_min"])).as_py() or 0
    if raised:
        yield (
            f"{raised:,} of your shared accounts appear under a stronger segment than their own, "
            "because another account of the same company has it."
        )
    blank = accounts["amount_max"].null_count
    if 0 < blank < accounts.num_rows:
        yield f"{blank:,} of your shared accounts have no open amount; sums leave them out."
    apart = pc.and_(overlap["amount"].is_valid(), pc.not_equal(pc.fill_null(overlap["currency"], ""), currency))
    if others := pc.count_distinct(overlap["account_id"].filter(apart)).as_py():
        yield (
            f"{others:,} of your shared accounts have an open amount in a currency other than most: sums leave it "
            "out, and the score compares it only with amounts in its own currency."
        )


def _of_matches(prepared: Prepared, summary: Summary, rejected: int) -> Iterator[str]:
    if further := summary.matches - summary.overlap.entities:
        yield (
            f"{further:,} of the {summary.matches:,} matches are of companies that your partner lists in several "
            "segments and that have another match: totals count such a company once, cells count each match."
        )
    if rejected:
        yield (
            f"You rejected {rejected:,} of the matches: no count here includes them. "
            "Your partner's report still has them."
        )
    keyless = prepared.entities.num_rows - pc.count_distinct(prepared.keys["entity"]).as_py()
    if keyless and prepared.keys.num_rows:
        yield f"{keyless:,} of your companies have no match key, so they could not match anything."
