"""What a party whose list is in Spark brings into a session: entities that take part, their keys and fields."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.errors import InputError, PeerError, UsageError
from accountmap.linkage.prepared import ENTITY_SCHEMA, KEY_SCHEMA, MEMBER_SCHEMA, Prepared
from accountmap.model import Role, Says
from accountmap.psi.codec import COUNTRY_BIT, DOMAIN_BIT, Bits, Order
from accountmap.psi.inputs import row_record
from accountmap.psi.parameters import Parameters
from accountmap.psi.ports import OpenedEntities, Side
from accountmap.psi.suite import key_message
from accountmap.psi.tables import segment_slices
from accountmap.session.own_list import EntityTables
from accountmap.session.own_side import inside
from accountmap.session.parameters import decode_payload, encode_payload
from accountmap.spark.frames import account_table, checkpoint, map_tables, numbered
from accountmap.spark.prepare import PreparedFrames
from accountmap.spark.tables import SparkTables
from accountmap.trust.agreement import Agreement
from accountmap.trust.sharing import JointFilter

_FILTERED: Final = {
    "countries": ("country", "domain"),
    "industries": ("industry",),
    "employees": ("employees",),
}
"""The columns that each part of a filter reads."""


@dataclass(frozen=True, repr=False)
class SparkList:
    """A list in Spark, as sessions need it.

    Attributes:
        accounts: those passed to `prepare`, with the columns that the agreement shows of matches or filters by.
        prepared: what `prepare` made of them.
        points: what `make_points` made of its keys.
    """

    accounts: DataFrame
    prepared: PreparedFrames
    points: DataFrame


@dataclass(frozen=True, repr=False)
class SparkParty:
    """One party under an agreement; its session is psi's Session with `sides`.

    Attributes:
        agreement: the agreement, which both have signed.
        parameters: those of its sessions.
        role: ours in it.
        own: our list.
        folder: a folder for this session and no other, which all workers can reach.
        resumed: whether the session was begun before, in the same folder.

    Raises:
        InputError: the list lacks a column that the agreement's joint filter reads.
    """

    agreement: Agreement
    parameters: Parameters
    role: Role
    own: SparkList
    folder: str
    resumed: bool = False

    @cached_property
    def _taking_part(self) -> DataFrame:
        """The entities that take part in any rectangle: entity_id, segment (its number), place (within it)."""
        name, spark = "taking-part", self.own.accounts.sparkSession
        if self.resumed:
            return spark.read.parquet(f"{self.folder}/{name}")
        sharing, segments = self.agreement.terms.sharing, self.agreement.terms.segments
        compared = {segments[n] for rectangle in self.parameters.rectangles for n in rectangle.segments[self.role]}
        entities = filtered(self.own.accounts, self.own.prepared, sharing.joint_filter)
        chosen = entities.where("not off_limits").where(entities.segment.isin(sorted(compared)))
        number = F.array_position(F.array(*map(F.lit, segments)), F.col("segment")).cast("long") - 1
        named = chosen.select("entity_id", number.alias("segment"))
        ordered = numbered(named, ["segment", "entity_id"], "at", self.folder, "entity-order")
        first = ordered.groupBy("segment").agg(F.min("at").alias("first"))
        placed = ordered.join(F.broadcast(first), "segment").withColumn("place", F.col("at") - F.col("first"))
        return checkpoint(placed.select("entity_id", "segment", "place"), self.folder, name)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Entities that take part, by segment."""
        counted = {row["segment"]: row["count"] for row in self._taking_part.groupBy("segment").count().collect()}
        return tuple(counted.get(number, 0) for number in range(len(self.agreement.terms.segments)))

    @cached_property
    def bits(self) -> Bits:
        """Presence bits of the entities that take part, by segment and place."""
        of_entity = self.own.prepared.keys.groupBy("entity_id").agg(self._bits_of_keys())
        joined = self._taking_part.join(of_entity, "entity_id", "left").select("segment", "place", "bits")
        rows = joined.fillna(0, ["bits"]).toArrow().sort_by([("segment", "ascending"), ("place", "ascending")])
        bits: Bits = rows["bits"].to_numpy().astype(np.uint8)
        return bits

    def _bits_of_keys(self) -> Column:
        """Return the presence bits of a group of keys (psi-v2 §7.3)."""
        slots = self.parameters.slots
        says = {each: [n for n in self.parameters.sent if slots[n].says is each] for each in Says}
        slot, value = F.col("slot"), F.col("value")
        has = {
            DOMAIN_BIT: slot.isin(says[Says.DOMAIN]),
            COUNTRY_BIT: slot.isin(says[Says.COUNTRY]) & value.rlike(r"\|[A-Z]{2}\z"),
        }
        one, other = (F.max(F.when(held, bit).otherwise(0)) for bit, held in has.items())
        return (one + other).alias("bits")

    def key_table(self) -> bytes:
        """Return the digest of the key table, a part of the input commitment (account-psi-v2 §6.2)."""
        key = F.array_sort(F.collect_list(F.struct("slot", "value"))).alias("keys")
        keys = self.own.prepared.keys.groupBy("entity_id").agg(key)
        names = F.array_sort(F.collect_list("account_id")).alias("account_ids")
        members = self.own.prepared.members.groupBy("entity_id").agg(names)
        bits = self.own.prepared.keys.groupBy("entity_id").agg(self._bits_of_keys())
        whole = self._taking_part.join(members, "entity_id").join(keys, "entity_id", "left")
        whole = whole.join(bits, "entity_id", "left").fillna(0, ["bits"])
        spaces = {n: self.parameters.slots[n].space for n in self.parameters.sent}
        hashed = map_tables(
            whole.select("segment", "place", "bits", "account_ids", "keys"),
            partial(_records, spaces),
            "segment long, place long, record binary",
        )
        rows = hashed.toArrow().sort_by([("segment", "ascending"), ("place", "ascending")])
        return hashlib.sha256(b"".join(rows["record"].to_pylist())).digest()

    def sides(self) -> list[Side]:
        """Return what takes part in each rectangle."""
        spark, columns = self.own.accounts.sparkSession, len(self.parameters.sent)
        located = self._taking_part.join(self.own.points, "entity_id").drop("entity_id")
        made = []
        for number, rectangle in enumerate(self.parameters.rectangles):
            inside_it = located.where(F.col("segment").isin(list(rectangle.segments[self.role])))
            tables = SparkTables(spark, inside_it, columns, f"{self.folder.rstrip('/')}/{number}")
            made.append(Side(SparkEntities(self, number), tables))
        return made


