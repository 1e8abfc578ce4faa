"""A party whose tables are Spark's and one on a single machine take each other's messages, from the offer on.

Each message of the one on Spark is compared with what a session here sends that draws the same randomness.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from accountmap.psi.phases import Counted, Done, Message
from accountmap.psi.state import dump
from pyspark.sql import SparkSession

from accountmap.errors import PeerError
from accountmap.model import Role
from accountmap.psi.parameters import MessageType, Parameters, Ports
from accountmap.psi.session import Session
from accountmap.spark import SessionSecret, SessionTables, TableSession
from tests.psi.sessions import I, Keys, Own, Pair, R, groups_of, parameters, ports_of
from tests.spark.test_session import draws

SEGMENTS = ("customer", "prospect")
SPACES = ("domain", "name", "name")
T = MessageType


def keys_of(own: str) -> Keys:
    """Twenty entities in two segments: every other one has some keys that the partner's list has too."""

    def entity(number: int) -> list[str | None]:
        who = "both" if number % 2 else own
        return [
            f"{who}{number}.com" if number % 5 else None,
            f"{who} {number}",
            None if number % 3 else f"{own}{number}",
        ]

    return [[entity(n) for n in range(8)], [entity(n) for n in range(8, 20)]]


KEYS = {I: keys_of("acme"), R: keys_of("globex")}
P = parameters(((9, 14), (10, 13)))


def tables_of(
    spark: SparkSession, role: Role, folder: str, keys: Keys | None = None, p: Parameters = P
) -> SessionTables:
    """Put one side's list into Spark; its entities are called by their places in it."""
    keys = keys or KEYS[role]
    groups = groups_of(keys, SPACES)
    assert groups.points is not None
    ends = np.cumsum(groups.present.sum(axis=1)).tolist()
    ids = [f"e{number:03}" for number in range(len(ends))]
    segment = [name for name, size in zip(SEGMENTS, groups.sizes, strict=True) for _ in range(size)]
    points = [groups.points[start:end].tobytes() for start, end in zip([0, *ends], ends, strict=False)]
    slots = [np.flatnonzero(row).astype(np.uint8).tobytes() for row in groups.present]
    rows = [row for part in keys for row in part]

    def open_entities(wanted: list[str]) -> Own:
        return Own([[rows[int(each[1:])] for each in wanted]], SPACES, role.name)

    entities = spark.createDataFrame(
        pa.table({"entity_id": ids, "segment": segment, "off_limits": [False] * len(ids)})
    )
    held = spark.createDataFrame(pa.table({"entity_id": ids, "slots": slots, "points": points}))
    return SessionTables(spark, role, p, SEGMENTS, entities, held, open_entities, folder)


class Drawn:
    """Randomness that is written down, so that a session here can draw the same."""

    def __init__(self, ports: Ports) -> None:
        self._ports, self.all = ports, list[bytes]()

    def ports(self) -> Ports:
        return replace(self._ports, random=self._random)

    def _random(self, size: int) -> bytes:
        self.all.append(self._ports.random(size))
        return self.all[-1]

    def as_here(self, tables: SessionTables) -> Iterator[bytes]:
        """Yield it in the order in which psi's session asks: blinding, then the nonce, or the other way round."""
        secret = SessionSecret(*self.all[1:4])
        nonce, own = self.all[:1], draws(secret, "own", tables.own)
        yield from [*nonce, *own] if tables.role is I else [*own, *nonce]
        yield from draws(secret, "theirs", tables.theirs)
        yield from self.all[4:]


class Resumed(TableSession):
    """A session that is written down and read back before every step."""

    def answer(self, channel_key: bytes, body: bytes) -> Message:
        message = super().answer(channel_key, body)
        self._again()
        return message

    def receive(self, kind: MessageType, body: bytes) -> Message | None:
        message = super().receive(kind, body)
        self._again()
        return message

    def _again(self) -> None:
        read = TableSession.resume(self.tables, self._setting.ports, b"".join(self.dump()))
        self._setting, self._phase, self._held, self.ids = read._setting, read._phase, read._held, read.ids


@pytest.mark.parametrize("role", Role, ids=lambda role: role.name.lower())
def test_all_messages_are_those_of_a_session_here(spark: SparkSession, folder: str, role: Role) -> None:
    tables, drawn = tables_of(spark, role, folder), Drawn(ports_of("on Spark"))
    on_spark = Resumed(tables, drawn.ports())
    partner = session_here(Role(1 - role), ports_of("partner"))
    pair = Pair(on_spark, partner) if role is I else Pair(partner, on_spark)
    made = pair.finish()

    order = drawn.as_here(tables)
    here = session_here(role, replace(ports_of(""), random=lambda _: next(order)))
    pair_here = (
        Pair(here, session_here(R, ports_of("partner")))
        if role is I
        else Pair(session_here(I, ports_of("partner")), here)
    )
    for one, other in zip(made, pair_here.finish(), strict=True):
        assert one.body == other.body, one.type
    found, expected = on_spark.result, here.result
    assert found is not None
    assert expected is not None
    assert len(found.group) == 10
    ids = [f"e{number:03}" for number in expected.group.tolist()]
    assert list(on_spark.ids) == ids
    assert dump(replace(found, group=expected.group)) == dump(expected)


