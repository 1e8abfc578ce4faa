"""The workspace's ledger: what each partner was shown, in a chain that only grows."""

from accountmap.trust.chain import BEGINNING, Entry, Facts
from accountmap.trust.identity import Identity
from accountmap.workspace.database import Database


def entries(database: Database) -> tuple[Entry, ...]:
    """Return all entries, oldest first."""
    rows = database.all("SELECT body, signature FROM ledger ORDER BY number")
    return tuple(Entry(row["body"], row["signature"]) for row in rows)


def append(database: Database, facts: Facts, identity: Identity) -> None:
    """Add an entry; takes as long after many as after few. Call inside the transaction of the step it records."""
    number, before = 1, BEGINNING
    for row in database.all("SELECT number, body, signature FROM ledger ORDER BY number DESC LIMIT 1"):
        last = Entry(row["body"], row["signature"])
        number, before = row["number"] + 1, last.hash(last.before)
    entry = Entry.write(facts, number, before, identity)
    database.run("INSERT INTO ledger VALUES (?, ?, ?)", number, entry.body, entry.signature)
