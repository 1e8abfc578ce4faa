"""A nightly task for a scheduler: accounts from a table of the warehouse, the overlap into another.

In Airflow, decorate `map_with_partner` with `@task(retries=20, retry_delay=timedelta(minutes=15))`; in Dagster
make it an op with a retry policy. The scheduler calls it again while the partner has not answered. Every call may
repeat what an earlier one has done.
"""

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

import accountmap

STATEMENT = "SELECT id, name, website, segment, owner_name FROM crm_accounts"


class NotYetError(Exception):
    """It is the partner's turn: the scheduler is to try again later."""


def map_with_partner(
    workspace: Path, partner: str, place: str, dsn: str, password: str | None = None, wait: float = 600
) -> int | None:
    """Prepare tonight's list, go on with the session or begin one, and store the result.

    Returns:
        How many accounts are shared; None if the agreement allows no session tonight, which is not a failure.

    Raises:
        NotYetError: the session waits for the partner, or for a person.
    """
    with accountmap.Workspace.open(workspace) as own:
        accounts = accountmap.read_sql(STATEMENT, dsn, password=password)
        prepared = accountmap.prepare_accounts(accounts)
        own.save_list(accounts, prepared, accounts.source, datetime.now(UTC))
        try:
            outcome = accountmap.map_accounts(
                own, partner, place, lambda preview: preview.automatic or None, new=True, wait=wait
            )
        except accountmap.errors.NotNowError as reason:
            logging.getLogger(__name__).info("no session tonight: %s", reason)
            return None
        if outcome.state != "done":
            raise NotYetError(outcome.state)
        found = accountmap.read_account_map(own, partner)
        accountmap.write_sql(found, dsn, password=password)
        return len(found.overlap)


if __name__ == "__main__":
    folder, name, messages, database = sys.argv[1:]
    print(map_with_partner(Path(folder), name, messages, database))