@dataclass(frozen=True, repr=False)
class SparkEntities:
    """psi's OwnEntities over a list in Spark, for one rectangle."""

    party: SparkParty
    number: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many there are in each of our segments; 0 outside the rectangle."""
        chosen = self.party.parameters.rectangles[self.number].segments[self.party.role]
        return tuple(size if number in chosen else 0 for number, size in enumerate(self.party.sizes))

    def bits(self) -> Bits:
        """Return the presence bits of each entity."""
        parts = zip(segment_slices(self.party.sizes), self.sizes, strict=True)
        return np.concatenate([self.party.bits[part] for part, size in parts if size] or [np.zeros(0, np.uint8)])

    def ids(self, entities: Order) -> list[str]:
        """Return the ids of some entities, given by their numbers as in `Matches.group`, in this order."""
        if not len(entities):
            return []
        ends = np.cumsum(self.sizes)
        segment = np.searchsorted(ends, entities, side="right")
        place = entities - (ends - self.sizes)[segment]
        wanted = pa.table({"at": np.arange(len(entities)), "segment": segment, "place": place})
        sought = self.party.own.accounts.sparkSession.createDataFrame(wanted)
        found = sought.join(self.party._taking_part, ["segment", "place"]).orderBy("at").toArrow()
        ids: list[str] = found["entity_id"].to_pylist()
        if len(ids) != len(entities):
            raise UsageError("an entity was asked for that does not take part")
        return ids

    def open(self, entities: Order) -> OpenedEntities:
        """Look some of them up: their keys and accounts are brought to the driver."""
        rectangle = self.party.agreement.terms.sharing.rectangles[self.number]
        fields = rectangle.fields[self.party.role]
        return Opened(open_entities(self.party.own, fields, self.ids(entities)), fields)

    def accepts(self, fields: bytes) -> bool:
        """Return whether the partner's fields are text, and as many as agreed."""
        rectangle = self.party.agreement.terms.sharing.rectangles[self.number]
        try:
            decode_payload(fields, len(rectangle.fields[self.party.role.other]))
        except PeerError:
            return False
        return True


