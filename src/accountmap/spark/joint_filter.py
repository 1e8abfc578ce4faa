"""Which entities an agreement lets take part, as exchange.participation says it on one machine."""

from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame

from accountmap.errors import InputError
from accountmap.session.participants import inside
from accountmap.spark.frames import account_table, map_tables
from accountmap.spark.prepare import PreparedFrames
from accountmap.trust.terms import JointFilter

_COLUMNS = {
    "countries": ("country", "domain"),
    "industries": ("industry",),
    "employees": ("employees",),
}
"""The columns that each part of a filter looks at."""


def filtered(accounts: DataFrame, prepared: PreparedFrames, joint: JointFilter) -> DataFrame:
    """Return the entities that are inside the filter: those of which one account is.

    Args:
        accounts: account_id, and the columns that the filter looks at.

    Raises:
        InputError: one of these columns is missing.
    """
    if joint == JointFilter():
        return prepared.entities
    asked = [part for part in _COLUMNS if getattr(joint, part) != getattr(JointFilter(), part)]
    columns = ["account_id", *(column for part in asked for column in _COLUMNS[part])]
    missing = [column for column in columns if column not in accounts.columns]
    if missing:
        raise InputError(
            f"The agreement's filter looks at columns that the list does not have: {', '.join(missing)}.",
            "Add them to the DataFrame; blanks are null.",
        )
    inner = map_tables(accounts.select(*columns), partial(_inside, joint), "account_id string")
    ids = inner.join(prepared.members, "account_id").select("entity_id").distinct()
    return prepared.entities.join(ids, "entity_id", "left_semi")


def _inside(joint: JointFilter, table: pa.Table) -> pa.Table:
    return table.select(["account_id"]).filter(pa.array(inside(account_table(table), joint)))
