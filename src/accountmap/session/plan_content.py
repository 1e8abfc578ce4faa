"""Entries about joint plans as bytes, and how they are read (conversation-v1 §7.1, §7.2)."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from accountmap.account_map.holdout import SEED_BYTES
from accountmap.account_map.joint_plan import (
    BOTH,
    Assigning,
    Changes,
    Content,
    Declining,
    JointPlan,
    NextStep,
    Opening,
    Owner,
    PlanEntry,
    PlanKind,
    PlanLine,
    PlanStep,
    PlanTerms,
    Progress,
    Reconciling,
    Signing,
    plan_id_of,
)
from accountmap.account_map.plan_results import LineReport
from accountmap.model import Result, Role
from accountmap.psi.codec import RefusalError, require
from accountmap.session.conversation_content import (
    NOTE_BYTES,
    Cursor,
    is_new_in_log,
    place_bytes,
    text_bytes,
)

PLAN_ID_BYTES: Final = 32
MOST_AMOUNT: Final = 10**18
"""In ten-thousandths of the currency."""

MOST_COUNT: Final = 65_535
"""The most steps, meetings or deals."""

_EPOCH: Final = date(1970, 1, 1)
_LAST_DAY: Final = (date.max - _EPOCH).days
_NOT_SAID: Final = (1 << 64) - 1
_NO_CURRENCY: Final = bytes(3)


def write_terms(terms: PlanTerms) -> bytes:
    """Write what is proposed; the plan's id is a digest of this."""
    return b"".join(
        (
            bytes([terms.kind]),
            text_bytes(terms.title),
            _day(terms.begins) + _day(terms.ends),
            terms.currency.encode() or _NO_CURRENCY,
            *(each.to_bytes(8, "big") for each in terms.budget),
            terms.holdout.to_bytes(2, "big") + terms.commitment,
            _counted(e.match_id + bytes([e.leads]) + _next(e) + text_bytes(e.owner) for e in terms.lines),
        )
    )


def write_plan_entry(entry: PlanEntry) -> bytes:
    """Write the content of a message about a plan."""
    said = b""
    match entry.content:
        case PlanTerms() as terms:
            said = write_terms(terms)
        case Signing(seed=seed, owners=owners):
            said = seed + _counted(map(text_bytes, owners))
        case Declining(text=text):
            said = text_bytes(text)
        case Opening(seed=seed):
            said = seed
        case Changes(lines=changed):
            said = _counted(each.match_id + _next(each) for each in changed)
        case Progress(spent=spent, lines=reported):
            said = _amount(spent) + _counted(map(_report, reported))
        case Assigning(lines=assigned):
            said = _counted(each.match_id + text_bytes(each.owner) for each in assigned)
        case Reconciling(base=base, digest=digest):
            said = b"".join(each.to_bytes(4, "big") for each in base) + digest
    return entry.plan_id + place_bytes(entry) + bytes([entry.step]) + said


def _next(line: PlanLine | NextStep) -> bytes:
    return bytes([line.acts]) + _day(line.due) + text_bytes(line.next_step)


def _report(line: LineReport) -> bytes:
    counts = b"".join(each.to_bytes(2, "big") for each in (line.steps, line.meetings, line.deals))
    return line.match_id + counts + bytes([line.result or 0]) + _amount(line.amount)


def _amount(amount: int | None) -> bytes:
    return (_NOT_SAID if amount is None else amount).to_bytes(8, "big")


def _day(day: date) -> bytes:
    return (day - _EPOCH).days.to_bytes(4, "big")


def _counted(items: Iterable[bytes]) -> bytes:
    made = list(items)
    return len(made).to_bytes(2, "big") + b"".join(made)


