"""The partners of a workspace, the agreements with them, and which cards are no longer trusted."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Final

from accountmap.errors import TrustError, WorkspaceError
from accountmap.files import slug_of
from accountmap.trust.agreement import Agreement
from accountmap.trust.identity import Card, Rotation
from accountmap.workspace.database import AgreementRecord, Database, PartnerRecord
from accountmap.workspace.keys import OwnKeys

_parse = lru_cache(maxsize=64)(Agreement.parse)
"""Cached, since a step looks at the same few agreements many times."""


_FORMER: Final = "this card was replaced or revoked", "Ask your partner for the card they use now."


class Partnerships:
    """The part of a workspace that says whom it trusts, and under which agreements."""

    def __init__(self, keys: OwnKeys, database: Database) -> None:
        self._keys, self._database = keys, database

    @property
    def card(self) -> Card:
        """The own card. Needs no passphrase."""
        return self._keys.card

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep other commands out; keep all changes or none.

        Raises:
            WorkspaceError: another command is at work here, or the disk is full.
        """
        try:
            with self._database.transaction():
                yield
        except OSError as error:
            raise WorkspaceError(
                f"the workspace cannot be written: {error.strerror}",
                "Make room, then run this again; nothing is lost.",
            ) from error

    def partners(self) -> list[PartnerRecord]:
        """List the partners by name."""
        return [
            PartnerRecord(
                row["slug"],
                Card.parse(row["card"].encode()),
                row["confirmed_by"],
                datetime.fromisoformat(row["confirmed_at"]),
                datetime.fromisoformat(row["revoked_at"]) if row["revoked_at"] else None,
            )
            for row in self._database.all("SELECT * FROM partner ORDER BY slug")
        ]

    def partner(self, name: str) -> PartnerRecord:
        """Find a partner by name, short name, or the beginning of one.

        Raises:
            TrustError: there is none or more than one.
        """
        known = self.partners()
        found = [p for p in known if name in (p.slug, p.card.name)]
        found = found or [p for p in known if p.slug.startswith(slug_of(name))]
        if len(found) != 1:
            listed = ", ".join(p.slug for p in known) or "none yet"
            raise TrustError(
                f"{'no' if not found else 'more than one'} partner is called {name}",
                f"Partners of this workspace: {listed}. Add one with: accountmap partner add FILE",
            )
        return found[0]

    def check_addable(self, card: Card) -> PartnerRecord | None:
        """Refuse a card that cannot be a partner's, before anybody is asked to compare fingerprints.

        Returns:
            The partner who is on file under the name of the card, if there is one.

        Raises:
            TrustError: the card is our own, was replaced or revoked, or another card is on file under that name.
        """
        if card.digest in {own.digest for own in (self.card, *self._keys.former_cards)}:
            raise TrustError("this is your own card", "Add the card that your partner sent you.")
        slug = slug_of(card.name)
        known = next((p for p in self.partners() if p.slug == slug), None)
        self._check_not_former(card)
        if known and known.revoked_at and known.card.digest == card.digest:
            raise TrustError(*_FORMER)
        if known and not known.revoked_at and known.card.digest != card.digest:
            raise TrustError(
                f"another card of {known.card.name} is on file, and this one has other keys",
                "Somebody may have swapped it: ask them by phone. If they changed keys, they send the file that "
                "`accountmap partner rotate` wrote; if they lost them, run accountmap partner revoke "
                f"{slug}, then add this card.",
            )
        return known

    def add_partner(self, card: Card, confirmed_by: str, now: datetime) -> PartnerRecord:
        """Record a partner whose fingerprint somebody has confirmed; its new card replaces one that was revoked.

        Raises:
            TrustError: as `check_addable`.
        """
        with self.transaction():
            known = self.check_addable(card)
            if known is None:
                statement = "INSERT INTO partner (slug, card, confirmed_by, confirmed_at) VALUES (?, ?, ?, ?)"
                self._database.run(statement, slug_of(card.name), card.document, confirmed_by, now.isoformat())
            elif known.revoked_at:
                self._replace_card(known, card, confirmed_by, now)
        return self.partner(slug_of(card.name))

    def renew_partner(self, rotation: Rotation, confirmed_by: str, now: datetime) -> PartnerRecord:
        """Replace a partner's card by a new one, signed with the old key.

        Raises:
            TrustError: no such partner, its card was revoked, the old key did not sign, a session is open, or the
                new card was in use before.
        """
        known = self.partner(rotation.card.name)
        known.check_not_revoked()
        rotation.check(known.card)
        with self.transaction():
            self._replace_card(known, rotation.card, confirmed_by, now)
        return self.partner(known.slug)

    def revoke_partner(self, partner: PartnerRecord, now: datetime) -> None:
        """Stop trusting a partner's card: no session goes on or begins with it."""
        with self.transaction():
            statement = "UPDATE partner SET revoked_at = ? WHERE slug = ?"
            self._database.run(statement, now.isoformat(), partner.slug)

    def _replace_card(self, partner: PartnerRecord, card: Card, confirmed_by: str, now: datetime) -> None:
        """Replace a partner's card by a new one; the old one is kept for the signatures that were made with it."""
        self._check_not_former(card)
        self._check_no_open_session(partner.slug)
        old, when = partner.card, now.isoformat()
        self._database.run(
            "INSERT OR IGNORE INTO former_card VALUES (?, ?, ?)", old.digest.hex(), old.document, when
        )
        self._database.run(
            "UPDATE partner SET card = ?, confirmed_by = ?, confirmed_at = ?, revoked_at = '' WHERE slug = ?",
            card.document,
            confirmed_by,
            when,
            partner.slug,
        )

    def _check_not_former(self, card: Card) -> None:
        if self._database.all("SELECT 1 FROM former_card WHERE digest = ?", card.digest.hex()):
            raise TrustError(*_FORMER)

    def _check_no_open_session(self, slug: str | None = None) -> None:
        """Refuse to change a card during an open session.

        Args:
            slug: of one partner, or None for all.
        """
        for row in self._database.all("SELECT partner FROM session WHERE status = 'open'"):
            if slug in (None, row["partner"]):
                raise TrustError(
                    f"a session with {row['partner']} is open, under the present cards",
                    f"Finish it, or give it up with: accountmap map --with {row['partner']} --abandon",
                )

    def save_agreement(self, partner: PartnerRecord, agreement: Agreement, now: datetime) -> None:
        """Keep an agreement, signed by one or both."""
        with self.transaction():
            self._database.run(
                "INSERT OR IGNORE INTO agreement (digest, partner, document, added) VALUES (?, ?, ?, ?)",
                agreement.digest.hex(),
                partner.slug,
                agreement.document,
                now.isoformat(),
            )

    def agreement_records(self, partner: PartnerRecord) -> list[AgreementRecord]:
        """List the agreements with a partner, newest first, with when they came and ended."""
        statement = "SELECT * FROM agreement WHERE partner = ? ORDER BY added DESC, rowid DESC"
        return [
            AgreementRecord(
                _parse(row["document"].encode()),
                datetime.fromisoformat(row["added"]),
                datetime.fromisoformat(row["ended"]) if row["ended"] else None,
            )
            for row in self._database.all(statement, partner.slug)
        ]

    def agreements(self, partner: PartnerRecord) -> list[Agreement]:
        """List the agreements with a partner, newest first, ended ones too."""
        return [record.agreement for record in self.agreement_records(partner)]

    def end_agreement(self, agreement: Agreement, now: datetime) -> None:
        """Begin and answer no more sessions under an agreement. Call inside a transaction."""
        statement = "UPDATE agreement SET ended = ? WHERE digest = ? AND ended = ''"
        self._database.run(statement, now.isoformat(), agreement.digest.hex())

    def agreement(self, digest: str) -> Agreement:
        """Return the agreement of a digest in hex."""
        row = self._database.one("SELECT document FROM agreement WHERE digest = ?", digest)
        return _parse(row[0].encode())
