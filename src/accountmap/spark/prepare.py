"""From a DataFrame of accounts to entities and match keys, as canonical.prepare makes them."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.accounts.schema import SEGMENTS
from accountmap.canonical.decisions import Decision
from accountmap.canonical.prepared import Profile
from accountmap.canonical.reference import Reference
from accountmap.spark.entities import resolve_entities
from accountmap.spark.features import features
from accountmap.spark.frames import settle
from accountmap.spark.keys import distinct_keys


@dataclass(frozen=True)
class PreparedFrames:
    """A prepared list. Entities are known by `entity_id`, the smallest account id among their accounts.

    Attributes:
        profile: which keys were made.
        entities: entity_id, segment (the strongest), off_limits (whether one of its accounts is).
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
        accounts: account_id (unique) and segment, and as text or null name, domain, website, email, country, city,
            lei, vat and duns; off_limits, true or not, if there is any such account. Other columns are left alone.
        profile: which keys to make.
        folder: for tables, on storage that all workers reach. The result is read from there.
        decisions: what the user said of pairs of accounts: the same company or not.
        reference: the list that the agreement names, if its profile has the slot. It is sent to each worker.

    Raises:
        InputError: a column is missing.
    """
    worked = settle(features(accounts, profile, reference), folder, "features")
    members = settle(resolve_entities(worked, decisions, folder), folder, "members")
    order = F.array_position(F.array(*map(F.lit, SEGMENTS)), F.col("segment"))
    owned = worked.select("account_id", order.alias("order")).join(members, "account_id")
    owned = owned.join(_off_limits(accounts), "account_id", "left")
    strongest = F.element_at(F.array(*map(F.lit, SEGMENTS)), F.min("order").cast("int")).alias("segment")
    off_limits = F.max(F.coalesce("off_limits", F.lit(False))).alias("off_limits")
    entities = settle(owned.groupBy("entity_id").agg(strongest, off_limits), folder, "entities")
    candidates = worked.select("account_id", F.explode("candidates").alias("key")).select("account_id", "key.*")
    keys = distinct_keys(candidates.join(members, "account_id"), profile)
    return PreparedFrames(profile, entities, members, settle(keys, folder, "keys"))


def _off_limits(accounts: DataFrame) -> DataFrame:
    if "off_limits" in accounts.columns:
        return accounts.select("account_id", "off_limits")
    return accounts.select("account_id", F.lit(False).alias("off_limits"))
