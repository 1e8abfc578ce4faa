"""The partner's points under the own secret: the checks of psi-v1 §5.1, tokens, and the order they leave in."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.curve.backends import make_curve
from accountmap.errors import PeerError
from accountmap.psi import tables
from accountmap.psi.rounds import token_prefix
from accountmap.psi.suite import POINT_BYTES, TOKEN_BYTES
from accountmap.spark.blind import Layout
from accountmap.spark.frames import map_tables, numbered, settle
from accountmap.spark.points import pieces
from accountmap.spark.secret import SessionSecret

TOKENS = "blinded_row long, segment int, place long, sort_key binary, tokens binary, low_order boolean"


@dataclass(frozen=True)
class Tokens:
    """The partner's table as tokens.

    Attributes:
        rows: row, tokens (16 bytes a slot), in the order in which the table leaves.
        order: row, blinded_row: for each row the one of the partner's blinded table. It stays here until the
        reveal.
    """

    rows: DataFrame
    order: DataFrame


def check_points(theirs: DataFrame, own: DataFrame, slots: int) -> None:
    """Refuse a partner's points unless they are canonical, distinct, and none of our own.

    Args:
        theirs: points (32 bytes a slot).
        own: the same of our own blinded table.
        slots: in a row.

    Raises:
        PeerError: a check failed.
    """
    checked = map_tables(theirs.select("points"), _check, "refused string")
    if refused := checked.where("refused is not null").first():
        raise PeerError(refused["refused"])
    if has_repeats(theirs.select("points").union(own.select("points")), "points", slots, POINT_BYTES):
        raise PeerError("the partner's table holds a value twice, or one of our own")


def make_tokens(
    theirs: DataFrame, layout: Layout, secret: SessionSecret, session_id: bytes, folder: str
) -> Tokens:
    """Multiply the partner's points, shorten the products to tokens, and shuffle the rows in their segments.

    Args:
        theirs: row, points, checked.
        layout: of the partner's table.
        secret: ours.
        session_id: 32 bytes, which binds the tokens to the session.
        folder: for the result.

    Raises:
        PeerError: a product is zero, or two are equal.
    """
    make = partial(_tokens, secret, layout, token_prefix(session_id))
    shuffled = numbered(
        map_tables(theirs, make, TOKENS), ["segment", "sort_key", "place"], "row", folder, "theirs"
    )
    if shuffled.where("low_order").limit(1).count():
        raise PeerError("the partner's table holds a point of low order")
    if has_repeats(shuffled, "tokens", layout.slots, TOKEN_BYTES):
        raise PeerError("the partner's table holds two points with the same product")
    settled = settle(shuffled.select("row", "blinded_row", "tokens"), folder, "tokens")
    return Tokens(settled.select("row", "tokens"), settled.select("row", "blinded_row"))


def has_repeats(frame: DataFrame, column: str, slots: int, width: int) -> bool:
    """Tell whether any value stands twice in a column of rows with `slots` values of `width` bytes."""
    values = frame.select(F.explode(each_slot(column, slots, width)).alias("value"))
    return bool(values.groupBy("value").count().where("count > 1").limit(1).count())


def each_slot(column: str, slots: int, width: int) -> Column:
    """Cut a row's bytes into an array with one value a slot."""
    return F.array(*(F.substring(column, slot * width + 1, width) for slot in range(slots)))


def _check(table: pa.Table) -> pa.Table:
    """Check a batch; what is refused travels as a column, for an error of a worker would not arrive as it is."""
    try:
        tables.check_points(_rows(table["points"]), None, "the partner's table")
    except PeerError as error:
        return pa.table({"refused": [str(error)]})
    return pa.table({"refused": pa.array([None], pa.string())})


def _tokens(secret: SessionSecret, layout: Layout, prefix: bytes, table: pa.Table) -> pa.Table:
    row = table["row"].to_numpy()
    segment = np.searchsorted(np.cumsum(layout.sizes), row, side="right")
    place = row - np.array(layout.starts, np.int64)[segment]
    products = make_curve(workers=1).multiply(secret.scalar, _rows(table["points"]))
    low_order = ~products.any(axis=1).reshape(len(row), -1).all(axis=1)
    keys = [secret.sort_key("theirs", s, p) for s, p in zip(segment.tolist(), place.tolist(), strict=True)]
    ends = np.arange(len(row) + 1) * layout.slots * TOKEN_BYTES
    columns = [
        row,
        segment.astype(np.int32),
        place,
        pa.array(keys, pa.binary()),
        pieces(tables.tokens(prefix, products).tobytes(), ends),
        low_order,
    ]
    return pa.table(columns, names=[part.split()[0] for part in TOKENS.split(", ")])


def _rows(column: pa.ChunkedArray) -> npt.NDArray[np.uint8]:
    return np.frombuffer(b"".join(column.to_pylist()), np.uint8).reshape(-1, POINT_BYTES)
