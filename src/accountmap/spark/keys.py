"""Making keys distinct: one value a slot of an entity, one holder a value, by the rules of canonical.prepare.

Only aggregations by key, which Spark begins before it sends anything: a value that a million accounts hold leaves
each partition as one row.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.canonical.distinct import slot_ranks
from accountmap.canonical.prepared import Profile


def distinct_keys(candidates: DataFrame, profile: Profile) -> DataFrame:
    """Choose the candidates that become keys.

    Args:
        candidates: entity_id, slot, value, rule, closeness.
        profile: their slots.

    Returns:
        entity_id, slot, value, rule.
    """
    return _one_holder(_one_per_cell(candidates), profile).select("entity_id", "slot", "value", "rule")


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


def _one_holder(keys: DataFrame, profile: Profile) -> DataFrame:
    """Leave each value to its strongest holder, and to none if two entities are as strong."""
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
