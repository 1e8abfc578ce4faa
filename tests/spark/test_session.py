"""Two companies that run the bulk of a session on Spark send the bytes that they would send from one machine."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import fs
from pyspark.sql import DataFrame, SparkSession

from accountmap.curve.openssl import OpenSSLCurve
from accountmap.errors import PeerError, UsageError
from accountmap.linkage.key_kinds import PROFILES
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import Prepared
from accountmap.psi import rounds, tables
from accountmap.psi.matching import Matching
from accountmap.psi.parameters import Parameters, Ports, Role
from accountmap.session.own_list import GroupOrder, group_order, key_points, make_groups, segment_of_entities
from accountmap.spark import (
    Blinded,
    Layout,
    SessionSecret,
    Tokens,
    blind,
    check_points,
    make_points,
    make_tokens,
    match,
    read_column,
    write_column,
)
from accountmap.trust.receipts import OneTimeAead
from tests.spark.lists import account_list

PROFILE = PROFILES["standard"]
SLOTS = len(PROFILE.slots)
SEGMENTS = ("customer", "opportunity", "prospect")
SESSION = bytes(range(32))


def secret_of(seed: str) -> SessionSecret:
    return SessionSecret.fresh(lambda size: hashlib.shake_256(seed.encode()).digest(size))


def order_of(prepared: Prepared) -> GroupOrder:
    return group_order(segment_of_entities(prepared, SEGMENTS), SEGMENTS, SEGMENTS)


def padded(prepared: Prepared) -> Layout:
    sizes = order_of(prepared).sizes
    return Layout(SEGMENTS, tuple(size + 5 for size in sizes), SLOTS)


def draws(secret: SessionSecret, table: str, layout: Layout) -> Iterator[bytes]:
    """Yield what a session here would draw, so that it makes the same choices as the partitions."""
    order = b"".join(
        secret.sort_key(table, segment, place)[::-1]  # psi.tables reads them little-endian
        for segment, size in enumerate(layout.sizes)
        for place in range(size)
    )
    yield from [secret.dummy_key, order, secret.scalar] if table == "own" else [order]


def ports(drawn: Iterator[bytes]) -> Ports:
    return Ports(OpenSSLCurve(), lambda _: next(drawn), OneTimeAead(), receipts=None)


@dataclass
class Side:
    """One company: its list here and on Spark, and what it sends."""

    role: Role
    prepared: Prepared
    layout: Layout
    secret: SessionSecret
    blinded: Blinded
    body: str

    def here(self, parameters: Parameters) -> rounds.Blinded:
        groups = make_groups(
            self.prepared, order_of(self.prepared), SLOTS, key_points(self.prepared, OpenSSLCurve())
        )
        return rounds.blind(groups, parameters, self.role, ports(draws(self.secret, "own", self.layout)))


def with_nothing_off_limits(spark: SparkSession, prepared: Prepared) -> DataFrame:
    return with_off_limits(spark, prepared, [False] * prepared.entities.num_rows)


def with_off_limits(spark: SparkSession, prepared: Prepared, flags: list[bool]) -> DataFrame:
    return spark.createDataFrame(prepared.entities.append_column("off_limits", pa.array(flags)))


def begin(spark: SparkSession, role: Role, folder: Path) -> Side:
    prepared = prepare_accounts(account_list(600, seed=7 + 4 * role), PROFILE)
    ids = prepared.entities["entity_id"]
    keys = prepared.keys.set_column(0, "entity_id", ids.take(prepared.keys["entity"]))
    points = make_points(spark.createDataFrame(keys), PROFILE)
    secret, layout = secret_of(f"side {role}"), padded(prepared)
    entities = with_nothing_off_limits(spark, prepared)
    blinded = blind(entities, points, layout, secret, (folder / "tables").as_uri())
    body = (folder / "body").as_uri()
    write_column(blinded.rows, "points", 32 * SLOTS, body)
    return Side(role, prepared, layout, secret, blinded, body)


@pytest.fixture(scope="module")
def sides(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Side, Side]:
    one, other = (begin(spark, role, tmp_path_factory.mktemp("side")) for role in Role)
    return one, other


@pytest.fixture(scope="module")
def parameters(sides: tuple[Side, Side]) -> Parameters:
    weights = tuple(slot.weight for slot in PROFILE.slots)
    one, other = sides
    return Parameters(bytes(32), weights, PROFILE.threshold, (one.layout.sizes, other.layout.sizes), 0, 64)


def content(body: str) -> bytes:
    store, root = fs.FileSystem.from_uri(body)
    files = sorted(file.path for file in store.get_file_info(fs.FileSelector(root)))
    return b"".join(Path(file).read_bytes() for file in files)


def test_the_points_of_the_first_messages_are_the_same_bytes(
    sides: tuple[Side, Side], parameters: Parameters
) -> None:
    for side in sides:
        assert content(side.body) == side.here(parameters).table.tobytes()


def tokens_on_spark(spark: SparkSession, ours: Side, theirs: Side, folder: str) -> Tokens:
    points = read_column(spark, theirs.body, "points", 32 * SLOTS, theirs.layout.rows, folder)
    check_points(points, ours.blinded.rows, SLOTS)
    return make_tokens(points, theirs.layout, ours.secret, SESSION, folder)


def tokens_here(ours: Side, theirs: Side, parameters: Parameters) -> np.ndarray:
    products = OpenSSLCurve().multiply(ours.secret.scalar, theirs.here(parameters).table)
    made = tables.tokens(rounds.token_prefix(SESSION), products)
    drawn = ports(draws(ours.secret, "theirs", theirs.layout))
    return rounds.shuffle_tokens(made, parameters, theirs.role, drawn)[0]


def test_tokens_and_matches_are_the_same(
    spark: SparkSession, sides: tuple[Side, Side], parameters: Parameters, tmp_path: Path
) -> None:
    one, other = sides
    u = tokens_on_spark(spark, other, one, (tmp_path / "u").as_uri())
    v = tokens_on_spark(spark, one, other, (tmp_path / "v").as_uri())
    u_here, v_here = tokens_here(other, one, parameters), tokens_here(one, other, parameters)
    for made, here in ((u, u_here), (v, v_here)):
        rows = made.rows.orderBy("row").toArrow()
        assert b"".join(rows["tokens"].to_pylist()) == here.tobytes()
    matched = match(u.rows, v.rows, parameters.weights, parameters.threshold).orderBy("u").collect()
    expected = rounds.match(u_here, v_here, parameters)
    assert len(expected) > 50
    assert [(row["u"], row["v"], row["weight"]) for row in matched] == triples(expected)
    edges = [(at, *edge) for at, row in enumerate(matched) for edge in row["edges"]]
    assert edges == list(
        zip(*map(list, (expected.edge_match, expected.edge_u_slot, expected.edge_v_slot)), strict=True)
    )


def triples(matching: Matching) -> list[tuple[int, int, int]]:
    return list(zip(matching.u.tolist(), matching.v.tolist(), matching.weight.tolist(), strict=True))


def test_points_that_are_not_as_the_protocol_allows_are_refused(
    spark: SparkSession, sides: tuple[Side, Side]
) -> None:
    one, other = sides
    honest = np.frombuffer(content(other.body), np.uint8).reshape(-1, SLOTS, 32)
    own = np.frombuffer(content(one.body), np.uint8).reshape(-1, SLOTS, 32)
    for place, value, why in (
        (0, b"\xff" * 32, "not canonical"),
        (1, honest[0, 0].tobytes(), "twice"),
        (2, own[3, 1].tobytes(), "our own"),
    ):
        spoilt = honest.copy()
        spoilt[place, 0] = np.frombuffer(value, np.uint8)
        rows = [(at, row.tobytes()) for at, row in enumerate(spoilt)]
        with pytest.raises(PeerError, match=why):
            check_points(spark.createDataFrame(rows, "row long, points binary"), one.blinded.rows, SLOTS)


def test_a_point_of_low_order_is_refused(spark: SparkSession, sides: tuple[Side, Side], folder: str) -> None:
    one, _ = sides
    rows = spark.createDataFrame([(0, bytes([1]) + bytes(31))], "row long, points binary")
    with pytest.raises(PeerError, match="low order"):
        make_tokens(rows, Layout(("customer",), (1,), 1), one.secret, SESSION, folder)


def test_a_column_of_another_length_than_agreed_is_refused(spark: SparkSession, sides: tuple[Side, Side]) -> None:
    one, _ = sides
    with pytest.raises(PeerError, match="length"):
        read_column(spark, one.body, "points", 32 * SLOTS, one.layout.rows + 1, one.body)


def test_a_segment_that_has_outgrown_its_padding_is_refused(
    spark: SparkSession, sides: tuple[Side, Side], folder: str
) -> None:
    one, _ = sides
    entities = with_nothing_off_limits(spark, one.prepared)
    points = spark.createDataFrame([], "entity_id string, slots binary, points binary")
    with pytest.raises(UsageError, match="more groups"):
        blind(entities, points, Layout(SEGMENTS, (1, 1, 1), SLOTS), one.secret, folder)


def test_what_is_off_limits_is_not_blinded(spark: SparkSession, sides: tuple[Side, Side], tmp_path: Path) -> None:
    one = sides[0]
    flags = [number % 5 == 0 for number in range(one.prepared.entities.num_rows)]
    no_points = spark.createDataFrame([], "entity_id string, slots binary, points binary")
    entities = with_off_limits(spark, one.prepared, flags)
    blinded = blind(entities, no_points, one.layout, one.secret, tmp_path.as_uri())
    placed = {row["entity_id"] for row in blinded.origin.where("entity_id is not null").collect()}
    ids = one.prepared.entities["entity_id"].to_pylist()
    assert placed == {name for name, off in zip(ids, flags, strict=True) if not off}
    assert blinded.origin.count() == one.layout.rows
