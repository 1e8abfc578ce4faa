"""Joint plans: their entries as bytes, what is refused, what is so, and what they came to (conversation-v1 §7)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from protocols.reference.conversation import Cursor, encode_text
from protocols.reference.reader import require

INITIATOR, RESPONDER = 0, 1
LAST_DAY, MOST_AMOUNT, MISSING = 2932896, 10**18, 2**64 - 1
RESULTS = ["", "nothing", "meeting", "opportunity", "won", "lost"]
ORDER = ["nothing", "meeting", "opportunity", "lost", "won"]
Z = 1.959963984540054

Next = tuple[int, int, str]
"""Acts, day, next step."""

Report = tuple[int, int, int, int, int | None]
"""Steps, meetings, deals, result, amount."""


@dataclass(frozen=True)
class Terms:
    """What is proposed; leads, next steps and owners by match id."""

    kind: int
    title: str
    first: int
    last: int
    currency: str
    budget: tuple[int, int]
    holdout: int
    commitment: bytes
    leads: dict[bytes, int]
    lines: dict[bytes, Next]
    owners: dict[bytes, str]


@dataclass(frozen=True)
class Said:
    """The rest of an entry behind its step; each field belongs to some steps alone."""

    terms: Terms | None = None
    seed: bytes = b""
    owners: tuple[str, ...] = ()
    words: str = ""
    lines: dict[bytes, Next] = field(default_factory=dict)
    assigned: dict[bytes, str] = field(default_factory=dict)
    spent: int | None = None
    reports: dict[bytes, Report] = field(default_factory=dict)
    base: tuple[int, int] = (0, 0)
    digest: bytes = b""


@dataclass(frozen=True)
class PlanEntry:
    """One entry of a side's log about one plan."""

    plan: bytes
    role: int
    number: int
    seen: int
    time: int
    step: int
    said: Said


def _digest(label: str, *parts: bytes) -> bytes:
    return hashlib.sha256(label.encode() + b"\x00" + b"".join(parts)).digest()


def plan_id(sid: bytes, role: int, terms: Terms) -> bytes:
    """Return the id of a plan (§7.1)."""
    return _digest("accountmap-plan-v1 plan", sid, bytes([role]), encode_terms(terms))


def commit(sid: bytes, role: int, seed: bytes) -> bytes:
    """Return the commitment to a seed (§7.4)."""
    return _digest("accountmap-plan-v1 commitment", sid, bytes([role]), seed)


def draw_holdout(plan: bytes, proposed: bytes, signed: bytes, matches: list[bytes], count: int) -> list[bytes]:
    """Return the holdout, ascending (§7.4)."""
    ranks = {_digest("accountmap-plan-v1 holdout", plan, proposed, signed, match): match for match in matches}
    return sorted(ranks[rank] for rank in sorted(ranks)[:count])


def _number(value: int, length: int) -> bytes:
    return value.to_bytes(length, "big")


def _missing(amount: int | None) -> bytes:
    return _number(MISSING if amount is None else amount, 8)


def _encode_next(line: Next) -> bytes:
    return bytes([line[0]]) + _number(line[1], 4) + encode_text(line[2])


def encode_terms(terms: Terms) -> bytes:
    """Write terms."""
    written = bytes([terms.kind]) + encode_text(terms.title) + _number(terms.first, 4) + _number(terms.last, 4)
    written += terms.currency.encode() if terms.currency else bytes(3)
    written += _number(terms.budget[0], 8) + _number(terms.budget[1], 8) + _number(terms.holdout, 2)
    written += terms.commitment + _number(len(terms.lines), 2)
    for match, line in sorted(terms.lines.items()):
        written += match + bytes([terms.leads[match]]) + _encode_next(line) + encode_text(terms.owners[match])
    return written


def _encode_changed(said: Said) -> bytes:
    items = [match + _encode_next(line) for match, line in sorted(said.lines.items())]
    return _number(len(items), 2) + b"".join(items)


def _encode_assigned(said: Said) -> bytes:
    items = [match + encode_text(owner) for match, owner in sorted(said.assigned.items())]
    return _number(len(items), 2) + b"".join(items)


