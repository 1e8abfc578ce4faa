"""What both sides say about a revealed match, as content and as state (conversation-v1 §6)."""

from dataclasses import dataclass, field

from protocols.reference.conversation import Cursor, encode_text
from protocols.reference.reader import require

INTRODUCTIONS, LEADS, DEALS, NOTES = 5, 6, 7, 8
INITIATOR, RESPONDER = 0, 1
FIELD_ORDER = (
    "name",
    "website",
    "country",
    "region",
    "city",
    "industry",
    "employees",
    "owner_name",
    "owner_email",
    "amount",
    "stage",
    "registered_deal",
)

STEPS = {
    INTRODUCTIONS: ["asked", "offered", "accepted", "declined", "made", "outcome"],
    LEADS: ["proposed", "agreed", "declined"],
    DEALS: ["registered", "withdrawn"],
    NOTES: ["noted"],
}
VALUES = {(INTRODUCTIONS, "outcome"): range(1, 6), (LEADS, "proposed"): range(1, 4)}


@dataclass(frozen=True)
class Entry:
    """One entry of a side's log about one match."""

    role: int
    number: int
    seen: int
    time: int
    kind: int
    step: str
    value: int = 0
    words: str = ""
    fields: tuple[tuple[str, str], ...] = ()


def encode_entries(entries: dict[bytes, Entry]) -> bytes:
    """Write the content of a message, by match id (§6.1)."""
    written = len(entries).to_bytes(2, "big")
    for match, entry in sorted(entries.items()):
        written += match + entry.number.to_bytes(4, "big") + entry.seen.to_bytes(4, "big")
        written += entry.time.to_bytes(8, "big") + bytes([STEPS[entry.kind].index(entry.step) + 1, entry.value])
        written += encode_text(entry.words) + bytes([len(entry.fields)])
        written += b"".join(encode_text(name) + encode_text(text) for name, text in entry.fields)
    return written


def decode_entries(kind: int, content: bytes, role: int) -> dict[bytes, Entry]:
    """Read it, and refuse what can be told from the content alone (§6.2)."""
    reading, entries, names = Cursor(content), dict[bytes, Entry](), list[bytes]()
    for _ in range(reading.number(2)):
        names.append(reading.take(16))
        entries[names[-1]] = _decode_entry(kind, role, reading)
    reading.end()
    require(names != [] and names == sorted(set(names)), "content")
    return entries


def _decode_entry(kind: int, role: int, reading: Cursor) -> Entry:
    number, seen, time = reading.number(4), reading.number(4), reading.number(8)
    step, value = reading.number(1), reading.number(1)
    require(1 <= number <= 1000, "entry-number")
    require(time <= 253402300799 and 1 <= step <= len(STEPS[kind]), "content")
    name = STEPS[kind][step - 1]
    require(value in VALUES.get((kind, name), range(1)), "content")
    words = reading.text(1000)
    require(kind != NOTES or words != "", "content")
    fields = tuple((reading.text(), reading.text()) for _ in range(reading.number(1)))
    places = [FIELD_ORDER.index(each) if each in FIELD_ORDER else -1 for each, _ in fields]
    require(-1 not in places and places == sorted(set(places)), "content")
    require(all(text != "" for _, text in fields), "content")
    return Entry(role, number, seen, time, kind, name, value, words, fields)


@dataclass
class Reader:
    """What a party knows of one session when it reads entries about its matches.

    Attributes:
        agreed: by match id of a revealed match, the fields that the partner shows.
        known: entries of both, by match id.
    """

    sender: int
    agreed: dict[bytes, list[str]]
    known: dict[bytes, list[Entry]] = field(default_factory=dict)

    def read(self, kind: int, content: bytes) -> None:
        """Read a content, and refuse what the text refuses.

        Raises:
            RefusedError: it must not be taken.
        """
        for match, entry in decode_entries(kind, content, self.sender).items():
            require(match in self.agreed, "entry-match")
            require({name for name, _ in entry.fields} <= set(self.agreed[match]), "fields")
            self._check_log(self.known.get(match, []), entry)

    def _check_log(self, known: list[Entry], entry: Entry) -> None:
        require(entry.seen <= sum(each.role != self.sender for each in known), "entry-seen")
        for other in (each for each in known if each.role == self.sender):
            if other.number == entry.number:
                require(other == entry, "entry-again")
            elif other.number < entry.number:
                require(other.seen <= entry.seen and other.time <= entry.time, "entry-order")
            else:
                require(other.seen >= entry.seen and other.time >= entry.time, "entry-order")


