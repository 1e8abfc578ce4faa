"""The matching over the anonymous graph, distributed: mutual best by weight, ties dropped (psi-v1 §6).

The tokens of a table are distinct, which is checked when it arrives: each meets at most one of the other table,
and a row has at most as many partners as slots. No key of these joins can be skewed, whatever the partner sends.
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.psi.suite import TOKEN_BYTES
from accountmap.spark.tokens import each_slot


def match(u: DataFrame, v: DataFrame, weights: Sequence[int], threshold: int) -> DataFrame:
    """Match rows that are each other's only best partner, as psi.matching.mutual_best does.

    Args:
        u, v: row, tokens (16 bytes a slot); all tokens of one table are distinct.
        weights: one positive weight a slot; their sum is below 2**62.
        threshold: the least weight of a match, positive.

    Returns:
        One row a match: u and v (rows), weight, edges (array of the pairs u_slot, v_slot in which a shared key
        stands, ascending).
    """
    slots = len(weights)
    edges = _tokens(u, "u", slots).join(_tokens(v, "v", slots), "token")
    per_slot = F.array(*map(F.lit, weights))
    weight = F.least(*(F.element_at(per_slot, F.col(slot) + 1) for slot in ("u_slot", "v_slot")))
    shared = F.sort_array(F.collect_list(F.struct("u_slot", "v_slot"))).alias("edges")
    pairs = edges.groupBy("u", "v").agg(F.sum(weight.cast("long")).alias("weight"), shared)
    best_of_u = _only_best(pairs, "u", "v")
    best_of_v = _only_best(pairs, "v", "u")
    mutual = best_of_u.join(best_of_v, ["u", "v"]).where(F.col("weight") >= threshold)
    return mutual.join(pairs.select("u", "v", "edges"), ["u", "v"]).select("u", "v", "weight", "edges")


def _tokens(rows: DataFrame, side: str, slots: int) -> DataFrame:
    each: Column = F.posexplode(each_slot("tokens", slots, TOKEN_BYTES)).alias(f"{side}_slot", "token")
    return rows.select(F.col("row").alias(side), each)


def _only_best(pairs: DataFrame, of: str, other: str) -> DataFrame:
    """Keep each row's partner of the greatest weight, unless two have it."""
    by_weight = pairs.groupBy(of, "weight").agg(F.count("*").alias("partners"), F.min(other).alias(other))
    best = by_weight.groupBy(of).agg(F.max(F.struct("weight", "partners", other)).alias("best"))
    only = best.where("best.partners = 1").select(of, f"best.{other}")
    return only if of == "v" else only.join(pairs.select("u", "v", "weight"), ["u", "v"])
