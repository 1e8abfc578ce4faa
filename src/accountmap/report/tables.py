"""The tables of an account map that leave as tables: files, and rows of a database."""

import pyarrow as pa

from accountmap.overlap import REST_SCHEMA, AccountMap


def tables_of(account_map: AccountMap) -> dict[str, pa.Table]:
    """Return each table by its name, as docs/reports.md describes them."""
    return {
        "overlap": account_map.overlap,
        "conflicts": account_map.conflicts,
        "their_customers": account_map.their_customers,
        "whitespace": account_map.whitespace,
        "theirs_without_me": REST_SCHEMA.empty_table() if account_map.rest is None else account_map.rest,
        "coverage": account_map.coverage,
        "campaign": account_map.campaign,
        "budget": account_map.budget,
        "matrix": account_map.matrix,
        "changes": account_map.history.changes,
        "sessions": account_map.history.sessions,
    }