def _encode_reported(said: Said) -> bytes:
    items = []
    for match, (steps, meetings, deals, result, amount) in sorted(said.reports.items()):
        counts = _number(steps, 2) + _number(meetings, 2) + _number(deals, 2)
        items.append(match + counts + bytes([result]) + _missing(amount))
    return _missing(said.spent) + _number(len(items), 2) + b"".join(items)


_WRITERS: dict[int, Callable[[Said], bytes]] = {
    1: lambda said: encode_terms(said.terms) if said.terms else b"",
    2: lambda said: said.seed + _number(len(said.owners), 2) + b"".join(map(encode_text, said.owners)),
    3: lambda said: encode_text(said.words),
    4: lambda said: said.seed,
    5: _encode_changed,
    6: _encode_reported,
    7: lambda said: _number(said.base[0], 4) + _number(said.base[1], 4) + said.digest,
    8: _encode_assigned,
}


def encode_plan_entry(entry: PlanEntry) -> bytes:
    """Write the content of a message."""
    head = entry.plan + _number(entry.number, 4) + _number(entry.seen, 4) + _number(entry.time, 8)
    return head + bytes([entry.step]) + _WRITERS.get(entry.step, _WRITERS[4])(entry.said)


def decode_plan_entry(content: bytes, role: int) -> PlanEntry:
    """Read it, and refuse what can be told from the content alone (§7.2)."""
    reading = Cursor(content)
    plan, number, seen, time = reading.take(32), reading.number(4), reading.number(4), reading.number(8)
    require(1 <= number <= 1000, "entry-number")
    step = reading.number(1)
    require(time <= 253402300799 and 1 <= step <= 8, "content")
    said = _READERS[step](reading)
    reading.end()
    return PlanEntry(plan, role, number, seen, time, step, said)


def _decode_terms(reading: Cursor) -> Said:
    kind, title = reading.number(1), reading.text()
    first, last, currency = _day(reading), _day(reading), reading.take(3)
    budget, holdout, commitment = (reading.number(8), reading.number(8)), reading.number(2), reading.take(32)
    matches, leads, lines, owners = list[bytes](), dict[bytes, int](), dict[bytes, Next](), dict[bytes, str]()
    for _ in range(reading.number(2)):
        matches.append(reading.take(16))
        leads[matches[-1]] = _side(reading)
        lines[matches[-1]] = _next(reading)
        owners[matches[-1]] = reading.text()
    _ascending(matches)
    capitals = all(65 <= letter <= 90 for letter in currency)
    require(kind in (1, 2) and title != "" and first <= last and holdout < len(lines), "content")
    require(capitals or (currency == bytes(3) and budget == (0, 0)), "content")
    require(max(budget) <= MOST_AMOUNT, "content")
    code = currency.decode() if capitals else ""
    return Said(terms=Terms(kind, title, first, last, code, budget, holdout, commitment, leads, lines, owners))


def _decode_signed(reading: Cursor) -> Said:
    seed = reading.take(32)
    return Said(seed=seed, owners=tuple(reading.text() for _ in range(reading.number(2))))


def _decode_changed(reading: Cursor) -> Said:
    matches, lines = list[bytes](), dict[bytes, Next]()
    for _ in range(reading.number(2)):
        matches.append(reading.take(16))
        lines[matches[-1]] = _next(reading)
    _ascending(matches)
    require(matches != [], "content")
    return Said(lines=lines)


def _decode_assigned(reading: Cursor) -> Said:
    matches, owners = list[bytes](), dict[bytes, str]()
    for _ in range(reading.number(2)):
        matches.append(reading.take(16))
        owners[matches[-1]] = reading.text()
    _ascending(matches)
    require(matches != [], "content")
    return Said(assigned=owners)


