"""The own entities that match, brought to the driver: their keys, and the fields that the agreement shows."""

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.linkage.prepared import ENTITY_SCHEMA, KEY_SCHEMA, MEMBER_SCHEMA, Prepared
from accountmap.session.own_list import EntityTables, GroupOrder, ListEntities
from accountmap.spark.frames import account_table
from accountmap.spark.prepare import PreparedFrames


def open_entities(
    accounts: DataFrame,
    prepared: PreparedFrames,
    fields: tuple[str, ...],
    partner_fields: tuple[str, ...],
    ids: list[str],
) -> ListEntities:
    """Read what the list says of some entities, which are then known by their places in `ids`.

    Args:
        accounts: account_id and the fields, of the types of the account list or such as cast to them.
        fields: columns that we show, in the order of the agreement.
        partner_fields: likewise of the partner's.
    """
    wanted = pa.table({"at": pa.array(np.arange(len(ids)), pa.int32()), "entity_id": pa.array(ids, pa.string())})
    order = GroupOrder(np.arange(len(ids), dtype=np.int64), (len(ids),))
    tables = EntityTables(*(_small_list(accounts, prepared, fields, wanted) if ids else _no_list(prepared)))
    return ListEntities(tables, order, fields, partner_fields)


def _small_list(
    accounts: DataFrame, prepared: PreparedFrames, fields: tuple[str, ...], wanted: pa.Table
) -> tuple[AccountList, Prepared]:
    """Cut the list down to the wanted entities."""
    sought = accounts.sparkSession.createDataFrame(wanted)
    members = prepared.members.join(sought, "entity_id").select("account_id", "at")
    keys = prepared.keys.join(sought, "entity_id").select("at", "slot", "value", "rule").toArrow()
    columns = ["account_id", *(name for name in dict.fromkeys(fields) if name != "account_id")]
    owned = accounts.select(*columns).join(members, "account_id").toArrow()
    small = Prepared(
        prepared.profile,
        wanted.select(["entity_id"]).append_column("segment", pa.repeat("", wanted.num_rows)).cast(ENTITY_SCHEMA),
        owned.select(["account_id", "at"]).rename_columns(MEMBER_SCHEMA.names).cast(MEMBER_SCHEMA),
        keys.rename_columns(KEY_SCHEMA.names).cast(KEY_SCHEMA),
    )
    return AccountList(account_table(owned.select(columns)), pa.table({})), small


def _no_list(prepared: PreparedFrames) -> tuple[AccountList, Prepared]:
    tables = (schema.empty_table() for schema in (ENTITY_SCHEMA, MEMBER_SCHEMA, KEY_SCHEMA))
    return AccountList(ACCOUNT_SCHEMA.empty_table(), pa.table({})), Prepared(prepared.profile, *tables)
