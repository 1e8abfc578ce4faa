"""The tables of an account map that leave as tables: files, and rows of a database."""

import pyarrow as pa

from accountmap.overlap import AccountMap


def tables_of(account_map: AccountMap) -> dict[str, pa.Table]:
    """Return each table by its name, as docs/reports.md describes them."""
    return {
        "overlap": account_map.overlap,
        "whitespace": account_map.whitespace,
        "matrix": account_map.matrix,
        "changes": account_map.history.changes,
        "sessions": account_map.history.sessions,
    }