@dataclass(frozen=True)
class PlanMatter:
    """What a reader of entries about plans knows of the session that they are about.

    Attributes:
        sid: of the session.
        sender: the partner's role.
        fields: as conversation_content.LogMatter.fields.
        known: returns the entries about a plan that are known, of both sides.
        came: when the entry arrives, in UTC.
    """

    sid: bytes
    sender: Role
    fields: Callable[[bytes], Collection[str] | None]
    known: Callable[[bytes], Sequence[PlanEntry]]
    came: datetime


def read_plan_entry(content: bytes, matter: PlanMatter) -> PlanEntry | None:
    """Read an entry of the partner about a plan; None if it is known already.

    Raises:
        PeerError: it is not as conversation-v1 §7 says.
    """
    entry = decode_plan_entry(content, matter.sender)
    known = matter.known(entry.plan_id)
    if isinstance(entry.content, PlanTerms):
        terms = write_terms(entry.content)
        require(entry.plan_id == plan_id_of(matter.sid, matter.sender, terms), "plan-id", "a plan has another id")
        _check_terms(entry.content, matter)
    else:
        plan = JointPlan.of(matter.sid, known)
        if plan is None:
            raise RefusalError("plan-unknown", "a message is about a plan that is not known")
        _check_content(entry, plan, matter)
    return replace(entry, came=matter.came) if is_new_in_log(entry, known, matter.sender) else None


def decode_plan_entry(content: bytes, role: Role) -> PlanEntry:
    """Read an entry, and refuse what is wrong by its bytes alone.

    Args:
        role: of the side that wrote it.

    Raises:
        RefusalError: it is not an entry.
    """
    cursor = Cursor(content)
    plan_id = cursor.take(PLAN_ID_BYTES)
    number, seen, time = cursor.place_in_log()
    readers: dict[int, Callable[[Cursor], Content]] = {
        PlanStep.PROPOSED: _read_terms,
        PlanStep.SIGNED: _read_signing,
        PlanStep.DECLINED: lambda c: Declining(c.text(empty=True, most=NOTE_BYTES)),
        PlanStep.OPENED: lambda c: Opening(c.take(SEED_BYTES)),
        PlanStep.CHANGED: lambda c: Changes(tuple(_read_next(c, each) for each in c.matches(least=1))),
        PlanStep.REPORTED: lambda c: Progress(
            _read_amount(c), tuple(_read_report(c, each) for each in c.matches())
        ),
        PlanStep.ASSIGNED: lambda c: Assigning(
            tuple(Owner(each, c.text(empty=True)) for each in c.matches(least=1))
        ),
        PlanStep.RECONCILED: lambda c: Reconciling((c.number(4), c.number(4)), c.take(32)),
    }
    step = cursor.number(1)
    require(step in readers, "content", "an entry about a plan has an unknown step")
    said = readers[step](cursor)
    cursor.end()
    return PlanEntry(plan_id, role, number, seen, time, said)


def _read_terms(cursor: Cursor) -> PlanTerms:
    kind, title = cursor.number(1), cursor.text(empty=False)
    begins, ends = _read_day(cursor), _read_day(cursor)
    currency = cursor.take(3)
    budget = cursor.number(8), cursor.number(8)
    holdout, committed = cursor.number(2), cursor.take(32)
    lines = []
    for match_id in cursor.matches(least=1):
        leads = cursor.number(1)
        require(1 <= leads <= BOTH, "content", "nobody leads at an account of a plan")
        step = _read_next(cursor, match_id)
        lines.append(PlanLine(match_id, leads, step.acts, step.due, step.next_step, cursor.text(empty=True)))
    without = currency == _NO_CURRENCY
    named = without or (currency.isalpha() and currency.isascii() and currency.isupper())
    require(
        kind in set(PlanKind)
        and begins <= ends
        and named
        and max(budget) <= (0 if without else MOST_AMOUNT)
        and holdout < len(lines),
        "content",
        "a plan has an invalid kind, date, currency, budget or holdout",
    )
    code = "" if without else currency.decode()
    return PlanTerms(PlanKind(kind), title, begins, ends, code, budget, holdout, committed, tuple(lines))