def session_here(role: Role, ports: Ports) -> Session:
    return Session.start(role, P, groups_of(KEYS[role], SPACES), Own(KEYS[role], SPACES, role.name), ports)


def test_a_session_in_which_nothing_matches_ends_as_others(spark: SparkSession, folder: str) -> None:
    keys: Keys = [[["only-here.com", "only here", None]], []]
    tables = tables_of(spark, R, folder, keys)
    pair = Pair(session_here(I, ports_of("partner")), Resumed(tables, ports_of("on Spark")))
    pair.finish()
    for side in (pair.i, pair.r):
        assert isinstance(side.result, Done)
        assert not len(side.result)
    assert pair.i.result.receipt == pair.r.result.receipt  # type: ignore[union-attr] # both are Done


def test_a_session_that_only_counts_ends_after_the_preview(spark: SparkSession, folder: str) -> None:
    p = replace(P, weights=P.weights[:1], reveals=False)
    tables = tables_of(spark, R, folder, p=p)
    first = [[[key] for key, *_ in segment] for segment in KEYS[I]]
    here = Session.start(I, p, groups_of(first, SPACES[:1]), Own(first, SPACES, "here"), ports_of("partner"))
    pair = Pair(here, Resumed(tables, ports_of("on Spark")))
    message = pair.until(T.PREVIEW_OPENING)[-1]
    assert here.receive(message.type, message.body) is None
    assert isinstance(here.result, Counted)
    assert isinstance(pair.r.result, Counted)
    assert here.result.counts.tolist() == pair.r.result.counts.tolist()
    assert here.result.counts.sum() > 5


@pytest.fixture(scope="module")
def revealing(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """An initiator on Spark that has consented, and a responder here whose message 6 it awaits."""
    tables = tables_of(spark, I, tmp_path_factory.mktemp("revealing").as_uri())
    yield Pair(TableSession(tables, ports_of("on Spark")), session_here(R, ports_of("partner")))


@pytest.fixture(scope="module")
def message_6(revealing: Pair) -> bytes:
    return revealing.until(T.REVEAL_OPENING)[-1].body


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([0, 0], "a row twice"),
        ([10_000], "does not exist"),
        ([P.sizes[0][0]], "another segment"),
    ],
)
def test_rows_that_the_partner_may_not_name_are_refused(
    revealing: Pair, message_6: bytes, rows: list[int], why: str
) -> None:
    named = b"".join(row.to_bytes(4, "big") for row in rows)
    start = 32 + P.rows(I) * P.slots * 16
    spoilt = message_6[:start] + named + message_6[start + len(named) :]
    session = revealing.i.fork()
    with pytest.raises(PeerError, match=why):
        session.receive(T.REVEAL_OPENING, spoilt)
    assert session.stopped is not None
    assert not session.due


def test_a_row_without_the_shared_key_is_refused(revealing: Pair, message_6: bytes) -> None:
    start = 32 + P.rows(I) * P.slots * 16
    named = [message_6[at : at + 4] for at in range(start, len(message_6), 4)]
    of_first = [at for at, row in enumerate(named) if int.from_bytes(row, "big") < P.sizes[0][0]]
    one, other = of_first[0], of_first[1]
    for at, row in ((one, named[other]), (other, named[one])):
        message_6 = message_6[: start + 4 * at] + row + message_6[start + 4 * at + 4 :]
    with pytest.raises(PeerError, match="key"):
        revealing.i.fork().receive(T.REVEAL_OPENING, message_6)


def test_a_table_that_is_not_the_one_committed_to_is_refused(revealing: Pair, message_6: bytes) -> None:
    spoilt = message_6[:40] + bytes([message_6[40] ^ 1]) + message_6[41:]
    with pytest.raises(PeerError, match="commitment"):
        revealing.i.fork().receive(T.REVEAL_OPENING, spoilt)


@pytest.mark.parametrize("swapped", [(0, 1), (9, 10)], ids=["out of order", "another segment"])
@pytest.mark.usefixtures("message_6")
def test_a_preview_column_that_is_not_in_order_is_refused(
    revealing: Pair, folder: str, swapped: tuple[int, int]
) -> None:
    assert isinstance(revealing.i, TableSession)
    tables = revealing.i.tables
    partner = replace(tables, role=R, folder=folder)
    column = [tables.made_preview()[at : at + 16].tobytes() for at in range(0, 16 * partner.own.rows, 16)]
    column[swapped[0]], column[swapped[1]] = column[swapped[1]], column[swapped[0]]
    with pytest.raises(PeerError, match="out of order"):
        partner.take_preview(memoryview(b"".join(column)), "message 3")


@pytest.mark.usefixtures("message_6")
def test_a_partner_may_stop_only_where_the_protocol_lets_it(revealing: Pair) -> None:
    with pytest.raises(PeerError, match="not due"):
        revealing.i.fork().receive(T.STOP, b"")