def _decode_reported(reading: Cursor) -> Said:
    spent, matches, reports = _amount(reading), list[bytes](), dict[bytes, Report]()
    for _ in range(reading.number(2)):
        matches.append(reading.take(16))
        counts = reading.number(2), reading.number(2), reading.number(2)
        result = reading.number(1)
        require(result <= 5, "content")
        reports[matches[-1]] = (*counts, result, _amount(reading))
    _ascending(matches)
    return Said(spent=spent, reports=reports)


def _decode_reconciled(reading: Cursor) -> Said:
    return Said(base=(reading.number(4), reading.number(4)), digest=reading.take(32))


_READERS: dict[int, Callable[[Cursor], Said]] = {
    1: _decode_terms,
    2: _decode_signed,
    3: lambda reading: Said(words=reading.text(1000)),
    4: lambda reading: Said(seed=reading.take(32)),
    5: _decode_changed,
    6: _decode_reported,
    7: _decode_reconciled,
    8: _decode_assigned,
}


def _day(reading: Cursor) -> int:
    day = reading.number(4)
    require(day <= LAST_DAY, "content")
    return day


def _side(reading: Cursor) -> int:
    side = reading.number(1)
    require(side in (1, 2, 3), "content")
    return side


def _next(reading: Cursor) -> Next:
    return _side(reading), _day(reading), reading.text()


def _amount(reading: Cursor) -> int | None:
    amount = reading.number(8)
    require(amount <= MOST_AMOUNT or amount == MISSING, "content")
    return None if amount == MISSING else amount


def _ascending(matches: list[bytes]) -> None:
    require(matches == sorted(set(matches)), "content")


@dataclass
class PlanReader:
    """What a party knows when it reads entries about plans of one session.

    Attributes:
        agreed: by match id of a revealed match, the fields that the partner shows.
        known: entries of both, of all plans.
    """

    sid: bytes
    sender: int
    agreed: dict[bytes, list[str]]
    known: list[PlanEntry]

    def read(self, content: bytes) -> None:
        """Read a content, and refuse what the text refuses.

        Raises:
            RefusedError: it must not be taken.
        """
        entry = decode_plan_entry(content, self.sender)
        known = [each for each in self.known if each.plan == entry.plan]
        if entry.said.terms is not None:
            terms = entry.said.terms
            require(entry.plan == plan_id(self.sid, self.sender, terms), "plan-id")
            require(terms.lines.keys() <= self.agreed.keys(), "plan-match")
            self._check_fields(terms.owners, {})
        else:
            proposed = [each.said.terms for each in known if each.said.terms is not None]
            require(proposed != [], "plan-unknown")
            self._check_said(entry, proposed[0])
        require(entry.seen <= sum(each.role != self.sender for each in known), "entry-seen")
        for other in (each for each in known if each.role == self.sender):
            if other.number == entry.number:
                require(other == entry, "entry-again")
            else:
                first, second = sorted((other, entry), key=lambda each: each.number)
                require(first.seen <= second.seen and first.time <= second.time, "entry-order")

    def _check_said(self, entry: PlanEntry, terms: Terms | None) -> None:
        said, matches = entry.said, sorted(terms.lines) if terms else []
        if entry.step == 2:
            require(len(said.owners) == len(matches), "plan-line")
            self._check_fields(dict(zip(matches, said.owners, strict=True)), {})
        require({*said.lines, *said.assigned, *said.reports} <= set(matches), "plan-line")
        amounts = {match: report[4] for match, report in said.reports.items()}
        self._check_fields(said.assigned, amounts)
        if terms and not terms.currency:
            require(said.spent is None and set(amounts.values()) <= {None}, "content")
        if entry.step == 7:
            own, others = said.base[self.sender], said.base[1 - self.sender]
            require(own < entry.number and others <= entry.seen, "plan-base")

    def _check_fields(self, owners: dict[bytes, str], amounts: dict[bytes, int | None]) -> None:
        for match, owner in owners.items():
            require(owner == "" or "owner_name" in self.agreed[match], "fields")
        for match, amount in amounts.items():
            require(amount is None or "amount" in self.agreed[match], "fields")


