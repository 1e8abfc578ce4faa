"""The tables of one side of a session, and what the messages are made of: psi.rounds over DataFrames (psi-v1 §5).

Each side makes one token table, of the partner's points, and is shown the other, of its own. The driver holds the
column that a message carries, and one entry a match; tables lie in the session's folder, and are read from there.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.errors import PeerError
from accountmap.model import Role
from accountmap.psi.matching import Matching
from accountmap.psi.parameters import OwnEntities, Parameters
from accountmap.psi.rounds import Counts
from accountmap.psi.suite import POINT_BYTES, TOKEN_BYTES, digest, label
from accountmap.psi.tables import Bytes2D, Order
from accountmap.spark.blind import Layout, blind
from accountmap.spark.bodies import chunks, lay_out, read_back, read_column, write_column
from accountmap.spark.frames import numbered, settle
from accountmap.spark.match import match
from accountmap.spark.secret import SessionSecret
from accountmap.spark.tokens import check_points, has_repeats, make_tokens


@dataclass(frozen=True, repr=False)
class SessionTables:
    """One session's tables, in a folder of their own.

    Attributes:
        spark: the Spark session.
        role: ours.
        parameters: of the session.
        segments: of the agreement, in order.
        entities, points: as `blind` takes them.
        open_entities: returns what the own list says of entities, by their ids: they are then known by their
            places in that order. Asked for none at first, and after the reveal for those that match.
        folder: in clear as the list is, and to be emptied after the session; no other session uses it.
    """

    spark: SparkSession
    role: Role
    parameters: Parameters
    segments: tuple[str, ...]
    entities: DataFrame
    points: DataFrame
    open_entities: Callable[[list[str]], OwnEntities]
    folder: str

    def layout(self, role: Role) -> Layout:
        """Return the layout of one side's table."""
        return Layout(self.segments, self.parameters.segment_rows(role), self.parameters.slots)

    @property
    def own(self) -> Layout:
        """The layout of our table, and of the token table that we are shown."""
        return self.layout(self.role)

    @property
    def theirs(self) -> Layout:
        """The layout of the partner's table, and of the token table that we make."""
        return self.layout(Role(1 - self.role))

    def blind(self, secret: SessionSecret) -> Bytes2D:
        """Blind our groups, and return the column of points that message 1 or 2 carries."""
        blinded = blind(self.entities, self.points, self.own, secret, f"{self.folder}/own")
        self._column(blinded.rows, "points", POINT_BYTES * self.own.slots, "own-column")
        return read_back(f"{self.folder}/own-column")

    def make(self, points: memoryview, secret: SessionSecret, session_id: bytes) -> None:
        """Make the token table of the partner's points.

        Raises:
            PeerError: the points, or their products, are not as psi-v1 §5.1 asks.
        """
        column = self._read(points, "points", POINT_BYTES * self.theirs.slots, self.theirs)
        check_points(column, self._table("own/blinded"), self.theirs.slots)
        made = make_tokens(column, self.theirs, secret, session_id, f"{self.folder}/made")
        self._column(made.rows, "tokens", TOKEN_BYTES * self.theirs.slots, "made-column")
        first = made.rows.select(segment_of(self.theirs).alias("segment"), first_token().alias("token"))
        ordered = numbered(first, ["segment", "token"], "row", f"{self.folder}/made", "preview-order")
        self._column(ordered, "token", TOKEN_BYTES, "made-preview")

    def made_table(self) -> Bytes2D:
        """Return the token table that we made, as messages 5 and 6 carry it."""
        return read_back(f"{self.folder}/made-column")

    def made_preview(self) -> Bytes2D:
        """Return its column 0, sorted within each segment, as messages 3 and 4 carry it."""
        return read_back(f"{self.folder}/made-preview")

    def graph_digest(self, session_id: bytes) -> bytes:
        """Hash both token tables, as psi.rounds does."""
        made, shown = (self._hash(b"", name) for name in ("made-column", "shown-tokens"))
        u, v = (shown, made) if self.role is Role.INITIATOR else (made, shown)
        return digest("graph", session_id, u, v)

    def commit_to_table(self, name: str, session_id: bytes, opening: bytes) -> bytes:
        """Commit to the token table that we made, as psi.rounds does (psi-v1 §3.4)."""
        return self._hash(label(name) + session_id + opening, "made-column")

    def commit_to_preview(self, session_id: bytes, opening: bytes) -> bytes:
        """Commit to its column 0."""
        return self._hash(label("preview") + session_id + opening, "made-preview")

    def take_preview(self, column: memoryview, what: str) -> Counts:
        """Check the preview column that we are shown, keep it, and count the common tokens of each cell.

        Raises:
            PeerError: it is not strictly increasing in each segment, or repeats a token (psi-v1 §5.3).
        """
        shown = self._read(column, "token", TOKEN_BYTES, self.own)
        placed = shown.select("row", "token", segment_of(self.own).alias("segment"))
        ordered = numbered(placed, ["segment", "token"], "at", f"{self.folder}/shown", "preview-order")
        if has_repeats(shown, "token", 1, TOKEN_BYTES) or ordered.where("at <> row").limit(1).count():
            raise PeerError(f"{what} holds a preview column out of order, or a token twice")
        made = self._table("made/tokens").select(
            segment_of(self.theirs).alias("their_segment"), first_token().alias("token")
        )
        common = placed.join(made, "token").groupBy("segment", "their_segment").count().collect()
        counts = np.zeros((len(self.segments), len(self.segments)), np.int64)
        for cell in common:
            counts[cell["segment"], cell["their_segment"]] = cell["count"]
        return counts if self.role is Role.INITIATOR else counts.T

    def take_table(self, column: memoryview, what: str) -> Matching:
        """Check the token table that we are shown, keep it, and match the two tables.

        Raises:
            PeerError: it repeats a token, or its column 0 is not the one shown before (psi-v1 §5.5).
        """
        shown = self._read(column, "tokens", TOKEN_BYTES * self.own.slots, self.own)
        if has_repeats(shown, "tokens", self.own.slots, TOKEN_BYTES):
            raise PeerError(f"{what} holds a token twice")
        before = self._table("shown/read-token").select(segment_of(self.own).alias("segment"), "token")
        now = shown.select(segment_of(self.own).alias("segment"), first_token().alias("token"))
        # Both have as many rows in a segment, and no token twice: then none missing is none added.
        if now.join(before, ["segment", "token"], "left_anti").limit(1).count():
            raise PeerError(f"{what} does not fit the preview column that was sent before")
        made = self._table("made/tokens")
        u, v = (shown, made) if self.role is Role.INITIATOR else (made, shown)
        settle(match(u, v, self.parameters.weights, self.parameters.threshold), self.folder, "matches")
        return self.matching()

    def matching(self) -> Matching:
        """Return the matches, once `take_table` has found them."""
        rows = self._table("matches").orderBy("u").toArrow()
        edges = rows["edges"].combine_chunks()
        shared = np.asarray(edges.value_lengths(), np.int64)
        slots = edges.flatten()
        u, v, weight = (rows[name].to_numpy().astype(np.int64) for name in ("u", "v", "weight"))
        return Matching(
            u=u,
            v=v,
            weight=weight,
            edge_match=np.repeat(np.arange(len(shared)), shared),
            edge_u_slot=np.asarray(slots.field("u_slot"), np.int64),
            edge_v_slot=np.asarray(slots.field("v_slot"), np.int64),
        )

    def partner_rows(self, matching: Matching) -> Order:
        """Return for each match the row of the partner's blinded table that it belongs to."""
        made = matching.v if self.role is Role.INITIATOR else matching.u
        found = self._at(made, self._table("made/tokens").select("row", "blinded_row"))
        rows: Order = found["blinded_row"].to_numpy().astype(np.int64)
        return rows

    def own_entities(self, named: Order, matching: Matching) -> list[str]:
        """Find our entities behind the rows that the partner named, or refuse them, as psi.rounds.own_groups does.

        Args:
            named: for each match, the row of our blinded table that the partner says it belongs to.

        Returns:
            The entity id of each match.

        Raises:
            PeerError: a row is out of range, named twice, in another segment than the match, padding, or has no
                key in a slot that the match is said to share (psi-v1 §5.6).
        """
        initiator = self.role is Role.INITIATOR
        matched = matching.u if initiator else matching.v
        slots = matching.edge_u_slot if initiator else matching.edge_v_slot
        if bool((named >= self.own.rows).any()) or len(np.unique(named)) != len(named):
            raise PeerError("the partner named a row twice, or one that does not exist")
        ends = np.cumsum(self.own.sizes)
        named_in, matched_in = (np.searchsorted(ends, rows, side="right") for rows in (named, matched))
        if not np.array_equal(named_in, matched_in):
            raise PeerError("the partner named a row of another segment than the match is in")
        origin = self._table("own/origin").select("row", "entity_id")
        found = self._at(named, origin.join(self.points.select("entity_id", "slots"), "entity_id", "left"))
        if found["entity_id"].null_count:
            raise PeerError("the partner named a row that holds no account of ours")
        held = [frozenset(each or b"") for each in found["slots"].to_pylist()]
        edges = zip(matching.edge_match.tolist(), slots.tolist(), strict=True)
        if not all(slot in held[at] for at, slot in edges):
            raise PeerError("the partner named a row without the key that the match is said to share")
        ids: list[str] = found["entity_id"].to_pylist()
        return ids

    def _at(self, rows: Order, table: DataFrame) -> pa.Table:
        """Look rows up, in the order in which they are given."""
        wanted = pa.table({"at": np.arange(len(rows)), "row": rows})
        sought = self.spark.createDataFrame(wanted)
        return sought.join(table, "row").orderBy("at").toArrow()

    def _hash(self, before: bytes, name: str) -> bytes:
        """Hash a column behind some bytes, without holding it."""
        hashed = hashlib.sha256(before)
        for chunk in chunks(f"{self.folder}/{name}"):
            hashed.update(chunk)
        return hashed.digest()

    def _table(self, name: str) -> DataFrame:
        return self.spark.read.parquet(f"{self.folder}/{name}")

    def _column(self, rows: DataFrame, column: str, width: int, name: str) -> None:
        """Write a column of a message; what an earlier try left is gone before."""
        place = f"{self.folder}/{name}"
        lay_out(memoryview(b""), width, place)
        write_column(rows, column, width, place)

    def _read(self, column: memoryview, name: str, width: int, layout: Layout) -> DataFrame:
        place = f"{self.folder}/shown-{name}"
        lay_out(column, width, place)
        return read_column(self.spark, place, name, width, layout.rows, f"{self.folder}/shown")


def segment_of(layout: Layout) -> Column:
    """Return the number of the segment that `row` is in."""
    numbers: Sequence[Column] = [
        F.lit(number) for number, (size, start) in enumerate(zip(layout.sizes, layout.starts, strict=True)) if size
    ]
    starts = [start for size, start in zip(layout.sizes, layout.starts, strict=True) if size]
    found = numbers[0]
    for number, start in zip(numbers[1:], starts[1:], strict=True):
        found = F.when(F.col("row") >= start, number).otherwise(found)
    return found


def first_token() -> Column:
    """Return column 0 of a row of tokens."""
    return F.substring("tokens", 1, TOKEN_BYTES)
