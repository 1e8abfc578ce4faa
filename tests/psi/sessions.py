"""Two engines face to face: sessions with chosen keys, and every message in the tester's hands."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from accountmap.curve.backends import OpenSSLCurve
from accountmap.model import Contradiction, Role, Says, Strength, WeakSlots
from accountmap.psi.codec import Bits, Message, Order
from accountmap.psi.inputs import OwnInputs
from accountmap.psi.parameters import ALWAYS, MatchClass, MessageType, Parameters, Rectangle, Slot
from accountmap.psi.ports import Curve, Ports, Side
from accountmap.psi.session import Session
from accountmap.psi.suite import KEY_DST, key_message
from accountmap.psi.tables import Groups, NumpyTables, presence_bits

CHANNEL_KEY = b"channel-key"
SKETCH = b"sketch of sixty-four bytes, which the session does not look into"
I, R = Role.INITIATOR, Role.RESPONDER
T = MessageType

Entity = Sequence[str | None]
"""One key a slot of the agreement."""

Keys = Sequence[Sequence[Entity]]
"""Segments, of entities."""

SLOTS = (
    Slot(b"domain", 8, Strength.STRONG, Says.DOMAIN),
    Slot(b"name", 4, Strength.STRONG, Says.NAME),
    Slot(b"name", 2, Strength.STRONG, Says.COUNTRY),
    Slot(b"name", 1, Strength.WEAK),
)
"""Domain, full name, core name and country, and a word of the name."""

CLASSES = (
    MatchClass((0,), tolerates=Contradiction.COUNTRY, sure=True, reveal_up_to=ALWAYS),
    MatchClass((1,), sure=True, reveal_up_to=ALWAYS),
    MatchClass((1,), tolerates=Contradiction.DOMAIN, ask_up_to=ALWAYS),
    MatchClass((2, 3), ask_up_to=ALWAYS),
)


def counter_random(seed: str) -> Callable[[int], bytes]:
    """Uniform bytes that are the same in every run."""
    stream = 0

    def random(n: int) -> bytes:
        nonlocal stream
        stream += 1
        return hashlib.shake_256(f"{seed}/{stream}".encode()).digest(n)

    return random


def parameters(
    sizes: tuple[tuple[int, ...], tuple[int, ...]],
    rectangles: Sequence[tuple[Sequence[int], Sequence[int]]] = (),
    slots: tuple[Slot, ...] = SLOTS,
    classes: tuple[MatchClass, ...] = CLASSES,
    weak: WeakSlots = WeakSlots.ASK,
) -> Parameters:
    """Return parameters of one rectangle of all segments, or of the given ones."""
    whole = tuple(range(len(sizes[0]))), tuple(range(len(sizes[1])))
    chosen = [(tuple(one), tuple(other)) for one, other in rectangles] or [whole]
    return Parameters(
        context=bytes(32),
        slots=slots,
        weak=weak,
        threshold=1,
        classes=classes,
        rectangles=tuple(Rectangle(each, 100) for each in chosen),
        sizes=sizes,
        sketch_bytes=(len(SKETCH), len(SKETCH)),
        totals_bytes=(20, 20),
        channel_key_bytes=len(CHANNEL_KEY),
    )


@dataclass
class Opened:
    """Some of a party's entities, looked up."""

    entities: Sequence[Entity]
    slots: Sequence[Slot]
    fields_of: Callable[[Entity], bytes]

    def key(self, place: int, slot: int) -> bytes | None:
        value = self.entities[place][slot]
        return None if value is None else key_message(self.slots[slot].space, value.encode())

    def fields(self, place: int) -> bytes:
        return self.fields_of(self.entities[place])