def _in_order(entries: list[PlanEntry]) -> list[PlanEntry]:
    taken = []
    for role in (INITIATOR, RESPONDER):
        log, number = {each.number: each for each in entries if each.role == role}, 1
        while number in log:
            taken.append(log[number])
            number += 1
    return sorted(taken, key=lambda each: (each.number + each.seen, each.role))


def state_of_plan(sid: bytes, entries: list[PlanEntry]) -> dict[str, object]:
    """Say what is so about a plan whose proposal is among the entries (§7.3)."""
    taken = _in_order(entries)
    proposal = next(each for each in taken if each.step == 1)
    proposer, terms = proposal.role, proposal.said.terms
    if terms is None:
        raise ValueError("a proposal without terms")
    state, holdout, passed_over = "none", list[bytes](), []
    signed, lines = b"", dict(terms.lines)
    owners: tuple[dict[bytes, str], ...] = ({}, {})
    owners[proposer].update(terms.owners)
    reports, digests = list[PlanEntry](), dict[int, tuple[bytes, bool]]()
    agreed_to: tuple[set[bytes], ...] = (set(), set())
    for entry in taken:
        said, began = entry.said, entry.role == proposer
        allowed = {
            1: state == "none" and began,
            2: state == "proposed" and not began,
            3: state == "proposed" and not began,
            4: state == "signed" and began,
        }.get(entry.step, state == "running")
        if entry.step == 5 and allowed:
            leading = {match for match, leads in terms.leads.items() if leads in (entry.role + 1, 3)}
            allowed = said.lines.keys() <= leading - set(holdout)
            lines |= said.lines if allowed else {}
        if not allowed:
            passed_over.append([entry.role, entry.number])
        elif entry.step <= 3:
            owners[entry.role].update(zip(sorted(terms.owners), said.owners, strict=False))
            state, signed = {1: "proposed", 2: "signed", 3: "declined"}[entry.step], said.seed
        elif entry.step == 4:
            state = "running" if commit(sid, proposer, said.seed) == terms.commitment else "spoilt"
            if state == "running":
                holdout = draw_holdout(entry.plan, said.seed, signed, list(terms.lines), terms.holdout)
        elif entry.step == 6:
            reports.append(entry)
        elif entry.step == 8:
            owners[entry.role].update(said.assigned)
        elif entry.step == 7:
            based = [each for each in reports if each.number <= said.base[each.role]]
            holds = digest_of(entry.plan, tables_of(terms, holdout, based)) == said.digest
            digests[entry.role] = said.digest, holds
            if holds:
                agreed_to[entry.role].add(said.digest)
                state = "reconciled" if said.digest in agreed_to[1 - entry.role] else state
    return {
        "state": state,
        "holdout": [match.hex() for match in holdout],
        "next": {match.hex(): list(line) for match, line in sorted(lines.items())},
        "owners": [{match.hex(): owner for match, owner in sorted(each.items())} for each in owners],
        "reconciled": {str(role): holds for role, (_, holds) in sorted(digests.items())},
        "passed_over": passed_over,
    }


def tables_of(terms: Terms, holdout: list[bytes], entries: list[PlanEntry]) -> list[bytes]:
    """Make the three tables from entries with reports (§7.5)."""
    last: tuple[dict[bytes, Report], dict[bytes, Report]] = ({}, {})
    spent: list[int | None] = [None, None]
    for entry in sorted(entries, key=lambda each: each.number):
        last[entry.role].update(entry.said.reports)
        spent[entry.role] = spent[entry.role] if entry.said.spent is None else entry.said.spent
    accounts, results = [_ACCOUNTS], dict[bytes, str]()
    for match in sorted(terms.lines):
        row, results[match] = _account_row(match, match in holdout, last[0].get(match), last[1].get(match))
        accounts.append(row)
    comparison = [_COMPARISON, *(_compared(name, results, holdout) for name in ("meeting", "opportunity", "won"))]
    budget = ["side,currency,budget,spent"]
    for side, agreed, used in zip(("initiator", "responder"), terms.budget, spent, strict=True):
        budget.append(f"{side},{terms.currency},{_decimal(agreed)},{'' if used is None else _decimal(used)}")
    return ["".join(line + "\n" for line in table).encode() for table in (accounts, comparison, budget)]


