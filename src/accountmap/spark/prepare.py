"""From a DataFrame of accounts to entities and match keys, as linkage.prepare makes them.

It also makes the points of keys, and the values of sketches. Points are as sensitive as the list; no session
changes them.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.accounts.schema import SEGMENTS
from accountmap.curve.backends import make_curve
from accountmap.linkage.assign_keys import slot_ranks
from accountmap.linkage.dedupe import Decision
from accountmap.linkage.prepared import Profile
from accountmap.linkage.reference import Reference
from accountmap.psi.sketch import VALUE_PREFIX, Values
from accountmap.psi.suite import KEY_DST, POINT_BYTES, key_message
from accountmap.session.own_side import inside
from accountmap.spark.dedupe import features, resolve_entities
from accountmap.spark.frames import account_table, checkpoint, map_tables, pieces
from accountmap.trust.sharing import JointFilter


def distinct_keys(candidates: DataFrame, profile: Profile) -> DataFrame:
    """Choose the candidates that become keys.

    Args:
        candidates: entity_id, slot, value, rule, closeness.
        profile: the profile whose slots they are for.

    Returns:
        entity_id, slot, value, rule.
    """
    return _strongest_holders(_one_per_cell(candidates), profile).select("entity_id", "slot", "value", "rule")


def _one_per_cell(candidates: DataFrame) -> DataFrame:
    """Choose each slot's value: the closest, then the most frequent, then the smallest; with its closest rule."""
    values = candidates.groupBy("entity_id", "slot", "value").agg(
        F.min(F.struct((-F.col("closeness")).alias("distance"), F.col("rule"))).alias("closest"),
        F.count("*").alias("count"),
    )
    best = F.struct(
        F.col("closest.distance"), (-F.col("count")).alias("rarity"), F.col("value"), F.col("closest.rule")
    )
    return (
        values.groupBy("entity_id", "slot")
        .agg(F.min(best).alias("best"))
        .select(
            "entity_id",
            "slot",
            F.col("best.value"),
            F.col("best.rule"),
            (-F.col("best.distance")).alias("closeness"),
        )
    )


def _strongest_holders(keys: DataFrame, profile: Profile) -> DataFrame:
    """Leave each value to its strongest holder, and to none if two entities are equally strong."""
    spaces = [slot.space for slot in profile.slots]
    rank = _of_slot([int(rank) for rank in slot_ranks(profile)]) * 4 + F.col("closeness")
    space = _of_slot([spaces.index(space) for space in spaces])
    holders = keys.groupBy(space.alias("space"), "value", rank.alias("rank")).agg(
        F.count("*").alias("holders"), F.min(F.struct("entity_id", "slot", "rule")).alias("holder")
    )
    strongest = holders.groupBy("space", "value").agg(F.max_by(F.struct("holders", "holder"), "rank").alias("top"))
    return strongest.where("top.holders = 1").select("value", "top.holder.*")


def _of_slot(numbers: list[int]) -> Column:
    return F.element_at(F.array(*map(F.lit, numbers)), F.col("slot").cast("int") + 1)


@dataclass(frozen=True)
class PreparedFrames:
    """A prepared list. Entities are known by `entity_id`, the smallest account id among their accounts.

    Attributes:
        profile: which keys were made.
        entities: entity_id, segment (the strongest), full_name (as ENTITY_SCHEMA says), off_limits (whether one of
            its accounts is).
        members: account_id, entity_id.
        keys: entity_id, slot (index in the profile), value, rule.
    """

    profile: Profile
    entities: DataFrame
    members: DataFrame
    keys: DataFrame


def prepare(
    accounts: DataFrame,
    profile: Profile,
    folder: str,
    decisions: Iterable[Decision] = (),
    reference: Reference | None = None,
) -> PreparedFrames:
    """Turn a list into entities and match keys: those of `accountmap.prepare_accounts`.

    Args:
        accounts: account_id (unique) and segment; name, domain, website, email, country, city, lei, vat and duns,
            each as text or null; and off_limits, a boolean, if any account is. Other columns are ignored.
        profile: which keys to make.
        folder: for tables, on storage that all workers can reach. The result is read from there.
        decisions: what the user decided about pairs of accounts: the same company or not.
        reference: the list that the agreement names, if its profile has the slot. It is sent to each worker.

    Raises:
        InputError: a column is missing.
    """
    worked = checkpoint(features(accounts, profile, reference), folder, "features")
    members = checkpoint(resolve_entities(worked, decisions, folder), folder, "members")
    order = F.array_position(F.array(*map(F.lit, SEGMENTS)), F.col("segment"))
    owned = worked.select("account_id", order.alias("order")).join(members, "account_id")
    owned = owned.join(_off_limits(accounts), "account_id", "left")
    strongest = F.element_at(F.array(*map(F.lit, SEGMENTS)), F.min("order").cast("int")).alias("segment")
    off_limits = F.max(F.coalesce("off_limits", F.lit(False))).alias("off_limits")
    described = owned.groupBy("entity_id").agg(strongest, off_limits)
    entities = checkpoint(described.join(_full_names(worked, members), "entity_id", "left"), folder, "entities")
    candidates = worked.select("account_id", F.explode("candidates").alias("key")).select("account_id", "key.*")
    keys = distinct_keys(candidates.join(members, "account_id"), profile)
    return PreparedFrames(profile, entities, members, checkpoint(keys, folder, "keys"))