@dataclass
class Own:
    """A party's entities in one rectangle; their fields are their first key and a mark of the party's own."""

    segments: Keys
    p: Parameters
    mark: str
    fields_of: Callable[[Entity], bytes] | None = None

    @property
    def entities(self) -> list[Entity]:
        return [entity for segment in self.segments for entity in segment]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(map(len, self.segments))

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        return self._cells(lambda value: value is not None)

    def bits(self) -> Bits:
        in_country = self._cells(lambda value: bool(re.search(r"\|[A-Z]{2}\Z", value or "")))
        return presence_bits([self.p.slots[n] for n in self.p.sent], self.present, in_country)

    def _cells(self, test: Callable[[str | None], bool]) -> npt.NDArray[np.bool_]:
        rows = [[test(entity[n]) for n in self.p.sent] for entity in self.entities]
        return np.array(rows, np.bool_).reshape(-1, len(self.p.sent))

    def open(self, entities: Order) -> Opened:
        chosen = [self.entities[n] for n in entities.tolist()]
        return Opened(chosen, self.p.slots, self.fields_of or self._fields)

    def _fields(self, entity: Entity) -> bytes:
        return f"{self.mark}:{next(filter(None, entity))}".encode()

    def accepts(self, fields: bytes) -> bool:
        return b":" in fields


def side_of(own: Own, curve: Curve | None = None) -> Side:
    """Return a side whose tables are in memory."""
    curve = curve or OpenSSLCurve()
    opened = own.open(np.arange(len(own.entities)))
    keys = [opened.key(n, slot) for n in range(len(own.entities)) for slot in own.p.sent]
    messages = [key for key in keys if key is not None]
    points = curve.hash_to_curve(KEY_DST, messages)
    return Side(own, NumpyTables(curve, Groups(own.present, lambda: points)))


def own_of(keys: Keys, p: Parameters, role: Role) -> list[Own]:
    """Return a party's entities in each rectangle."""
    return [
        Own([s if n in r.segments[role] else [] for n, s in enumerate(keys)], p, role.name) for r in p.rectangles
    ]


class PlainReceipts:
    """Signatures that anybody could make: what is signed is tested, not by whom."""

    def sign(self, receipt: bytes) -> bytes:
        return receipt + receipt

    def verify(self, receipt: bytes, signature: bytes) -> bool:
        return signature == receipt + receipt


class AnyPartner:
    """Rules that let every sketch pass, and totals that begin with the right word."""

    def check_sketch(self, sketch: bytes) -> None:
        assert len(sketch) == len(SKETCH)

    def own_totals(self, matched: Sequence[Order]) -> bytes:
        return b"totals of %d" % sum(map(len, matched))

    def accepts_totals(self, totals: bytes) -> bool:
        return totals.startswith(b"totals")


def ports_of(seed: str) -> Ports:
    return Ports(OpenSSLCurve(), counter_random(seed), PlainReceipts(), AnyPartner())


def inputs_of(seed: str) -> OwnInputs:
    """Return inputs that depend on a name alone."""
    drawn = [hashlib.sha256(f"{seed}/{n}".encode()).digest() for n in range(5)]
    return OwnInputs(drawn[0], SKETCH, drawn[1], drawn[2], lambda: drawn[3], drawn[4])


@dataclass
class Pair:
    """An initiator and a responder under the same parameters."""

    i: Session
    r: Session
    sides: dict[Role, list[Side]] = field(default_factory=dict)

    @classmethod
    def of(cls, left: Keys, right: Keys, p: Parameters, seed: str = "pair") -> "Pair":
        sides = {
            role: [side_of(own) for own in own_of(keys, p, role)]
            for role, keys in zip(Role, (left, right), strict=True)
        }
        started = [
            Session.start(role, p, inputs_of(f"{seed}/{role}"), sides[role], ports_of(f"{seed}/{role}"))
            for role in Role
        ]
        return cls(*started, sides)

    def session(self, role: Role) -> Session:
        return self.i if role is I else self.r

    def reader(self, kind: MessageType) -> Session:
        """The session that takes a message."""
        return self.r if kind % 2 else self.i

    def until(self, last: MessageType) -> list[Message]:
        """Run honestly up to and including the making of one message; return all made so far."""
        made = [self.i.offer(CHANNEL_KEY)]
        while made[-1].type is not last:
            made.append(take(self.reader(made[-1].type), made[-1].type, made[-1].body))
        return made

    def finish(self) -> list[Message]:
        made = self.until(T.RECEIPT)
        assert self.i.receive(made[-1].type, made[-1].body) is None
        return made


def take(session: Session, kind: MessageType, body: bytes) -> Message:
    """Take a message, decide to go on where that is asked, and return what is sent."""
    if kind is T.OFFER:
        return session.answer(CHANNEL_KEY, body)
    reply = session.receive(kind, body)
    made = session.consent() if session.decision else reply
    assert made is not None
    return made
