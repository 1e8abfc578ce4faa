"""The workspace's ledger: what each partner was shown, in a chain that only grows."""

from accountmap.trust.chain import Entry, Facts, head_of
from accountmap.trust.identity import Identity
from accountmap.workspace.database import Database


def entries(database: Database) -> tuple[Entry, ...]:
    """Return all entries, oldest first."""
    rows = database.all("SELECT body, signature FROM ledger ORDER BY number")
    return tuple(Entry(row["body"], row["signature"]) for row in rows)


def append(database: Database, facts: Facts, identity: Identity) -> None:
    """Add an entry. Call inside the transaction of the step that it records."""
    known = entries(database)
    number = len(known) + 1
    entry = Entry.write(facts, number, head_of(known), identity)
    database.run("INSERT INTO ledger VALUES (?, ?, ?)", number, entry.body, entry.signature)