def _read_next(cursor: Cursor, match_id: bytes) -> NextStep:
    acts, due = cursor.number(1), _read_day(cursor)
    require(1 <= acts <= BOTH, "content", "nobody takes the next step at an account of a plan")
    return NextStep(match_id, acts, due, cursor.text(empty=True))


def _read_signing(cursor: Cursor) -> Signing:
    seed = cursor.take(SEED_BYTES)
    return Signing(seed, tuple(cursor.text(empty=True) for _ in range(cursor.number(2))))


def _read_report(cursor: Cursor, match_id: bytes) -> LineReport:
    steps, meetings, deals, result = cursor.number(2), cursor.number(2), cursor.number(2), cursor.number(1)
    require(result in {0, *Result}, "content", "a report has an invalid result")
    return LineReport(match_id, steps, meetings, deals, Result(result) if result else None, _read_amount(cursor))


def _read_amount(cursor: Cursor) -> int | None:
    amount = cursor.number(8)
    require(amount <= MOST_AMOUNT or amount == _NOT_SAID, "content", "an amount is too large")
    return None if amount == _NOT_SAID else amount


def _read_day(cursor: Cursor) -> date:
    days = cursor.number(4)
    require(days <= _LAST_DAY, "content", "a day of a plan does not exist")
    return _EPOCH + timedelta(days)


def _check_terms(terms: PlanTerms, matter: PlanMatter) -> None:
    for each in terms.lines:
        agreed = matter.fields(each.match_id)
        if agreed is None:
            raise RefusalError("plan-match", "a plan has a match that is not revealed")
        _check_shown(agreed, owner=each.owner)


def _check_content(entry: PlanEntry, plan: JointPlan, matter: PlanMatter) -> None:
    """Refuse what does not fit the plan.

    Raises:
        RefusalError: naming the rule.
    """
    agreed = _AgreedFields(plan, matter)
    match entry.content:
        case Signing(owners=owners):
            require(
                len(owners) == len(plan.match_ids),
                "plan-line",
                "a plan was signed with too few or too many owners",
            )
            for match_id, owner in zip(plan.match_ids, owners, strict=True):
                _check_shown(agreed.of(match_id), owner=owner)
        case Changes(lines=changed):
            for step in changed:
                agreed.of(step.match_id)
        case Assigning(lines=assigned):
            for line in assigned:
                _check_shown(agreed.of(line.match_id), owner=line.owner)
        case Progress(lines=reported):
            for report in reported:
                _check_shown(agreed.of(report.match_id), amount=report.amount)
            amounts = (entry.content.spent, *(each.amount for each in reported))
            said = any(each is not None for each in amounts)
            require(bool(plan.terms.currency) or not said, "content", "a plan without a currency has an amount")
        case Reconciling(base=base):
            own, theirs = base[matter.sender], base[matter.sender.other]
            known = own < entry.number and theirs <= entry.seen
            require(known, "plan-base", "the partner has reconciled entries that were not written")
        case _:
            pass


class _AgreedFields:
    """The agreed fields of each match of a plan; a message may be about tens of thousands."""

    def __init__(self, plan: JointPlan, matter: PlanMatter) -> None:
        self._matches, self._fields = frozenset(plan.match_ids), matter.fields

    def of(self, match_id: bytes) -> Collection[str]:
        """Return the fields that the sender may show of a match; refuse one that is not in the plan."""
        require(match_id in self._matches, "plan-line", "a message is about a match that is not in its plan")
        return self._fields(match_id) or ()


def _check_shown(agreed: Collection[str], *, owner: str = "", amount: int | None = None) -> None:
    shown = {"owner_name": bool(owner), "amount": amount is not None}
    fits = all(name in agreed for name, is_shown in shown.items() if is_shown)
    require(fits, "fields", "an entry about a plan shows a field that is not agreed")
