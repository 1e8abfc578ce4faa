"""What a workspace knows about each partner, read for the portfolio."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map import MatchAnswer, MatchDecision
from accountmap.account_map.matches import matched_entities, with_accounts
from accountmap.account_map.own_accounts import OwnAccounts, own_accounts
from accountmap.account_map.reviews import REJECTED, find_answers, move_confirmed, review_matches
from accountmap.errors import UsageError, WorkspaceError
from accountmap.linkage.prepared import Prepared
from accountmap.model import Answer, Leader, Step
from accountmap.portfolio import (
    INTRODUCE,
    LINK_SCHEMA,
    PREVIEW_SCHEMA,
    QUESTION,
    THEM,
    US,
    Exchange,
    Mapping,
    PartnerFacts,
    Portfolio,
    build_portfolio,
    read_tiers,
)
from accountmap.session.co_selling import load_co_selling
from accountmap.session.questions import finished_sessions, load_answers
from accountmap.workspace import PartnerRecord, SessionRecord, Workspace
from accountmap.workspace.user_files import OWN, load_ideal, load_profile, load_reviews, load_round

_PLAIN_SKETCH = 1
"""The level of an estimate that counts companies on the partner's list whatever their segment there."""


def read_portfolio(workspace: Workspace, *, tiers: str | PathLike[str] | None = None) -> Portfolio:
    """Build the portfolio: all partners of a workspace, compared with the list that was prepared last.

    For each partner the last finished session counts, without the matches that the user has rejected, and with
    those that somebody has answered *same*; for a partner without a session, the estimates of the last preview.
    The result is for our own company alone: no partner may learn from it what another one has.

    Args:
        tiers: TOML file with the user's rule for tiers (docs/portfolio.md).

    Raises:
        WorkspaceError: no list is prepared, or something in the workspace cannot be read.
        InputError: the rule for tiers is not usable.
    """
    return portfolio_of(workspace, workspace.partners(), tiers=tiers)


def portfolio_of(
    workspace: Workspace, partners: Sequence[PartnerRecord], *, tiers: str | PathLike[str] | None = None
) -> Portfolio:
    """Build the portfolio of some partners, as if there were no others.

    Args:
        tiers: as for `read_portfolio`, which also says what is raised.
    """
    rules = read_tiers(Path(tiers)) if tiers is not None else ()
    current = workspace.current_list()
    accounts, prepared = workspace.load_list(current.id)
    lists = _Lists(workspace)
    facts = [_facts(workspace, lists, partner) for partner in _by_list(workspace, partners)]
    return build_portfolio(
        workspace.card.name,
        datetime.now(UTC),
        accounts,
        prepared,
        facts,
        ideal=load_ideal(workspace, OWN),
        tiers=rules,
    )


def _by_list(workspace: Workspace, partners: Sequence[PartnerRecord]) -> list[PartnerRecord]:
    """Order partners by the list of their last session, newest first, so that each list is read once."""

    def number(partner: PartnerRecord) -> int:
        last = finished_sessions(workspace, partner)[:1]
        return -last[0].list_id if last else 0

    return sorted(partners, key=number)


class _Lists:
    """The own lists of sessions, each read once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._loaded: tuple[int, OwnAccounts, Prepared] | None = None
        self._entity_ids: dict[int, pa.Array] = {}

    def whole(self, number: int) -> tuple[OwnAccounts, Prepared]:
        """Return a list with its entities. Only the last one stays in memory."""
        if self._loaded is None or self._loaded[0] != number:
            accounts, prepared = self._workspace.load_list(number)
            self._loaded = number, own_accounts(accounts, prepared), prepared
        return self._loaded[1:]

    def entity_ids(self, number: int) -> pa.Array:
        """Return the ids of a list's entities."""
        if number not in self._entity_ids:
            self._entity_ids[number] = self._workspace.entities(number)["entity_id"].combine_chunks()
        return self._entity_ids[number]


