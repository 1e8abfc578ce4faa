"""psi's Tables over DataFrames: points and tokens of one comparison that outgrow one machine (psi-v2 §7.3, §7.4).

Tables are stored in the comparison's folder, and are read from there. The driver has in memory the column that a
message carries, row numbers and presence bits; what the rounds do with them is in psi.comparison, as for lists in
memory.

A party's secrets reach the workers only as values inside the functions that they run: not in the settings, not in
a column, and above all not in an expression, because expressions are in the plans that Spark logs and shows.
docs/scaling.md says where Spark keeps such functions, and what to set.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.curve.backends import make_curve
from accountmap.psi.codec import Order, RefusalError, require
from accountmap.psi.inputs import ComparisonSecrets
from accountmap.psi.ports import Layout, Points, PointTable, TokenTable
from accountmap.psi.suite import KEY_DST, POINT_BYTES, TOKEN_BYTES, Body
from accountmap.psi.tables import check_points, dummy_messages, segment_of_rows, tokens
from accountmap.spark.bodies import lay_out, read_back, read_column, write_column
from accountmap.spark.frames import checkpoint, map_tables, pieces

_OWN: Final = b"own points"
_THEIRS: Final = b"partner's tokens"
"""What a checkpoint contains in place of tables that are in the folder."""


@dataclass(frozen=True)
class BlindingSecrets:
    """What workers need to make our own table; they never get the seed.

    Attributes:
        scalar: multiplies all points.
        dummies: for each of our segments, what its dummies are made from.
        slots: numbers of the slots that are sent.
    """

    scalar: bytes = field(repr=False)
    dummies: tuple[bytes, ...] = field(repr=False)
    slots: tuple[int, ...]


@dataclass(frozen=True, repr=False)
class SparkTables:
    """psi's Tables in Spark.

    Attributes:
        spark: the Spark session.
        entities: the entities of the rectangle: segment (its number), place (of the entity among those of its
            segment), slots (one byte for each key), points (32 bytes each, in that order).
        columns: how many slots are sent.
        folder: of this comparison and no other, which all workers can reach. Our own points are stored there
            blinded, and row numbers in clear: guard it like the list, and empty it after the session.
    """

    spark: SparkSession
    entities: DataFrame
    columns: int
    folder: str

    def blind(self, layout: Layout, secrets: ComparisonSecrets) -> PointTable:
        """Lay out our own points and dummies, and multiply them with the secret."""
        segment = segment_of_rows(layout.order, layout.sizes)
        starts = np.cumsum([0, *layout.sizes])[:-1]
        rows = {"row": np.arange(len(segment)), "segment": segment, "place": layout.order - starts[segment]}
        laid = self.spark.createDataFrame(pa.table(rows)).join(self.entities, ["segment", "place"], "left")
        dummies = tuple(map(secrets.dummies, range(len(layout.sizes))))
        for_workers = BlindingSecrets(secrets.scalar, dummies, layout.slots)
        made = laid.select("row", "segment", "place", "slots", "points")
        blinded = map_tables(made, partial(_blind, for_workers), "row long, points binary")
        self.write(checkpoint(blinded, self.folder, "own"), "points", POINT_BYTES * self.columns, "own-column")
        return SparkPoints(self)

    def load_points(self, saved: Body) -> PointTable:
        """Return the table of points, which is in the folder."""
        require_saved(saved, _OWN)
        return SparkPoints(self)

    def load_tokens(self, saved: Body) -> TokenTable:
        """Return the table of tokens, which is in the folder."""
        require_saved(saved, _THEIRS)
        return SparkTokens(self)

    def table(self, name: str) -> DataFrame:
        """Read a table of the folder."""
        return self.spark.read.parquet(f"{self.folder}/{name}")

    def write(self, rows: DataFrame, column: str, width: int, name: str) -> None:
        """Write a column of a message, after removing what an earlier attempt left."""
        place = f"{self.folder}/{name}"
        lay_out(memoryview(b""), width, place)
        write_column(rows, column, width, place)

    def read(self, column: Body, name: str, width: int) -> DataFrame:
        """Put a column of a message into a table of our own, with the number of each row."""
        place = f"{self.folder}/shown-{name}"
        lay_out(memoryview(column), width, place)
        return read_column(self.spark, place, name, width, len(column) // width, f"{self.folder}/shown")


@dataclass(frozen=True, repr=False)
class SparkPoints:
    """psi's PointTable in Spark."""

    tables: SparkTables

    @property
    def body(self) -> Body:
        """The points, as they are in a message."""
        return read_back(f"{self.tables.folder}/own-column").data

    def tokens_of(self, points: Body, scalar: bytes, prefix: bytes) -> TokenTable:
        """Check the partner's points, multiply them, and shorten the products."""
        tables, columns = self.tables, self.tables.columns
        theirs = tables.read(points, "points", POINT_BYTES * columns)
        make = partial(_tokens, scalar, prefix, columns)
        schema = "row long, tokens binary, rule string, low_order boolean"
        settled = checkpoint(map_tables(theirs, make, schema), tables.folder, "tokens")
        found = settled.select("rule", "low_order").distinct().collect()
        self._check_points(theirs, {row["rule"] for row in found})
        require(not any(row["low_order"] for row in found), "low-order", "a point has low order")
        repeats = has_repeats(settled, "tokens", columns, TOKEN_BYTES)
        require(not repeats, "same-product", "two points have the same product")
        return SparkTokens(tables)

    def _check_points(self, theirs: DataFrame, found: set[str | None]) -> None:
        """Refuse points for what workers found in their batches, or because two of them are equal."""
        columns = self.tables.columns
        require("canonical" not in found, "canonical", "a coordinate is not canonical")
        own = self.tables.table("own").select("points")
        if "repeated" in found or has_repeats(theirs.select("points").union(own), "points", columns, POINT_BYTES):
            repeated = "repeated" in found or has_repeats(theirs, "points", columns, POINT_BYTES)
            require(not repeated, "repeated", "a point occurs twice")
            raise RefusalError("own", "a point is one of our own")

    def dump(self) -> Body:
        """Return what `load_points` recognises it by."""
        return _OWN


