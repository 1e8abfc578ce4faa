"""Local de-duplication over partitions, with the outcome of canonical.entities.

Accounts that share no number, name or domain, directly or through others, never meet in `resolve`. So each
connected component of the accounts that share something is resolved by itself, and gives what the whole list
would give. Two things keep components small when many accounts share one value:

- Twins, accounts equal in all that they are compared by, where that is enough to join them, are one account here.
- A name or domain of more than LARGEST_BLOCK companies is crowded: `resolve` compares nothing there, so it
  connects nothing here. Only companies that cannot be joined before that block's turn are counted, so that each
  value found crowded here is so on one machine too; what is not counted but crowded makes a component larger, and
  no more.
"""

from collections.abc import Iterable
from functools import partial
from typing import Final

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.canonical.blocks import LARGEST_BLOCK
from accountmap.canonical.decisions import Decision
from accountmap.canonical.entities import Crowded, resolve
from accountmap.spark.components import components
from accountmap.spark.features import NUMBERS, traits_of
from accountmap.spark.frames import map_partitions, settle

_TRAITS: Final = ("account_id", "name", "forms", "country", "domain", "city", *NUMBERS)


def resolve_entities(features: DataFrame, decisions: Iterable[Decision], folder: str) -> DataFrame:
    """Find each account's entity.

    Args:
        features: as features.features makes them, settled.
        decisions: what the user said of pairs of accounts.
        folder: for intermediate tables.

    Returns:
        `account_id` and `entity_id`, the smallest account id of the entity; one row an account.
    """
    said = tuple(decisions)
    decided = _decided(features, said)
    alike = settle(_twins(features, decided), folder, "twins")
    accounts = _without_twins(features, alike, decided)
    accounts = settle(_with_crowds(accounts), folder, "traits")
    labelled = components(_edges(accounts, said), folder)
    joined = accounts.withColumn("node", F.xxhash64("account_id")).join(labelled, "node")
    apart = joined.select(*_TRAITS, "crowded_name", "crowded_domain", "component").repartition("component")
    resolved = map_partitions(apart, partial(_resolve, said), "representative string, entity_id string")
    resolved = settle(resolved, folder, "resolved")
    named = features.select("account_id").join(alike, "account_id", "left")
    named = named.withColumn("representative", F.coalesce("representative", "account_id"))
    entity = F.coalesce("entity_id", "representative").alias("entity_id")
    return named.join(resolved, "representative", "left").select("account_id", entity)


def _resolve(decisions: Iterable[Decision], table: pa.Table) -> pa.Table:
    """Resolve the components of a partition, all at once: they do not meet."""
    traits = traits_of(table.select(_TRAITS))
    letters = [name and name.replace(" ", "") for name in traits.names]
    crowded = Crowded(
        *(
            _marked(values, table.column(column).to_pylist())
            for values, column in ((letters, "crowded_name"), (traits.domains, "crowded_domain"))
        )
    )
    entity_of = resolve(traits, decisions, crowded).entity_of.tolist()
    smallest: dict[int, str] = {}
    for entity, account in zip(entity_of, traits.account_ids, strict=True):
        smallest[entity] = min(smallest.get(entity, account), account)
    return pa.table(
        {"representative": traits.account_ids, "entity_id": [smallest[entity] for entity in entity_of]}
    )


def _marked(values: Iterable[str | None], marks: Iterable[bool]) -> frozenset[str]:
    return frozenset(value for value, is_marked in zip(values, marks, strict=True) if is_marked and value)


def _decided(features: DataFrame, decisions: tuple[Decision, ...]) -> DataFrame:
    ids = sorted({account for decision in decisions for account in (decision.one, decision.other)})
    return features.sparkSession.createDataFrame([(account,) for account in ids], "account_id string")


def _twins(features: DataFrame, decided: DataFrame) -> DataFrame:
    """Give each account that has a smaller twin that twin; what the user decided about stands for itself."""
    able = (
        features.where("evidence is not null")
        .select("account_id", "evidence")
        .join(decided, "account_id", "left_anti")
    )
    classes = able.groupBy("evidence").agg(
        F.min("account_id").alias("representative"), F.count("*").alias("accounts")
    )
    several = classes.where("accounts > 1").drop("accounts")
    return (
        able.join(several, "evidence").where("account_id > representative").select("account_id", "representative")
    )


def _without_twins(features: DataFrame, twins: DataFrame, decided: DataFrame) -> DataFrame:
    """Keep one account of each class of twins, and mark those that may be joined before names are compared."""
    accounts = features.select(*_TRAITS, "evidence").join(twins, "account_id", "left_anti")
    shared = accounts.where("lei is not null").groupBy("lei").count().where("count > 1").select("lei")
    tied = accounts.join(shared, "lei", "left_semi").select("account_id").union(decided).distinct()
    return accounts.join(tied.withColumn("tied", F.lit(True)), "account_id", "left").fillna(False, ["tied"])


def _with_crowds(accounts: DataFrame) -> DataFrame:
    """Mark the accounts whose name or domain is crowded."""
    accounts = accounts.withColumn("letters", F.replace("name", F.lit(" "), F.lit("")))
    free = F.count_if(~F.col("tied"))
    names = (
        accounts.where("letters is not null").groupBy("letters").agg(free.alias("free"), F.count("*").alias("all"))
    )
    crowded_names = names.where(F.col("free") > LARGEST_BLOCK).select("letters", F.lit(True).alias("crowded_name"))
    # Two of a domain's names tell two companies at its turn, if nothing could join an account of either to others.
    quiet = names.where("free = all").select("letters")
    of_domain = accounts.where("domain is not null and letters is not null").select("domain", "letters").distinct()
    many = of_domain.groupBy("domain").count().where(F.col("count") > LARGEST_BLOCK).select("domain")
    counted = (
        of_domain.join(many, "domain", "left_semi").join(quiet, "letters", "left_semi").groupBy("domain").count()
    )
    crowded_domains = counted.where(F.col("count") > LARGEST_BLOCK).select(
        "domain", F.lit(True).alias("crowded_domain")
    )
    marked = accounts.join(crowded_names, "letters", "left").join(crowded_domains, "domain", "left")
    return marked.fillna(False, ["crowded_name", "crowded_domain"])


def _edges(accounts: DataFrame, decisions: tuple[Decision, ...]) -> DataFrame:
    """Connect accounts that share what `resolve` looks at, each with the smallest of its block.

    Nodes are digests of account ids: should two ever be equal, two components are resolved together, which changes
    nothing.
    """
    letters, domain = (
        F.when(~F.col("crowded_name"), F.col("letters")),
        F.when(~F.col("crowded_domain"), F.col("domain")),
    )
    values = {
        "name": letters,
        "domain": domain,
        "evidence": F.hex("evidence"),
        **{kind: F.col(kind) for kind in NUMBERS},
    }
    shared = F.explode(
        F.array(*(F.struct(F.lit(kind).alias("kind"), value.alias("value")) for kind, value in values.items()))
    )
    blocks = accounts.select(F.xxhash64("account_id").alias("node"), shared.alias("shared")).select(
        "node", "shared.*"
    )
    block = F.xxhash64("kind", "value").alias("block")
    blocks = blocks.where("value is not null").select("node", block)
    smallest = blocks.groupBy("block").agg(F.min("node").alias("other"), F.count("*").alias("accounts"))
    stars = blocks.join(smallest.where("accounts > 1"), "block").select("node", "other")
    pairs = accounts.sparkSession.createDataFrame([(d.one, d.other) for d in decisions], "one string, two string")
    return stars.union(pairs.select(F.xxhash64("one"), F.xxhash64("two")))
