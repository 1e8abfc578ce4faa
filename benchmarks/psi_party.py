"""One party of benchmarks/psi.py, as a process of its own, with its clocks."""

import argparse
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from loky import get_reusable_executor

from accountmap.curve.backends import make_curve
from accountmap.model import Role, Strength, WeakSlots
from accountmap.parallel import joined
from accountmap.psi.codec import Bits, Bytes2D, Message, Order
from accountmap.psi.hash_to_curve import LazyMessages
from accountmap.psi.inputs import OwnInputs
from accountmap.psi.parameters import ALWAYS, MatchClass, MessageType, Parameters, Rectangle, Slot
from accountmap.psi.ports import Curve, Points, Ports, Side
from accountmap.psi.session import Session
from accountmap.psi.suite import KEY_DST, key_prefix
from accountmap.psi.tables import Groups, NumpyTables

T = TypeVar("T")

SPACE = b"name"
SKETCH = bytes(16)


@dataclass
class Marks:
    """Seconds since the start, and the resources used.

    Attributes:
        rows: when the own matched rows are known: the session asks for their keys, to begin the key exchanges.
        exchange: from `rows` to the next message sent, a time spent on the key exchanges.
        sealed: when the session is over.
        stages: seconds up to `rows`, by stage.
    """

    rows: float = 0.0
    exchange: float = 0.0
    sealed: float = 0.0
    cpu: float = 0.0
    peak_mb: float = 0.0
    workers_mb: float = 0.0
    sent: int = 0
    stages: dict[str, float] = field(default_factory=dict)


