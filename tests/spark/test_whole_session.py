"""A party whose tables are Spark's and one on a single machine take each other's messages, from the offer on.

Each message of the one on Spark is compared with what a session here sends from the same seed and randomness.
"""

import copy
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from accountmap.curve.backends import OpenSSLCurve
from accountmap.model import Role, WeakSlots
from accountmap.psi.codec import RefusalError
from accountmap.psi.parameters import Parameters
from accountmap.psi.ports import Side
from accountmap.psi.session import Session
from accountmap.psi.suite import KEY_DST
from accountmap.spark import SparkTables
from tests.psi.sessions import CHANNEL_KEY, I, Keys, Own, Pair, R, T, inputs_of, own_of, parameters, ports_of

LOW_ORDER = bytes([1]) + bytes(31)


def keys_of(own: str) -> Keys:
    """Twenty entities in two segments: every other one has some keys that the partner's list has too."""

    def entity(number: int) -> list[str | None]:
        who = "both" if number % 2 else own
        return [
            f"{who}{number}.com" if number % 5 else None,
            f"{who} {number}",
            None if number % 3 else f"{own}{number}|DE",
            f"word {who} {number}" if number % 7 == 0 else None,
        ]

    return [[entity(n) for n in range(8)], [entity(n) for n in range(8, 20)]]


KEYS = {I: keys_of("acme"), R: keys_of("globex")}
SIZES = ((9, 14), (10, 13))
P = parameters(SIZES)


def tables_of(spark: SparkSession, own: Own, folder: str) -> SparkTables:
    """Put one side's entities into Spark, with keys of all slots."""
    p, curve = own.p, OpenSSLCurve()
    columns: dict[str, list[object]] = {name: [] for name in ("segment", "place", "slots", "points")}
    first = 0
    opened = own.open(np.arange(len(own.entities)))
    for segment, entities in enumerate(own.segments):
        for place in range(len(entities)):
            held = {slot: opened.key(first + place, slot) for slot in range(len(p.slots))}
            keys = {slot: key for slot, key in held.items() if key is not None}
            row = (segment, place, bytes(keys), curve.hash_to_curve(KEY_DST, list(keys.values())).tobytes())
            for name, value in zip(columns, row, strict=True):
                columns[name].append(value)
        first += len(entities)
    types = (pa.int64(), pa.int64(), pa.binary(), pa.binary())
    schema = pa.schema(list(zip(columns, types, strict=True)))
    frame = spark.createDataFrame(pa.table(columns, schema=schema))
    return SparkTables(spark, frame, len(p.sent), folder)


def on_spark(
    spark: SparkSession, role: Role, folder: str, p: Parameters = P, keys: Keys | None = None
) -> list[Side]:
    owned = own_of(keys or KEYS[role], p, role)
    return [Side(own, tables_of(spark, own, f"{folder}/{n}")) for n, own in enumerate(owned)]


class Resumed(Session):
    """A session that is written down and read back after every step."""

    def answer(self, channel_key: bytes, body: bytes) -> object:
        return self._again(super().answer(channel_key, body))

    def receive(self, kind: T, body: bytes) -> object:
        return self._again(super().receive(kind, body))

    def consent(self) -> object:
        return self._again(super().consent())

    def _again(self, made: object) -> object:
        s, saved = self._setting, b"".join(self.dump())
        read = Session.restore(s.role, s.parameters, s.own, s.sides, s.ports, saved)
        self._state, self._progress = read._state, read._progress
        return made


def start(role: Role, sides: list[Side], p: Parameters = P) -> Session:
    return Resumed.start(role, p, inputs_of(f"pair/{role}"), sides, ports_of(f"pair/{role}"))


@pytest.mark.usefixtures("two_partitions")
def test_all_messages_are_those_of_a_session_here(spark: SparkSession, folder: str) -> None:
    here = Pair.of(KEYS[I], KEYS[R], P)
    there = Pair(*(start(role, on_spark(spark, role, f"{folder}/{role}")) for role in Role))
    for one, other in zip(there.finish(), here.finish(), strict=True):
        assert one.body == other.body, one.type
    for role in Role:
        found, expected = (pair.session(role).result for pair in (there, here))
        assert found is not None
        assert expected is not None
        assert found.receipt == expected.receipt
        assert len(found.comparisons[0]) > 5
        for made, wanted in zip(found.comparisons, expected.comparisons, strict=True):
            for name, column in vars(made).items():
                assert np.array_equal(column, vars(wanted)[name]), name


def test_a_session_in_which_nothing_matches_ends_as_others(spark: SparkSession, folder: str) -> None:
    keys: Keys = [[["only-here.com", "only here", None, None]], []]
    p = parameters(SIZES, weak=WeakSlots.NONE)
    pair = Pair.of(KEYS[I], keys, p)
    pair.r = start(R, on_spark(spark, R, folder, p, keys), p)
    pair.finish()
    for session in (pair.i, pair.r):
        assert session.result is not None
        assert not len(session.result.comparisons[0])
    assert pair.i.result.receipt == pair.r.result.receipt


@pytest.fixture(scope="module")
def waiting(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """An initiator on Spark that has consented, and a responder here whose message 4 it awaits."""
    pair = Pair.of(KEYS[I], KEYS[R], P)
    folder = tmp_path_factory.mktemp("waiting").as_uri()
    pair.i = Session.start(I, P, inputs_of("pair/0"), on_spark(spark, I, folder), ports_of("pair/0"))
    yield pair


@pytest.fixture(scope="module")
def messages(waiting: Pair) -> dict[T, bytes]:
    return {message.type: message.body for message in waiting.until(T.RESPONDER_POINTS)}


@pytest.mark.parametrize("rule", ["canonical", "repeated", "own", "low-order", "same-product"])
def test_points_that_are_not_as_the_protocol_allows_are_refused(
    waiting: Pair, messages: dict[T, bytes], rule: str
) -> None:
    body = messages[T.RESPONDER_POINTS]
    other = int.from_bytes(body[-64:-32], "little")
    instead = {
        "canonical": b"\xff" * 32,
        "repeated": body[-96 - 64 : -64 - 64],
        "own": messages[T.INITIATOR_POINTS][-32:],
        "low-order": LOW_ORDER,
        "same-product": pow(other, -1, 2**255 - 19).to_bytes(32, "little"),
    }
    with pytest.raises(RefusalError) as refused:
        copy.copy(waiting.i).receive(T.RESPONDER_POINTS, body[:-32] + instead[rule])
    assert refused.value.rule == rule


def test_a_token_that_occurs_twice_is_refused(spark: SparkSession, folder: str) -> None:
    pair = Pair.of(KEYS[I], KEYS[R], P)
    pair.r = start(R, on_spark(spark, R, folder))
    body = pair.until(T.TOKENS)[-1].body
    with pytest.raises(RefusalError) as refused:
        copy.copy(pair.r).receive(T.TOKENS, body[:-16] + body[8:24])
    assert refused.value.rule == "repeated-token"
    assert pair.r.receive(T.TOKENS, body) is None
    assert len(pair.r.claimed) == 2


def test_a_state_that_was_not_written_on_spark_is_refused(spark: SparkSession, folder: str) -> None:
    here = Pair.of(KEYS[I], KEYS[R], P)
    here.i.offer(CHANNEL_KEY)
    here.i.prepare()
    saved = b"".join(here.i.dump())
    with pytest.raises(Exception, match="cannot be read"):
        Session.restore(I, P, inputs_of("pair/0"), on_spark(spark, I, folder), ports_of("pair/0"), saved)