def digest_of(plan: bytes, tables: list[bytes]) -> bytes:
    """Return the digest of a plan's tables."""
    return _digest("accountmap-plan-v1 results", plan, *(_number(len(each), 4) + each for each in tables))


_ACCOUNTS = (
    "match_id,arm,steps_initiator,steps_responder,deals_initiator,deals_responder,amount_initiator,"
    "amount_responder,meetings_initiator,meetings_responder,result_initiator,result_responder,meetings,result,"
    "difference"
)
_COMPARISON = "measure,worked_on_hits,worked_on,holdout_hits,holdout,difference,at_least,at_most,verdict"


def _decimal(amount: int) -> str:
    return str(amount // 10000) + (f".{amount % 10000:04}".rstrip("0") if amount % 10000 else "")


def _account_row(match: bytes, held: bool, one: Report | None, two: Report | None) -> tuple[str, str]:
    cells = [match.hex(), "holdout" if held else "worked on"]
    for place in (0, 2, 4, 1, 3):
        for report in (one, two):
            value = report[place] if report else None
            if value is None:
                cells.append("")
            else:
                cells.append(RESULTS[value] if place == 3 else _decimal(value) if place == 4 else str(value))
    said = [each for each in (one, two) if each is not None]
    named = [RESULTS[each[3]] for each in said if each[3]]
    result = min(named, key=ORDER.index) if named else ""
    differences = []
    if len(said) == 2 and said[0][1] != said[1][1]:
        differences.append("meetings")
    if len(named) == 2 and named[0] != named[1]:
        differences.append("result")
    if len(named) == 1:
        differences.append("one side")
    if held and any(sum(each[:3]) for each in said):
        differences.append("worked on")
    meetings = str(min(each[1] for each in said)) if said else ""
    return ",".join([*cells, meetings, result, "; ".join(differences)]), result


def _compared(measure: str, results: dict[bytes, str], holdout: list[bytes]) -> str:
    reached = {
        "meeting": {"meeting", "opportunity", "won", "lost"},
        "opportunity": {"opportunity", "won", "lost"},
        "won": {"won"},
    }[measure]
    arms = [[r in reached for m, r in results.items() if (m in holdout) == held] for held in (False, True)]
    hits, of = [sum(arm) for arm in arms], [len(arm) for arm in arms]
    head = f"{measure},{hits[0]},{of[0]},{hits[1]},{of[1]}"
    if "" in results.values():
        return f"{head},,,,not all reported"
    if min(of) < 10 or sum(hits) < 5 or sum(of) - sum(hits) < 5:
        return f"{head},,,,too few"
    difference, low, high = newcombe(hits[0], of[0], hits[1], of[1])
    verdict = "higher" if low > 0 else "lower" if high < 0 else "no difference shown"
    return f"{head},{_thousandths(difference)},{_thousandths(low)},{_thousandths(high)},{verdict}"


def newcombe(hits: int, of: int, held_hits: int, held: int) -> tuple[float, float, float]:
    """Return the difference of two shares and its interval (Newcombe 1998, method 10)."""
    share, other = hits / of, held_hits / held
    low, high = _wilson(hits, of)
    other_low, other_high = _wilson(held_hits, held)
    down = ((share - low) ** 2 + (other_high - other) ** 2) ** 0.5
    up = ((high - share) ** 2 + (other - other_low) ** 2) ** 0.5
    return share - other, share - other - down, share - other + up


def _wilson(hits: int, of: int) -> tuple[float, float]:
    middle = hits + Z * Z / 2
    half = Z * (hits * (of - hits) / of + Z * Z / 4) ** 0.5
    return (middle - half) / (of + Z * Z), (middle + half) / (of + Z * Z)


def _thousandths(value: float) -> str:
    rounded = round(value * 1000)
    sign = "-" if rounded < 0 else ""
    return f"{sign}{abs(rounded) // 1000}.{abs(rounded) % 1000:03}"
