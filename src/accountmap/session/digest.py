"""The digest: what is new with each partner, and what waits for whom.

A session changes the overlap; questions, introductions, leads, deals and plans wait for a person on one side;
agreements end. All of it is counted here, over what the workspace holds; nothing is exchanged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from accountmap.account_map import AccountMap
from accountmap.account_map.co_selling import CoSelling
from accountmap.account_map.history import build_history
from accountmap.account_map.joint_plan import PlanState
from accountmap.errors import WorkspaceError
from accountmap.model import Answer, Leader
from accountmap.session.co_selling import load_co_selling
from accountmap.session.plans import KnownPlan, load_plans
from accountmap.session.questions import finished_sessions
from accountmap.workspace import PartnerRecord, SessionRecord, Status, Workspace
from accountmap.workspace.conversations import Question
from accountmap.workspace.database import AgreementRecord

SOON_DAYS: Final = 30
"""How many days before its end an agreement is said to end soon."""

NONE, PROPOSED, IN_FORCE, ENDS_SOON, ENDED = "none", "proposed", "in force", "ends soon", "ended"
"""The states of the agreement with a partner."""

ME, THEM = Leader.ME.value, Leader.THEM.value

_WAITS: Final = ("questions", "introductions", "leads", "deals", "plans")


@dataclass(frozen=True)
class Waiting:
    """What waits for a person.

    Attributes:
        what: "questions", "introductions", "leads", "deals" or "plans".
        for_you, for_them: how many. A deal that only an agreed lead can settle waits for both.
        since: when the oldest of those for you came, or None.
    """

    what: str
    for_you: int
    for_them: int
    since: datetime | None


@dataclass(frozen=True)
class AccountNews:
    """One of our accounts with news about it.

    Attributes:
        what: "new", "moved", "gone", "possible", or one of Waiting.what.
        account_id, name: of our account; the name is empty if the current list does not have it.
        detail: why it changed, or whom it waits for: "me" or "them"; may be empty.
    """

    what: str
    account_id: str = field(repr=False)
    name: str = field(repr=False)
    detail: str


@dataclass(frozen=True)
class PartnerDigest:
    """What is new with one partner, and what waits.

    Attributes:
        partner, slug: its name, and the short name used in commands.
        since: what happened from then on is new; None if everything is.
        mapped: when the last session ended, or None.
        overlap: shared companies by that session; None without one.
        new, moved, gone: companies, from the last session before `since` to the last one; all that are shared are
            new if there is no session to compare with.
        possible: companies with a possible match that nobody has asked about.
        waiting: one element for each of Waiting.what, in that order.
        received: steps of the partner that came since then, about introductions, leads and deals, and its notes.
        answers: the partner's answers to our questions since then.
        session_waits_for: "me" or "them" for a session that is not finished, else empty.
        session_since: since when it waits.
        agreement: NONE, PROPOSED, IN_FORCE, ENDS_SOON or ENDED; until: its last day.
        accounts: the accounts behind the counts if names are wanted, else empty.
    """

    partner: str
    slug: str
    since: datetime | None
    mapped: datetime | None
    overlap: int | None
    new: int
    moved: int
    gone: int
    possible: int
    waiting: tuple[Waiting, ...]
    received: int
    answers: int
    session_waits_for: str
    session_since: datetime | None
    agreement: str
    until: date | None
    accounts: tuple[AccountNews, ...]

    @property
    def has_news(self) -> bool:
        """Whether anything is new, waits for this side, or ends."""
        return (
            any((self.new, self.moved, self.gone, self.received, self.answers))
            or any(each.for_you for each in self.waiting)
            or self.session_waits_for == ME
            or self.agreement in (ENDS_SOON, ENDED)
        )


def partner_digest(
    workspace: Workspace,
    partner: PartnerRecord,
    maps: Sequence[AccountMap],
    since: datetime | None,
    now: datetime,
    names: Mapping[str, str] | None,
) -> PartnerDigest:
    """Sum up what is new with a partner.

    Args:
        maps: of the session to compare with, if there is one, and of the last one; empty before the first.
        since: what happened from then on is new; by default from the end of the session to compare with.
        names: names of our accounts by id, or None to name no account.
    """
    begin = since or (maps[0].finished if len(maps) > 1 else None)
    changes = _Changes.of(maps, since)
    said = load_co_selling(workspace, partner)
    questions = [each for each in workspace.conversations.questions(partner.slug) if each.shown]
    waits_for, session_since = _session(next(iter(workspace.sessions(partner)), None))
    agreement, until = _agreement(workspace.agreement_records(partner), now.date())
    latest = maps[-1] if maps else None
    return PartnerDigest(
        partner=partner.card.name,
        slug=partner.slug,
        since=begin,
        mapped=latest.finished if latest else None,
        overlap=latest.summary.overlap.entities if latest else None,
        **changes.counts,
        possible=_entities_to_ask_about(latest) if latest else 0,
        waiting=tuple(_waiting(_open_items(questions, said, load_plans(workspace, partner)))),
        received=_received(workspace, partner, begin),
        answers=sum(each.ours and _is_since(each.answered, begin) for each in questions),
        session_waits_for=waits_for,
        session_since=session_since,
        agreement=agreement,
        until=until,
        accounts=() if names is None else (*changes.rows, *_accounts(latest, questions, said, names)),
    )


def own_names(workspace: Workspace) -> dict[str, str]:
    """Return the names of the accounts of the current list, by id; none without a list."""
    try:
        accounts, _ = workspace.load_list(workspace.current_list().id)
    except WorkspaceError:
        return {}
    ids, names = (accounts.table[name].to_pylist() for name in ("account_id", "name"))
    return {key: name or "" for key, name in zip(ids, names, strict=True)}


@dataclass(frozen=True)
class _Changes:
    """From one session to another: how many companies, and the accounts."""

    counts: dict[str, int]
    rows: tuple[AccountNews, ...] = ()

    @classmethod
    def of(cls, maps: Sequence[AccountMap], since: datetime | None) -> "_Changes":
        if not maps or (since is not None and maps[-1].finished < since):
            return cls({"new": 0, "moved": 0, "gone": 0})
        if len(maps) == 1:
            overlap = maps[0].best_matches.select(["account_id", "name"]).to_pylist()
            rows = (_news("new", row, "first session") for row in overlap)
            return cls({"new": maps[0].summary.overlap.entities, "moved": 0, "gone": 0}, tuple(rows))
        history = build_history(maps)
        last = history.sessions.to_pylist()[-1]
        changes = history.changes.select(["change", "why", "account_id", "name"]).to_pylist()
        return cls(
            {name: last[name] for name in ("new", "moved", "gone")},
            tuple(_news(row["change"], row, row["why"]) for row in changes),
        )


def _news(what: str, row: Mapping[str, str | None], detail: str) -> AccountNews:
    return AccountNews(what, row["account_id"] or "", row["name"] or "", detail)


def _entities_to_ask_about(account_map: AccountMap) -> int:
    possible = account_map.possible
    return len(set(possible.filter(possible["answer"].is_null())["entity_id"].to_pylist()))


@dataclass(frozen=True)
class _Open:
    """One thing that waits: what, for whom, since when, about which own account."""

    what: str
    waits_for: tuple[str, ...]
    since: datetime
    account_id: str


def _open_items(questions: Sequence[Question], said: CoSelling, plans: Sequence[KnownPlan]) -> list[_Open]:
    found = [
        _Open("questions", (THEM if each.ours else ME,), each.asked, each.account_id)
        for each in questions
        if each.answer is Answer.OPEN
    ]
    for what, proposals in (("introductions", said.introductions), ("leads", said.leads)):
        found += [
            _Open(what, (each.waits_for.value,), each.steps[-1].known, each.account_id)
            for each in proposals
            if each.waits_for is not None
        ]
    undecided = {
        each.match_id: _Open("deals", (ME, THEM), each.came or each.registered, each.account_id)
        for each in said.deals
        if each.counts is None and each.decided is not None
    }
    planned = [_Open("plans", (each.waits_for.value,), _waits_since(each), "") for each in plans if each.waits_for]
    return [*found, *undecided.values(), *planned]


def _waits_since(known: KnownPlan) -> datetime:
    """Return since when a plan waits: if it runs, since its last entry, else since it came into its state."""
    return known.changed if known.plan.state is PlanState.RUNNING else known.since


def _waiting(items: Sequence[_Open]) -> Iterator[Waiting]:
    for what in _WAITS:
        mine = [each.since for each in items if each.what == what and ME in each.waits_for]
        theirs = sum(each.what == what and THEM in each.waits_for for each in items)
        yield Waiting(what, len(mine), theirs, min(mine, default=None))


def _accounts(
    latest: AccountMap | None, questions: Sequence[Question], said: CoSelling, names: Mapping[str, str]
) -> Iterator[AccountNews]:
    if latest is not None:
        possible = latest.possible.filter(latest.possible["answer"].is_null())
        for account_id in dict.fromkeys(possible["account_id"].to_pylist()):
            yield AccountNews("possible", account_id, names.get(account_id, ""), "")
    for each in _open_items(questions, said, ()):
        detail = ME if ME in each.waits_for else THEM
        yield AccountNews(each.what, each.account_id, names.get(each.account_id, ""), detail)


def _received(workspace: Workspace, partner: PartnerRecord, begin: datetime | None) -> int:
    roles = {record.id: record.role for record in finished_sessions(workspace, partner)}
    kept = workspace.match_entries.with_partner(partner.slug)
    return sum(each.entry.role != roles[each.session] and _is_since(each.entry.came, begin) for each in kept)


def _is_since(when: datetime | None, begin: datetime | None) -> bool:
    return when is not None and (begin is None or when >= begin)


def _session(record: SessionRecord | None) -> tuple[str, datetime | None]:
    """Return for whom a session waits, and since when; an empty text if it is over, or there is none."""
    if record is None or record.status is not Status.OPEN:
        return "", None
    return ME if record.waits_for_us else THEM, record.charged or record.created


def _agreement(records: Sequence[AgreementRecord], today: date) -> tuple[str, date | None]:
    """Return where the agreement is, and its last day.

    Args:
        records: newest first.
    """
    full = [each for each in records if not each.agreement.is_preview]
    signed = [each for each in full if each.agreement.complete]
    ends = [
        each.agreement.terms.valid_until
        for each in signed
        if each.ended is None and each.agreement.terms.valid_until >= today
    ]
    if ends:
        return ENDS_SOON if (ends[0] - today).days <= SOON_DAYS else IN_FORCE, ends[0]
    if full and full[0].ended is None and not full[0].agreement.complete:
        return PROPOSED, None
    if signed:
        ended = signed[0].ended.date() if signed[0].ended else signed[0].agreement.terms.valid_until
        return ENDED, min(ended, signed[0].agreement.terms.valid_until)
    return NONE, None