@dataclass(frozen=True, repr=False)
class SparkTokens:
    """psi's TokenTable in Spark."""

    tables: SparkTables

    def arranged(self, order: Order) -> Body:
        """Return the tokens with their rows in another order."""
        places = self.tables.spark.createDataFrame(pa.table({"to": np.arange(len(order)), "row": order}))
        moved = places.join(self.tables.table("tokens"), "row").select(F.col("to").alias("row"), "tokens")
        self.tables.write(moved, "tokens", TOKEN_BYTES * self.tables.columns, "token-column")
        return read_back(f"{self.tables.folder}/token-column").data

    def shared_with(self, tokens: Body) -> tuple[Order, Order] | None:
        """Find the cells with the same token here and in another table, in ascending order here.

        Each token has at most one equal in the other table: no key of this join can be skewed, whatever the
        partner sends.
        """
        tables, columns = self.tables, self.tables.columns
        other = tables.read(tokens, "tokens", TOKEN_BYTES * columns)
        if has_repeats(other, "tokens", columns, TOKEN_BYTES):
            return None
        here = _cells(tables.table("tokens"), "here", columns)
        shared = here.join(_cells(other, "there", columns), "token").select("here", "there").toArrow()
        in_order = shared.sort_by("here")
        mine, theirs = (in_order[name].to_numpy().astype(np.int64) for name in ("here", "there"))
        return mine, theirs

    def dump(self) -> Body:
        """Return what `load_tokens` recognises it by."""
        return _THEIRS


