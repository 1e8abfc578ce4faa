"""Local de-duplication over partitions, with the outcome of linkage.dedupe.

Connected components are found by alternating large-star and small-star steps (Kiveris, Lattanzi, Mirrokni,
Rastogi, Vassilvitskii: Connected Components in MapReduce and Beyond, SoCC 2014). The number of rounds grows with
the logarithm of a component's size, however long its paths are.

Accounts that share no number, name or domain, directly or through others, are never compared in `resolve`. So each
connected component of the accounts that share something is resolved by itself, with the same outcome as within the
whole list. Two things keep components small when many accounts share one value:

- Twins are treated as one account. These are accounts equal in everything that they are compared by, where that is
  enough to join them.
- The block of a name or domain of more than LARGEST_BLOCK companies is oversized: `resolve` compares nothing in
  it, so it connects nothing here. Only companies that cannot be joined before that block's turn are counted, so
  that each block found oversized here is oversized on one machine too. One that is missed only makes a component
  larger.
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import InputError
from accountmap.linkage.blocking import LARGEST_BLOCK
from accountmap.linkage.compare import Traits, corroboration
from accountmap.linkage.dedupe import Clusters, Decision, OversizedBlocks, resolve
from accountmap.linkage.facts import FACT_COLUMNS
from accountmap.linkage.prepare import candidates_of, compute_part
from accountmap.linkage.prepared import Profile
from accountmap.linkage.reference import Reference
from accountmap.spark.frames import checkpoint, map_partitions, map_tables

NUMBERS: Final = ("lei", "vat", "duns")

FEW_EDGES: Final = 200_000
"""A graph with this many edges takes the driver a second; on the workers, each round has jobs of its own."""

FEATURES: Final = (
    "account_id string, segment string, full_name string, name string, forms array<string>, country string, "
    "domain string, city string, lei string, vat string, duns string, evidence binary, "
    "candidates array<struct<slot: tinyint, value: string, rule: string, closeness: tinyint>>"
)
"""One row for each account: its squashed full name; the columns of Traits; `evidence`, which is null, or equal for
accounts that are one company because they have everything in common; and the candidates of linkage.candidates."""

_CANDIDATE: Final = pa.struct(
    [("slot", pa.int8()), ("value", pa.string()), ("rule", pa.string()), ("closeness", pa.int8())]
)

_SCHEMA: Final = pa.schema(
    [
        ("account_id", pa.string()),
        ("segment", pa.string()),
        ("full_name", pa.string()),
        ("name", pa.string()),
        ("forms", pa.list_(pa.string())),
        *((name, pa.string()) for name in ("country", "domain", "city", *NUMBERS)),
        ("evidence", pa.binary()),
        ("candidates", pa.list_(_CANDIDATE)),
    ]
)
"""FEATURES as an Arrow schema."""

_NEEDED: Final = ("account_id", "segment", *FACT_COLUMNS, "city", *NUMBERS)


def features(accounts: DataFrame, profile: Profile, reference: Reference | None) -> DataFrame:
    """Compute what each account is compared by, and its candidates for keys.

    Args:
        accounts: columns of ACCOUNT_SCHEMA; those that keys are made from must be there.
        profile: which keys to make.
        reference: the list that fills the profile's reference slot, if it has one.

    Raises:
        InputError: a column is missing.
    """
    if missing := [name for name in _NEEDED if name not in accounts.columns]:
        raise InputError(
            f"The accounts have no column {', '.join(missing)}.", "Add it, with nulls if nothing is known."
        )
    slots = [slot.name for slot in profile.slots]
    known = reference if reference and "reference" in slots else None
    return map_tables(accounts.select(*_NEEDED), partial(_compute_features, slots, known), FEATURES)


def _compute_features(slots: Sequence[str], reference: Reference | None, table: pa.Table) -> pa.Table:
    part = compute_part(table, slots)
    traits, rows = Traits.of(table["account_id"], part.traits), range(len(table))
    columns = [
        traits.account_ids,
        _segments(table),
        part.full_names,
        traits.names,
        [sorted(forms) for forms in traits.forms],
        traits.countries,
        traits.domains,
        traits.cities,
        *(traits.ids[kind] for kind in NUMBERS),
        [_evidence(traits, row) for row in rows],
        _lists(candidates_of(part, slots, reference), len(traits)),
    ]
    return pa.table(columns, schema=_SCHEMA)


def _segments(table: pa.Table) -> pa.ChunkedArray:
    known = pc.is_in(table["segment"], value_set=pa.array(SEGMENTS))
    if not pc.all(known).as_py():
        raise InputError("There is an unknown segment.", f"Use {', '.join(SEGMENTS)}.")
    return table["segment"]


def _evidence(traits: Traits, row: int) -> bytes | None:
    """Digest everything that an account is compared by, if two accounts that are equal in it are one company."""
    if traits.names[row] is None or corroboration(traits, row, row) is None:
        return None
    texts = (
        traits.names,
        traits.countries,
        traits.domains,
        traits.cities,
        *(traits.ids[kind] for kind in NUMBERS),
    )
    known = [sorted(traits.forms[row]), *(values[row] for values in texts)]
    return hashlib.blake2b(repr(known).encode(), digest_size=16).digest()


def _lists(candidates: pa.Table, accounts: int) -> pa.ListArray:
    """Gather the candidates of each account, which follow one another."""
    ends = np.cumsum(np.bincount(candidates["account"].to_numpy(), minlength=accounts))
    fields = [candidates[field.name].cast(field.type).combine_chunks() for field in _CANDIDATE]
    values = pa.StructArray.from_arrays(fields, fields=list(_CANDIDATE))
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]), pa.int32()), values)


def traits_of(table: pa.Table) -> Traits:
    """Read what accounts are compared by from a table of features."""
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    return Traits(
        account_ids=columns["account_id"],
        names=columns["name"],
        forms=[frozenset(forms) for forms in columns["forms"]],
        countries=columns["country"],
        domains=columns["domain"],
        cities=columns["city"],
        ids={kind: columns[kind] for kind in NUMBERS},
    )


def components(edges: DataFrame, folder: str) -> DataFrame:
    """Label each node with the smallest node of its component.

    Args:
        edges: longs `node` and `other`; the order of the two, repetitions and loops do not matter.
        folder: for intermediate tables.

    Returns:
        Longs `node` and `component`: each node that is not alone in its component, once.
    """
    current = checkpoint(_downwards(edges), folder, "edges-0")
    few = current.limit(FEW_EDGES + 1).toArrow()
    if len(few) <= FEW_EDGES:
        return edges.sparkSession.createDataFrame(_components_here(few))
    state, rounds = _fingerprint(current), 0
    while True:
        rounds += 1
        # Two names in turn: a table cannot be written while it is read.
        current = checkpoint(_small_star(_large_star(current)), folder, f"edges-{rounds % 2}")
        before, state = state, _fingerprint(current)
        if before == state:
            break
    roots = current.select(F.col("other").alias("node"), F.col("other").alias("component")).distinct()
    return current.select("node", F.col("other").alias("component")).union(roots)


def _components_here(edges: pa.Table) -> pa.Table:
    """Return `node` and `component` of a graph that is small enough for the driver."""
    ends = np.concatenate([edges["node"].to_numpy(), edges["other"].to_numpy()])
    nodes, numbers = np.unique(ends, return_inverse=True)
    clusters = Clusters(len(nodes))
    for node, other in numbers.reshape(2, -1).T.tolist():
        clusters.join(node, other)
    roots = np.array([clusters.root(number) for number in range(len(nodes))], np.int64)
    return pa.table({"node": nodes, "component": nodes[roots]})


def _downwards(edges: DataFrame) -> DataFrame:
    """Direct each edge from its greater node to its smaller one, and keep it once."""
    ends = edges.select(F.greatest("node", "other").alias("node"), F.least("node", "other").alias("other"))
    return ends.where("node > other").distinct()


def _large_star(edges: DataFrame) -> DataFrame:
    """Connect the greater neighbours of each node to its smallest one, or to itself if it is smaller."""
    both = edges.union(edges.select(F.col("other").alias("node"), F.col("node").alias("other")))
    smallest = F.least(F.min("other").over(Window.partitionBy("node")), F.col("node"))
    greater = both.withColumn("smallest", smallest).where("other > node")
    return greater.select(F.col("other").alias("node"), F.col("smallest").alias("other"))


def _small_star(edges: DataFrame) -> DataFrame:
    """Connect each node and its smaller neighbours to the smallest of them; each edge is kept once."""
    stars = edges.withColumn("smallest", F.min("other").over(Window.partitionBy("node")))
    # The smallest neighbour needs no edge to itself; the edge of the node takes that one's place.
    node = F.when(F.col("other") == F.col("smallest"), F.col("node")).otherwise(F.col("other")).alias("node")
    return stars.select(node, F.col("smallest").alias("other")).distinct()


def _fingerprint(edges: DataFrame) -> tuple[int, int]:
    row = edges.agg(F.count("*").alias("edges"), F.bit_xor(F.xxhash64("node", "other")).alias("digest")).first()
    return (row["edges"], row["digest"] or 0) if row else (0, 0)


_TRAITS: Final = ("account_id", "name", "forms", "country", "domain", "city", *NUMBERS)


def resolve_entities(features: DataFrame, decisions: Iterable[Decision], folder: str) -> DataFrame:
    """Find each account's entity.

    Args:
        features: as `features` makes them, written to storage.
        decisions: what the user decided about pairs of accounts.
        folder: for intermediate tables.

    Returns:
        One row for each account: `account_id`, and `entity_id`, the smallest account id of the entity.
    """
    said = tuple(decisions)
    decided = _decided(features, said)
    alike = checkpoint(_twins(features, decided), folder, "twins")
    accounts = _without_twins(features, alike, decided)
    accounts = checkpoint(_mark_oversized(accounts), folder, "traits")
    labelled = components(_edges(accounts, said), folder)
    joined = accounts.withColumn("node", F.xxhash64("account_id")).join(labelled, "node")
    apart = joined.select(*_TRAITS, "oversized_name", "oversized_domain", "component").repartition("component")
    resolved = map_partitions(apart, partial(_resolve, said), "representative string, entity_id string")
    resolved = checkpoint(resolved, folder, "resolved")
    named = features.select("account_id").join(alike, "account_id", "left")
    named = named.withColumn("representative", F.coalesce("representative", "account_id"))
    entity = F.coalesce("entity_id", "representative").alias("entity_id")
    return named.join(resolved, "representative", "left").select("account_id", entity)


def _resolve(decisions: Iterable[Decision], table: pa.Table) -> pa.Table:
    """Resolve the components of a partition, all at once: they share nothing."""
    traits = traits_of(table.select(_TRAITS))
    letters = [name and name.replace(" ", "") for name in traits.names]
    oversized = OversizedBlocks(
        *(
            _marked(values, table.column(column).to_pylist())
            for values, column in ((letters, "oversized_name"), (traits.domains, "oversized_domain"))
        )
    )
    entity_of = resolve(traits, decisions, oversized).entity_of.tolist()
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
    """Pair each account with its smallest twin; accounts that the user decided about have none."""
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


def _mark_oversized(accounts: DataFrame) -> DataFrame:
    """Mark the accounts whose name or domain is oversized."""
    accounts = accounts.withColumn("letters", F.replace("name", F.lit(" "), F.lit("")))
    free = F.count_if(~F.col("tied"))
    names = (
        accounts.where("letters is not null").groupBy("letters").agg(free.alias("free"), F.count("*").alias("all"))
    )
    oversized_names = names.where(F.col("free") > LARGEST_BLOCK).select(
        "letters", F.lit(True).alias("oversized_name")
    )
    # Two names of a domain are two companies at its turn, if nothing could join an account of either to others.
    quiet = names.where("free = all").select("letters")
    of_domain = accounts.where("domain is not null and letters is not null").select("domain", "letters").distinct()
    many = of_domain.groupBy("domain").count().where(F.col("count") > LARGEST_BLOCK).select("domain")
    counted = (
        of_domain.join(many, "domain", "left_semi").join(quiet, "letters", "left_semi").groupBy("domain").count()
    )
    oversized_domains = counted.where(F.col("count") > LARGEST_BLOCK).select(
        "domain", F.lit(True).alias("oversized_domain")
    )
    marked = accounts.join(oversized_names, "letters", "left").join(oversized_domains, "domain", "left")
    return marked.fillna(False, ["oversized_name", "oversized_domain"])


def _edges(accounts: DataFrame, decisions: tuple[Decision, ...]) -> DataFrame:
    """Connect accounts that share what `resolve` compares, each with the smallest of its block.

    Nodes are digests of account ids. If two of them should ever be equal, two components are resolved together,
    which changes nothing.
    """
    letters, domain = (
        F.when(~F.col("oversized_name"), F.col("letters")),
        F.when(~F.col("oversized_domain"), F.col("domain")),
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
