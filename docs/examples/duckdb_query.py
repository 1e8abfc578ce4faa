"""A list from a DuckDB query, and the overlap queried with DuckDB; nothing is copied in between."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb

import accountmap

CUSTOMERS = """
    SELECT id, any_value(name) AS name, any_value(domain) AS domain, max(segment) AS segment
    FROM read_csv($file) GROUP BY id
"""
BY_PLAY = "SELECT play, count(DISTINCT entity_id) AS companies FROM overlap GROUP BY play ORDER BY companies DESC"


def companies_by_play(workspace: Path, partner: str, place: str, file: str) -> list[tuple[str, int]]:
    """Map the accounts of a file, and count the shared companies by play."""
    with accountmap.Workspace.open(workspace) as own, duckdb.connect() as database:
        accounts = accountmap.read_accounts(database.sql(CUSTOMERS, params={"file": file}))
        own.save_list(accounts, accountmap.prepare_accounts(accounts), accounts.source, datetime.now(UTC))
        accountmap.map_accounts(own, partner, place, lambda preview: preview.automatic or None, new=True, wait=600)
        database.register("overlap", accountmap.read_account_map(own, partner).overlap)
        return database.execute(BY_PLAY).fetchall()


if __name__ == "__main__":
    folder, name, messages, export = sys.argv[1:]
    for play, companies in companies_by_play(Path(folder), name, messages, export):
        print(f"{play}: {companies}")