class Clock:
    """Time since the start, and time by stage until the rows are known."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self.marks = Marks(stages={"keys": 0.0, "hash": 0.0, "multiply": 0.0, "wait": 0.0})

    @property
    def now(self) -> float:
        return time.monotonic() - self._start

    def timed(self, stage: str, work: Callable[[], T]) -> T:
        begun = self.now
        result = work()
        if not self.marks.rows:
            self.marks.stages[stage] += self.now - begun
        return result

    def rows_known(self) -> None:
        if not self.marks.rows:
            self.marks.rows = self.now
            self.marks.stages["rest"] = self.now - sum(self.marks.stages.values())


class TimedCurve:
    """A backend that is timed."""

    def __init__(self, curve: Curve, clock: Clock) -> None:
        self._curve, self._clock = curve, clock

    def hash_to_curve(self, dst: bytes, messages: Sequence[bytes]) -> Points:
        return self._clock.timed("hash", lambda: self._curve.hash_to_curve(dst, messages))

    def multiply(self, scalar: bytes, points: Points) -> Points:
        return joined(self.multiply_parts(scalar, points), len(points))

    def multiply_parts(self, scalar: bytes, points: Points) -> Iterator[Points]:
        parts = self._curve.multiply_parts(scalar, points)
        while (part := self._clock.timed("multiply", lambda: next(parts, None))) is not None:
            yield part

    def multiply_each(self, scalars: Bytes2D, points: Points) -> Points:
        return self._curve.multiply_each(scalars, points)


class NoReceipts:
    """No signatures: there is one receipt in a session, too fast to be seen here."""

    def sign(self, receipt: bytes) -> bytes:
        return receipt * 2

    def verify(self, receipt: bytes, signature: bytes) -> bool:
        return signature == receipt * 2


class AnyPartner:
    """Accepts any sketch and totals, unread."""

    def check_sketch(self, sketch: bytes) -> None:
        assert sketch == SKETCH

    def own_totals(self, matched: Sequence[Order]) -> bytes:
        assert len(matched) == 1
        return b""

    def accepts_totals(self, totals: bytes) -> bool:
        return not totals


@dataclass
class Opened:
    """Some entities, looked up, with sixteen bytes as their fields."""

    messages: LazyMessages
    slots: int
    entities: list[int]

    def key(self, place: int, slot: int) -> bytes:
        return self.messages[self.entities[place] * self.slots + slot]

    def fields(self, place: int) -> bytes:
        return self.entities[place].to_bytes(16, "big")


@dataclass
class Own:
    """All entities of a party, with every slot filled."""

    messages: LazyMessages
    slots: int
    size: int
    clock: Clock

    @property
    def sizes(self) -> tuple[int, ...]:
        return (self.size,)

    def bits(self) -> Bits:
        return np.zeros(self.size, np.uint8)

    def open(self, entities: Order) -> Opened:
        self.clock.rows_known()
        return Opened(self.messages, self.slots, entities.tolist())

    def accepts(self, fields: bytes) -> bool:
        return len(fields) == 16


def read_messages(file: Path) -> LazyMessages:
    with pq.ParquetFile(file) as parquet:
        values = parquet.read()["value"].combine_chunks().cast(pa.binary())

    prefix = key_prefix(SPACE)

    def make(start: int, stop: int) -> list[bytes]:
        return [prefix + value for value in values[start:stop].to_pylist()]

    return LazyMessages(len(values), make)


def save_points(file: Path, options: argparse.Namespace) -> None:
    """Save the points of the keys beside the keys."""
    points = make_curve(options.backend, options.workers).hash_to_curve(KEY_DST, read_messages(file))
    np.save(_cache(file), points)


def _cache(file: Path) -> Path:
    return file.with_suffix(".points.npy")


def run_party(role: Role, file: Path, pipe: Connection, options: argparse.Namespace) -> None:
    """Run one side and send its marks through the pipe at the end."""
    pipe.send("ready")
    pipe.recv()
    cpu, clock = cpu_seconds(), Clock()
    curve = TimedCurve(make_curve(options.backend, options.workers), clock)
    messages = clock.timed("keys", lambda: read_messages(file))

    def points() -> Points:
        return np.load(_cache(file)) if options.cached else curve.hash_to_curve(KEY_DST, messages)

    groups = Groups(np.ones((options.size, options.slots), np.bool_), points)
    side = Side(Own(messages, options.slots, options.size, clock), NumpyTables(curve, groups))
    ports = Ports(curve, secrets.token_bytes, NoReceipts(), AnyPartner())
    own = OwnInputs(
        secrets.token_bytes(32), SKETCH, secrets.token_bytes(32), bytes(32), lambda: bytes(32), bytes(32)
    )
    session = Session.start(role, parameters(options), own, [side], ports)
    converse(session, role, pipe, clock)
    marks = clock.marks
    marks.sealed = clock.now
    assert session.result is not None
    assert len(session.result.comparisons[0]) == options.size // 2
    marks.workers_mb = sum(peak_mb(child) for child in children())
    if children():
        get_reusable_executor().shutdown()  # the time of workers counts when they have ended
    marks.cpu, marks.peak_mb = cpu_seconds() - cpu, peak_mb("self")
    pipe.send(marks)


def parameters(options: argparse.Namespace) -> Parameters:
    """Slots of one name space, and a rule that reveals every match."""
    slots = tuple(Slot(SPACE, options.slots - n, Strength.STRONG) for n in range(options.slots))
    sure = MatchClass(tuple(range(options.slots)), sure=True, reveal_up_to=ALWAYS)
    return Parameters(
        context=bytes(32),
        slots=slots,
        weak=WeakSlots.NONE,
        threshold=1,
        classes=(sure,),
        rectangles=(Rectangle(((0,), (0,)), 16),),
        sizes=((options.size,), (options.size,)),
        sketch_bytes=(len(SKETCH), len(SKETCH)),
        totals_bytes=(0, 0),
        channel_key_bytes=0,
    )


def converse(session: Session, role: Role, pipe: Connection, clock: Clock) -> None:
    """Exchange all messages, agreeing to everything."""
    marks = clock.marks
    reply: Message | None
    if role is Role.INITIATOR:
        reply = session.offer(b"")
    else:
        reply = session.answer(b"", clock.timed("wait", lambda: receive_body(pipe)))
    for kind in [MessageType(n) for n in range(3 if role else 2, 11, 2)]:
        marks.sent += send_body(pipe, reply)
        if marks.rows and not marks.exchange:
            marks.exchange = clock.now - marks.rows
        session.prepare()
        reply = session.receive(kind, clock.timed("wait", lambda: receive_body(pipe)))
        if session.decision:
            reply = session.consent()
    if reply:
        marks.sent += send_body(pipe, reply)


def send_body(pipe: Connection, message: Message) -> int:
    """Send a body part by part, behind their lengths, and return its length."""
    pipe.send([len(part) for part in message.parts])
    for part in message.parts:
        pipe.send_bytes(part)
    return message.length


def receive_body(pipe: Connection) -> memoryview:
    """Receive a body into one buffer."""
    lengths = pipe.recv()
    body, at = bytearray(sum(lengths)), 0
    for length in lengths:
        pipe.recv_bytes_into(body, at)
        at += length
    return memoryview(body).toreadonly()


def relay_body(source: Connection, target: Connection) -> None:
    """Carry a body from one party to the other."""
    lengths = source.recv()
    target.send(lengths)
    for _ in lengths:
        target.send_bytes(source.recv_bytes())


def cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def children() -> list[str]:
    """Return the process ids of the workers (Linux)."""
    return [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]


def peak_mb(pid: str) -> float:
    """Return the most memory that a process has used (Linux). ru_maxrss would count its parent's before exec."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