def certain_leader(rules: list[tuple[int | None, list[str]]]) -> int | None:
    """Say who leads a cell whatever the country (§6.5).

    Args:
        rules: that fit the cell, in order: who leads (None for both), and the countries (empty for all).
    """
    named = []
    for leads, countries in rules:
        named.append(leads)
        if not countries:
            return named[0] if all(each == named[0] for each in named) else None
    return None


def state_of(entries: list[Entry], leader: int | None) -> dict[str, object]:
    """Say what is so about a match (§6.4)."""
    taken = _without_gaps(entries)
    introduction, seeker, began = "none", -1, -1
    lead, proposer, proposed, agreed = "none", -1, 0, 0
    deals: dict[int, Entry | None] = {INITIATOR: None, RESPONDER: None}
    passed_over = []
    for entry in sorted(taken, key=lambda each: (each.number + each.seen, each.role)):
        other, allowed = 1 - entry.role, False
        if entry.kind == INTRODUCTIONS:
            leads = {1: INITIATOR, 2: RESPONDER, 3: None}[agreed] if agreed else leader
            free = introduction in ("none", "declined", "made", "outcome")
            allowed = {
                "asked": free and leads != other,
                "offered": free,
                "accepted": introduction in ("asked", "offered") and entry.role != began,
                "declined": (introduction in ("asked", "offered") and entry.role != began)
                or (introduction == "accepted" and entry.role != seeker),
                "made": introduction == "accepted" and entry.role != seeker,
                "outcome": introduction in ("made", "outcome") and entry.role == seeker,
            }[entry.step]
            if allowed:
                introduction = entry.step
                if entry.step in ("asked", "offered"):
                    began, seeker = entry.role, entry.role if entry.step == "asked" else other
        elif entry.kind == LEADS:
            answers = lead == "proposed" and entry.role != proposer
            allowed = lead != "proposed" if entry.step == "proposed" else answers
            if allowed:
                lead = entry.step
                if entry.step == "proposed":
                    proposer, proposed = entry.role, entry.value
                if entry.step == "agreed":
                    agreed = proposed
        elif entry.kind == DEALS:
            allowed = (deals[entry.role] is None) == (entry.step == "registered")
            if allowed:
                deals[entry.role] = entry if entry.step == "registered" else None
        else:
            allowed = True
        if not allowed:
            passed_over.append([entry.role, entry.number])
    return {
        "introduction": introduction,
        "seeker": seeker if introduction != "none" else None,
        "lead": agreed,
        "deal": deal_that_counts(deals, agreed, leader),
        "passed_over": passed_over,
    }


def _without_gaps(entries: list[Entry]) -> list[Entry]:
    known = {(each.role, each.number): each for each in entries}
    taken = []
    for role in (INITIATOR, RESPONDER):
        number = 1
        while (role, number) in known:
            taken.append(known[role, number])
            number += 1
    return taken


def deal_that_counts(deals: dict[int, Entry | None], agreed: int, leader: int | None) -> list[object]:
    """Say whose deal counts, or null, and by which rule of §6.4 (0: no other is registered)."""
    one, two = deals[INITIATOR], deals[RESPONDER]
    if one is None or two is None:
        return [INITIATOR if one else RESPONDER if two else None, 0]
    named = [
        agreed - 1 if agreed in (1, 2) else None,
        RESPONDER if one.seen >= two.number else INITIATOR if two.seen >= one.number else None,
        leader,
        None if abs(one.time - two.time) <= 86400 else INITIATOR if one.time < two.time else RESPONDER,
    ]
    for rule, side in enumerate(named, 1):
        if side is not None:
            return [side, rule]
    return [None, 5]