def _full_names(worked: DataFrame, members: DataFrame) -> DataFrame:
    """Return each entity's most frequent full name; of equally frequent ones, the smallest."""
    named = worked.where("full_name is not null").select("account_id", "full_name").join(members, "account_id")
    counted = named.groupBy("entity_id", "full_name").agg((-F.count("*")).alias("rarity"))
    best = F.min(F.struct("rarity", "full_name"))["full_name"].alias("full_name")
    return counted.groupBy("entity_id").agg(best)


def entities_of_sketch(
    accounts: DataFrame,
    prepared: PreparedFrames,
    countries: Collection[str] = (),
    left_out_segments: Collection[str] = (),
) -> DataFrame:
    """Return the entities that a sketch is made of, whatever an agreement filters (psi-v2 §5.1).

    Args:
        accounts: account_id; also country and domain, if the sketch is for countries.
        countries: ISO 3166 codes of the part of the list that it is for; none for the whole list.
        left_out_segments: segments that the owner never previews.

    Returns:
        Rows of `prepared.entities`.
    """
    chosen = prepared.entities.where("not off_limits").where(~F.col("segment").isin(list(left_out_segments)))
    if not countries:
        return chosen
    first = accounts.select("account_id", "country", "domain")
    there = map_tables(first, partial(_in_countries, JointFilter(tuple(countries))), "entity_id string")
    return chosen.join(there, "entity_id", "left_semi")


def _in_countries(countries: JointFilter, table: pa.Table) -> pa.Table:
    chosen = pa.array(inside(account_table(table), countries))
    return table.filter(chosen).select(["account_id"]).rename_columns(["entity_id"])


def sketch_values(entities: DataFrame) -> Values:
    """Bring the distinct full names of some entities to the driver.

    Sketches and estimates are made from them, by `psi.sketch` and `psi.estimate`, as on one machine.

    Args:
        entities: segment and full_name.
    """
    named = entities.where("full_name is not null").groupBy("full_name")
    rows = named.agg(F.collect_set("segment").alias("segments")).orderBy("full_name").toArrow()
    held = [set(segments) for segments in rows["segments"].to_pylist()]
    in_segment = np.array([[segment in each for segment in SEGMENTS] for each in held], np.bool_)
    messages = [VALUE_PREFIX + name.encode() for name in rows["full_name"].to_pylist()]
    return Values(messages, in_segment.reshape(len(messages), len(SEGMENTS)))


def _off_limits(accounts: DataFrame) -> DataFrame:
    if "off_limits" in accounts.columns:
        return accounts.select("account_id", "off_limits")
    return accounts.select("account_id", F.lit(False).alias("off_limits"))


POINTS = "entity_id string, slots binary, points binary"


def make_points(keys: DataFrame, profile: Profile) -> DataFrame:
    """Map match keys to points.

    Args:
        keys: entity_id, slot, value.
        profile: the profile whose slots they are for.

    Returns:
        One row for each entity: entity_id, slots (one byte each, ascending), points (32 bytes each, in that
        order). It may be kept beside the prepared list; guard it like the list.
    """
    each = F.sort_array(F.collect_list(F.struct("slot", "value"))).alias("keys")
    spaces = [slot.space.encode() for slot in profile.slots]
    return map_tables(keys.groupBy("entity_id").agg(each), partial(_hash, spaces), POINTS)


def _hash(spaces: list[bytes], table: pa.Table) -> pa.Table:
    lists = table["keys"].combine_chunks()
    keys = lists.flatten()
    slots = np.asarray(keys.field("slot")).astype(np.uint8)
    values = keys.field("value").to_pylist()
    messages = [
        key_message(spaces[slot], value.encode()) for slot, value in zip(slots.tolist(), values, strict=True)
    ]
    points = make_curve(workers=1).hash_to_curve(KEY_DST, messages)
    ends = np.concatenate([[0], np.cumsum(np.asarray(lists.value_lengths()))])
    return pa.table(
        {
            "entity_id": table["entity_id"],
            "slots": pieces(slots.tobytes(), ends),
            "points": pieces(points.tobytes(), ends * POINT_BYTES),
        }
    )