def _facts(workspace: Workspace, lists: _Lists, partner: PartnerRecord) -> PartnerFacts:
    sessions = finished_sessions(workspace, partner)
    decisions = load_reviews(workspace, partner.slug)
    answers = load_answers(workspace, partner)
    links, mappings = LINK_SCHEMA.empty_table(), list[Mapping]()
    if sessions:
        links = _links(workspace, lists, sessions[0], decisions, answers)
        mappings = _mappings(workspace, lists, sessions, links, judged=bool(decisions or answers))
    return PartnerFacts(
        slug=partner.slug,
        name=partner.card.name,
        profile=load_profile(workspace, partner.slug),
        links=links.select(LINK_SCHEMA.names).cast(LINK_SCHEMA),
        mappings=tuple(mappings),
        preview=_preview(workspace, partner.slug),
        exchanges=read_exchanges(workspace, partner),
        assessment=load_round(workspace, partner.slug).last,
    )


def _links(
    workspace: Workspace,
    lists: _Lists,
    session: SessionRecord,
    decisions: tuple[MatchDecision, ...],
    answers: tuple[MatchAnswer, ...],
) -> pa.Table:
    """Return the matches of a session with our accounts: LINK_SCHEMA and the entity's id."""
    own, prepared = lists.whole(session.list_id)
    result = workspace.result(session)
    result = move_confirmed(result, find_answers(own, result.possible, answers))
    matches = matched_entities(prepared, result)
    review = review_matches(matches, decisions, own.table["account_id"], own.entity)
    kept = matches.filter(pc.invert(pc.equal(review, REJECTED).fill_null(False)))
    return with_accounts(own, kept).select([*LINK_SCHEMA.names, "entity_id"])


def _mappings(
    workspace: Workspace, lists: _Lists, sessions: Sequence[SessionRecord], links: pa.Table, *, judged: bool
) -> list[Mapping]:
    """Return what each session found, oldest first.

    Args:
        sessions: newest first.
        links: of the newest.
        judged: whether people decided about matches: those rejected now then do not count in earlier sessions.
    """
    rejected = _not_linked(workspace, lists, sessions[0], links) if judged else None
    found = [Mapping(_end(sessions[0]), links["entity_id"].unique())]
    for session in sessions[1:]:
        # What cannot be read any more shortens the history, but does not stop the portfolio.
        with suppress(WorkspaceError, UsageError):
            ids = lists.entity_ids(session.list_id).take(workspace.matches(session)["entity"].unique())
            if rejected is not None:
                ids = ids.filter(pc.invert(pc.is_in(ids, value_set=rejected)))
            if _end(session) < found[-1].finished:  # the clock may have been set back in between
                found.append(Mapping(_end(session), ids))
    return found[::-1]


def _not_linked(workspace: Workspace, lists: _Lists, session: SessionRecord, links: pa.Table) -> pa.Array:
    """Return the ids of the companies that a session revealed and that are not linked: a person rejected them."""
    revealed = lists.entity_ids(session.list_id).take(workspace.matches(session)["entity"].unique())
    return revealed.filter(pc.invert(pc.is_in(revealed, value_set=links["entity_id"].combine_chunks())))


def _end(session: SessionRecord) -> datetime:
    return session.finished or session.created


def _preview(workspace: Workspace, slug: str) -> pa.Table:
    rows = [
        {
            "segment": each.segment or None,
            "entities": each.own_values,
            "estimate": each.estimate,
            "at_least": each.low,
            "at_most": each.high,
            "amount": each.amount,
            "currency": each.currency,
            "made": each.made,
        }
        for each in workspace.estimates.latest(slug)
        if each.level == _PLAIN_SKETCH
    ]
    return pa.Table.from_pylist(rows, schema=PREVIEW_SCHEMA)


def read_exchanges(workspace: Workspace, partner: PartnerRecord) -> tuple[Exchange, ...]:
    """Return what a partner was asked and asked us: questions about possible matches, and introductions.

    Questions that are not shown to people are left out.
    """
    questions = (
        Exchange(
            match_id=question.match_id.hex(),
            kind=QUESTION,
            ours=question.ours,
            asked=question.asked,
            answered=question.answered if question.answer is not Answer.OPEN else None,
        )
        for question in workspace.conversations.questions(partner.slug)
        if question.shown
    )
    introductions = (
        Exchange(
            match_id=each.match_id,
            kind=INTRODUCE,
            ours=each.ours,
            asked=each.opened,
            answered=each.answered,
            made_by=(THEM if each.seeker is Leader.ME else US) if each.at(Step.MADE) else "",
        )
        for each in load_co_selling(workspace, partner).introductions
    )
    return (*questions, *introductions)