@dataclass(frozen=True, repr=False)
class Opened:
    """psi's OpenedEntities: entities whose keys and accounts the driver has in memory.

    Attributes:
        tables: of these entities alone.
        shown: columns that we show, in the order of the agreement.
    """

    tables: EntityTables
    shown: Sequence[str]

    def key(self, place: int, slot: int) -> bytes | None:
        """Return a match key as the input of H, or None if the slot is empty."""
        return self.tables.key(place, slot)

    def fields(self, place: int) -> bytes:
        """Return what the agreement lets the partner see of an entity."""
        return encode_payload([self.tables.field(place, name) for name in self.shown])


def open_entities(own: SparkList, fields: Sequence[str], ids: Sequence[str]) -> EntityTables:
    """Reduce a list to some entities, which are then numbered by their places in `ids`.

    Args:
        fields: columns of the accounts that are needed, of types that can be cast to those of the account list.
    """
    prepared = own.prepared
    if not ids:
        nobody = (schema.empty_table() for schema in (ENTITY_SCHEMA, MEMBER_SCHEMA, KEY_SCHEMA))
        return EntityTables(
            AccountList(ACCOUNT_SCHEMA.empty_table(), pa.table({})), Prepared(prepared.profile, *nobody)
        )
    wanted = pa.table({"at": pa.array(np.arange(len(ids)), pa.int32()), "entity_id": pa.array(ids, pa.string())})
    sought = own.accounts.sparkSession.createDataFrame(wanted)
    members = prepared.members.join(sought, "entity_id").select("account_id", "at")
    keys = prepared.keys.join(sought, "entity_id").select("at", "slot", "value", "rule").toArrow()
    columns = ["account_id", *(name for name in dict.fromkeys(fields) if name != "account_id")]
    owned = own.accounts.select(*columns).join(members, "account_id").toArrow()
    entities = wanted.select(["entity_id"]).append_column("segment", pa.repeat("", wanted.num_rows))
    small = Prepared(
        prepared.profile,
        with_columns(entities, ENTITY_SCHEMA),
        owned.select(["account_id", "at"]).rename_columns(MEMBER_SCHEMA.names).cast(MEMBER_SCHEMA),
        keys.rename_columns(KEY_SCHEMA.names).cast(KEY_SCHEMA),
    )
    return EntityTables(AccountList(account_table(owned.select(columns)), pa.table({})), small)


def with_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give a table the columns of a schema; missing ones are null."""
    columns = {
        name: table[name] if name in table.column_names else pa.nulls(len(table), schema.field(name).type)
        for name in schema.names
    }
    return pa.table(columns).cast(schema)


def filtered(accounts: DataFrame, prepared: PreparedFrames, joint: JointFilter) -> DataFrame:
    """Return the entities that pass a filter: those with an account that does.

    Args:
        accounts: account_id, and the columns that the filter reads.

    Raises:
        InputError: one of these columns is missing.
    """
    if joint == JointFilter():
        return prepared.entities
    asked = [part for part in _FILTERED if getattr(joint, part) != getattr(JointFilter(), part)]
    columns = ["account_id", *(column for part in asked for column in _FILTERED[part])]
    missing = [column for column in columns if column not in accounts.columns]
    if missing:
        raise InputError(
            f"The agreement's filter reads columns that the list does not have: {', '.join(missing)}.",
            "Add them to the DataFrame, with nulls for blanks.",
        )
    inner = map_tables(accounts.select(*columns), partial(_inside, joint), "account_id string")
    ids = inner.join(prepared.members, "account_id").select("entity_id").distinct()
    return prepared.entities.join(ids, "entity_id", "left_semi")


def _inside(joint: JointFilter, table: pa.Table) -> pa.Table:
    return table.select(["account_id"]).filter(pa.array(inside(account_table(table), joint)))


def _records(spaces: dict[int, bytes], table: pa.Table) -> pa.Table:
    """Hash the record of each entity of a batch."""
    hashed = []
    for row in table.to_pylist():
        values = {key["slot"]: key["value"] for key in row["keys"] or ()}
        keys = [key_message(spaces[n], values[n].encode()) if n in values else None for n in spaces]
        ids = [account_id.encode() for account_id in row["account_ids"]]
        record = row_record(row["segment"], row["place"], row["bits"], ids, keys)
        hashed.append(hashlib.sha256(record).digest())
    return pa.table(
        {"segment": table["segment"], "place": table["place"], "record": pa.array(hashed, pa.binary())}
    )
