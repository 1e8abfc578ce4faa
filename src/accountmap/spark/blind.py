"""The own table of a session: padded, shuffled and blinded (psi-v1 §5.1), as psi.rounds does it on one machine."""

from dataclasses import dataclass
from functools import partial
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.curve.backends import make_curve
from accountmap.errors import UsageError
from accountmap.psi.suite import DUMMY_SPACE, KEY_DST, POINT_BYTES, key_message
from accountmap.psi.tables import Points
from accountmap.spark.frames import map_tables, numbered, settle
from accountmap.spark.points import pieces
from accountmap.spark.secret import SessionSecret

Index = npt.NDArray[np.int64]

PLACES = "segment int, place long, entity_id string, sort_key binary"


@dataclass(frozen=True)
class Layout:
    """What the agreement says of one side's table.

    Attributes:
        segments: in the order of the table; entities of other segments take no part.
        sizes: padded rows in each.
        slots: how many of the profile's take part: all, or the first alone.
    """

    segments: tuple[str, ...]
    sizes: tuple[int, ...]
    slots: int

    @property
    def rows(self) -> int:
        """Padded rows of the table."""
        return sum(self.sizes)

    @property
    def starts(self) -> tuple[int, ...]:
        """The first row of each segment."""
        return tuple(accumulate(self.sizes, initial=0))[:-1]


@dataclass(frozen=True)
class Blinded:
    """The own table under the secret of a session.

    Attributes:
        rows: row (a long from zero), points (32 bytes a slot): the column of message 1 or 2, once it is in order.
        origin: row, entity_id (null for padding). It stays here.
    """

    rows: DataFrame
    origin: DataFrame


def blind(entities: DataFrame, points: DataFrame, layout: Layout, secret: SessionSecret, folder: str) -> Blinded:
    """Lay entities out in padded segments, in a random order, and blind their points.

    Args:
        entities: entity_id, segment and off_limits, as prepare makes them; those that are off limits take no part.
            Leave out, too, those outside the agreement's joint filter.
        points: as make_points makes them.
        layout: segments and their padded sizes.
        secret: of this session, and of no other.
        folder: for intermediate tables and the result.

    Raises:
        UsageError: a segment holds more entities than its padded size.
    """
    places = _places(entities, layout, folder)
    keyed = map_tables(places, partial(_with_sort_keys, secret), PLACES)
    ordered = numbered(keyed, ["segment", "sort_key", "place"], "row", folder, "own-order")
    origin = settle(ordered.select("row", "segment", "place", "entity_id"), folder, "origin")
    laid = origin.join(points, "entity_id", "left").select("row", "segment", "place", "slots", "points")
    blinded = map_tables(laid, partial(_blind, secret, layout.slots), "row long, points binary")
    return Blinded(settle(blinded, folder, "blinded"), origin.select("row", "entity_id"))


def _places(entities: DataFrame, layout: Layout, folder: str) -> DataFrame:
    """Give each entity its place in its segment, by entity_id, and add the padding."""
    segment = F.array_position(F.array(*map(F.lit, layout.segments)), F.col("segment")).cast("int") - 1
    own = numbered(
        entities.where("not off_limits").select("entity_id", segment.alias("segment")).where("segment >= 0"),
        ["segment", "entity_id"],
        "at",
        folder,
        "entity-order",
    )
    held = {row["segment"]: row["count"] for row in own.groupBy("segment").count().collect()}
    counts = [held.get(number, 0) for number in range(len(layout.sizes))]
    if any(count > size for count, size in zip(counts, layout.sizes, strict=True)):
        raise UsageError("a segment holds more groups than the agreed size")
    starts = F.array(*map(F.lit, accumulate(counts, initial=0)))
    place = F.col("at") - F.element_at(starts, F.col("segment") + 1)
    places = own.select("segment", place.alias("place"), "entity_id")
    for number, (count, size) in enumerate(zip(counts, layout.sizes, strict=True)):
        padding = entities.sparkSession.range(count, size)
        places = places.union(padding.select(F.lit(number), "id", F.lit(None).cast("string")))
    return places


def _with_sort_keys(secret: SessionSecret, table: pa.Table) -> pa.Table:
    where = zip(table["segment"].to_pylist(), table["place"].to_pylist(), strict=True)
    keys = pa.array([secret.sort_key("own", segment, place) for segment, place in where], pa.binary())
    return table.append_column("sort_key", keys)


def _blind(secret: SessionSecret, slots: int, table: pa.Table) -> pa.Table:
    curve = make_curve(workers=1)
    row, slot, points = _held(table)
    taking_part = slot < slots
    row, slot = row[taking_part], slot[taking_part]
    absent = np.ones((len(table), slots), np.bool_)
    absent[row, slot] = False
    laid = np.empty((len(table), slots, POINT_BYTES), np.uint8)
    laid[row, slot] = points[taking_part]
    laid[absent] = curve.hash_to_curve(KEY_DST, _dummies(secret, absent, table))
    products = curve.multiply(secret.scalar, laid.reshape(-1, POINT_BYTES))
    ends = np.arange(len(table) + 1) * slots * POINT_BYTES
    return pa.table({"row": table["row"], "points": pieces(products.tobytes(), ends)})


def _held(table: pa.Table) -> tuple[Index, Index, Points]:
    """Read the points of a batch, each with its row in the batch and its slot."""
    slots, points = (pc.fill_null(table[name], b"") for name in ("slots", "points"))
    row = np.repeat(np.arange(len(table)), pc.binary_length(slots).to_numpy())
    slot = np.frombuffer(b"".join(slots.to_pylist()), np.uint8).astype(np.int64)
    return row, slot, np.frombuffer(b"".join(points.to_pylist()), np.uint8).reshape(-1, POINT_BYTES)


def _dummies(secret: SessionSecret, absent: npt.NDArray[np.bool_], table: pa.Table) -> list[bytes]:
    segment, place = table["segment"].to_pylist(), table["place"].to_pylist()
    empty = zip(*(axis.tolist() for axis in np.nonzero(absent)), strict=True)
    return [key_message(DUMMY_SPACE, secret.dummy_value(segment[row], place[row], slot)) for row, slot in empty]
