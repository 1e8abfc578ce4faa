"""The partners of a workspace: their cards, who confirmed them, and which cards hold no longer."""

from datetime import datetime

from accountmap.errors import TrustError
from accountmap.files import slug_of
from accountmap.trust.identity import Card
from accountmap.workspace.database import Database, PartnerRecord


def all_partners(database: Database) -> list[PartnerRecord]:
    """List the partners by name."""
    return [
        PartnerRecord(
            row["slug"],
            Card.parse(row["card"].encode()),
            row["confirmed_by"],
            datetime.fromisoformat(row["confirmed_at"]),
            datetime.fromisoformat(row["revoked_at"]) if row["revoked_at"] else None,
        )
        for row in database.all("SELECT * FROM partner ORDER BY slug")
    ]


def find(database: Database, name: str) -> PartnerRecord:
    """Find a partner by name, short name, or the beginning of one.

    Raises:
        TrustError: there is none or more than one.
    """
    known = all_partners(database)
    found = [p for p in known if name in (p.slug, p.card.name)]
    found = found or [p for p in known if p.slug.startswith(slug_of(name))]
    if len(found) != 1:
        listed = ", ".join(p.slug for p in known) or "none yet"
        raise TrustError(
            f"{'no' if not found else 'more than one'} partner is called {name}",
            f"Partners of this workspace: {listed}. Add one with: accountmap partner add FILE",
        )
    return found[0]


def check_addable(database: Database, card: Card) -> PartnerRecord | None:
    """Return the partner who is on file under the name of a card that may be added, or None.

    Raises:
        TrustError: another card is on file under that name, or this one was replaced or revoked.
    """
    slug = slug_of(card.name)
    known = next((p for p in all_partners(database) if p.slug == slug), None)
    if is_former(database, card) or (known and known.revoked_at and known.card.digest == card.digest):
        raise TrustError("this card was replaced or revoked", "Ask your partner for the card they use now.")
    if known and not known.revoked_at and known.card.digest != card.digest:
        raise TrustError(
            f"another card of {known.card.name} is on file, and this one has other keys",
            "Somebody may have swapped it: ask them by phone. If they changed keys, they send the file that "
            "`accountmap partner rotate` wrote; if they lost them, run accountmap partner revoke "
            f"{slug}, then add this card.",
        )
    return known


def add(database: Database, card: Card, confirmed_by: str, now: datetime) -> None:
    """Record a partner; in the place of a revoked card, its new one. Call inside a transaction.

    Raises:
        TrustError: as `check_addable`.
    """
    known = check_addable(database, card)
    if known is None:
        statement = "INSERT INTO partner (slug, card, confirmed_by, confirmed_at) VALUES (?, ?, ?, ?)"
        database.run(statement, slug_of(card.name), card.document, confirmed_by, now.isoformat())
    elif known.revoked_at:
        replace_card(database, known, card, confirmed_by, now)


def replace_card(database: Database, partner: PartnerRecord, card: Card, confirmed_by: str, now: datetime) -> None:
    """Put a new card in the place of a partner's. Call inside a transaction.

    Raises:
        TrustError: a session is open, or the card was in use before.
    """
    if is_former(database, card):
        raise TrustError("this card was replaced or revoked", "Ask your partner for the card they use now.")
    refuse_open_sessions(database, partner.slug)
    retire(database, partner.card, now)
    statement = "UPDATE partner SET card = ?, confirmed_by = ?, confirmed_at = ?, revoked_at = '' WHERE slug = ?"
    database.run(statement, card.document, confirmed_by, now.isoformat(), partner.slug)


def revoke(database: Database, partner: PartnerRecord, now: datetime) -> None:
    """Trust a partner's card no longer. Call inside a transaction."""
    database.run("UPDATE partner SET revoked_at = ? WHERE slug = ?", now.isoformat(), partner.slug)


def retire(database: Database, card: Card, now: datetime) -> None:
    """Keep a card that is used no longer, for the signatures that were made with it."""
    statement = "INSERT OR IGNORE INTO former_card VALUES (?, ?, ?)"
    database.run(statement, card.digest.hex(), card.document, now.isoformat())


def is_former(database: Database, card: Card) -> bool:
    """Return whether a card was used here before."""
    return bool(database.all("SELECT 1 FROM former_card WHERE digest = ?", card.digest.hex()))


def refuse_open_sessions(database: Database, slug: str | None = None) -> None:
    """Refuse to change a card under an open session.

    Args:
        slug: of one partner, or None for all.

    Raises:
        TrustError: a session is open.
    """
    rows = database.all("SELECT partner FROM session WHERE status = 'open'")
    for row in rows:
        if slug in (None, row["partner"]):
            raise TrustError(
                f"a session with {row['partner']} is open, under the cards of now",
                f"Finish it, or give it up with: accountmap map --with {row['partner']} --abandon",
            )
