"""A list from a Polars frame, and the overlap as one."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

import accountmap


def shared_with(workspace: Path, partner: str, place: str, accounts: pl.DataFrame) -> pl.DataFrame:
    """Map the accounts of a frame; return the rows that the partner has too, with the partner's segment."""
    with accountmap.Workspace.open(workspace) as own:
        read = accountmap.read_accounts(accounts)
        own.save_list(read, accountmap.prepare_accounts(read), read.source, datetime.now(UTC))
        accountmap.map_accounts(own, partner, place, lambda preview: preview.automatic or None, new=True, wait=600)
        overlap = pl.DataFrame(accountmap.read_account_map(own, partner).overlap)
    found = overlap.select(pl.col("account_id").alias("id"), "their_segment", "play", "score")
    return accounts.join(found, on="id").sort("score", descending=True)


if __name__ == "__main__":
    folder, name, messages, export = sys.argv[1:]
    print(shared_with(Path(folder), name, messages, pl.read_csv(export, infer_schema=False)))