def require_saved(saved: Body, expected: bytes) -> None:
    """Refuse a checkpoint of a session that did not run on Spark.

    Raises:
        ValueError: it did not.
    """
    if bytes(saved) != expected:
        raise ValueError("the state was not written by a session on Spark")


def has_repeats(frame: DataFrame, column: str, columns: int, width: int) -> bool:
    """Return whether any value occurs twice in a column of rows with `columns` values of `width` bytes each."""
    values = frame.select(F.explode(_each(column, columns, width)).alias("value"))
    return bool(values.groupBy("value").count().where("count > 1").limit(1).count())


def _each(column: str, columns: int, width: int) -> Column:
    """Cut a row's bytes into an array."""
    return F.array(*(F.substring(column, n * width + 1, width) for n in range(columns)))


def _cells(rows: DataFrame, name: str, columns: int) -> DataFrame:
    """Return each token with the number of its cell, row by row."""
    each = rows.select("row", F.posexplode(_each("tokens", columns, TOKEN_BYTES)).alias("column", "token"))
    return each.select((F.col("row") * columns + F.col("column")).alias(name), "token")


def _blind(secrets: BlindingSecrets, table: pa.Table) -> pa.Table:
    curve, columns = make_curve(workers=1), len(secrets.slots)
    column_of = np.full(256, -1, np.int64)
    column_of[list(secrets.slots)] = np.arange(columns)
    row, slot, points = _points_of(table)
    column = column_of[slot]
    sent = column >= 0
    laid = np.empty((len(table), columns, POINT_BYTES), np.uint8)
    absent = np.ones((len(table), columns), np.bool_)
    absent[row[sent], column[sent]] = False
    laid[row[sent], column[sent]] = points[sent]
    segment, place = (table[name].to_numpy() for name in ("segment", "place"))
    for number in np.unique(segment).tolist():
        at, empty = np.nonzero(absent & (segment == number)[:, None])
        slots = np.array(secrets.slots, np.int64)[empty]
        messages = dummy_messages(secrets.dummies[number], place[at], slots)
        laid[at, empty] = curve.hash_to_curve(KEY_DST, messages)
    products = curve.multiply(secrets.scalar, laid.reshape(-1, POINT_BYTES))
    ends = np.arange(len(table) + 1) * columns * POINT_BYTES
    return pa.table({"row": table["row"], "points": pieces(products.tobytes(), ends)})


def _points_of(table: pa.Table) -> tuple[Order, Order, Points]:
    """Read the points of a batch, each with its row in the batch and its slot."""
    slots, points = (pc.fill_null(table[name], b"") for name in ("slots", "points"))
    row = np.repeat(np.arange(len(table)), pc.binary_length(slots).to_numpy())
    slot = np.frombuffer(b"".join(slots.to_pylist()), np.uint8).astype(np.int64)
    return row, slot, np.frombuffer(b"".join(points.to_pylist()), np.uint8).reshape(-1, POINT_BYTES)


def _tokens(scalar: bytes, prefix: bytes, columns: int, table: pa.Table) -> pa.Table:
    """Make the tokens of a batch; what is refused is reported in a column, because Spark would wrap an error."""
    points, rule = _rows(table["points"]), None
    try:
        check_points(points, None)
    except RefusalError as error:
        rule = error.rule
    products = make_curve(workers=1).multiply(scalar, points)
    low_order = ~products.any(axis=1).reshape(len(table), columns).all(axis=1)
    ends = np.arange(len(table) + 1) * columns * TOKEN_BYTES
    made = pieces(tokens(prefix, products).tobytes(), ends)
    rules = pa.array([rule] * len(table), pa.string())
    return pa.table({"row": table["row"], "tokens": made, "rule": rules, "low_order": low_order})


def _rows(column: pa.ChunkedArray) -> npt.NDArray[np.uint8]:
    return np.frombuffer(b"".join(column.to_pylist()), np.uint8).reshape(-1, POINT_BYTES)
