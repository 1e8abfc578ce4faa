"""The identity as a file: the card in clear, the private keys sealed under a passphrase.

The key comes from the passphrase by scrypt (RFC 7914), whose parameters are in the file; the private keys are
sealed with AES-256-GCM, with the card as associated data. Where the user asks to do without a passphrase, the
private keys are in the file as they are.
"""

import json
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Any, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from accountmap.errors import TrustError, WorkspaceError
from accountmap.trust.identity import Card, Identity

KEY_FILE_FORMAT: Final = "accountmap-identity-v2"
LEAST_PASSPHRASE: Final = 12
LEAST_GUESSES: Final = 10**10
"""One processor core would need decades for so many, at some tenths of a second for each guess."""

PASSPHRASE_RULE: Final = (
    f"At least {LEAST_PASSPHRASE} characters that are hard to guess: four words drawn at random, for example. "
    "Names, dates and runs such as abcd are easy."
)
_MOST_LOOKED_AT: Final = 72
SCRYPT: Final = {"n": 1 << 17, "r": 8, "p": 1}
"""128 MiB and some tenths of a second for each guess."""

_MOST_MEMORY: Final = 1 << 30
_NONCE: Final = bytes(12)
"""The nonce may be constant: each file has its own salt, and so its own key, which seals once."""


def check_passphrase(passphrase: str, company: str) -> None:
    """Refuse a passphrase that a dictionary or a pattern finds (estimated as zxcvbn does, Wheeler 2016).

    Args:
        company: the name on the card; its words count as guessed.

    Raises:
        TrustError: it is too short, or too easy to guess.
    """
    if len(passphrase) < LEAST_PASSPHRASE:
        raise TrustError(f"a passphrase must have at least {LEAST_PASSPHRASE} characters", PASSPHRASE_RULE)
    from zxcvbn import zxcvbn  # noqa: PLC0415 its dictionaries take a while to load, and few commands need them

    if zxcvbn(passphrase[:_MOST_LOOKED_AT], [company, *company.split()])["guesses"] < LEAST_GUESSES:
        raise TrustError("this passphrase is too easy to guess", PASSPHRASE_RULE)


@dataclass(frozen=True)
class KeyFile:
    """An identity at rest.

    Attributes:
        card: the public half, readable without the passphrase.
        lock: salt (hex) and scrypt parameters, or None if there is no passphrase.
        secret: the private keys, sealed if there is a lock.
        former: own cards that were replaced, for checking signatures that were made with their keys.
        rotation: the file by which partners replace the last of them; empty if there is none.
    """

    card: Card
    lock: dict[str, Any] | None
    secret: bytes = field(repr=False)
    former: tuple[Card, ...] = ()
    rotation: str = ""

    @classmethod
    def protect(
        cls, identity: Identity, passphrase: str | None, former: tuple[Card, ...] = (), rotation: str = ""
    ) -> Self:
        """Seal an identity under a passphrase; None leaves its private keys readable.

        Raises:
            TrustError: the passphrase is too short, or too easy to guess.
        """
        if passphrase is None:
            return cls(identity.card, None, identity.secret_bytes(), former, rotation)
        check_passphrase(passphrase, identity.card.name)
        lock = {"salt": secrets.token_hex(16), **SCRYPT}
        document = identity.card.document.encode()
        sealed = AESGCM(_derive(passphrase, lock)).encrypt(_NONCE, identity.secret_bytes(), document)
        return cls(identity.card, lock, sealed, former, rotation)

    def unlock(self, passphrase: str | None) -> Identity:
        """Return the identity.

        Args:
            passphrase: ignored if there is no lock.

        Raises:
            WorkspaceError: the passphrase is wrong or missing, or the file is damaged.
        """
        if self.lock is None:
            return Identity.from_secret_bytes(self.secret, self.card)
        if passphrase is None:
            raise WorkspaceError(
                "the private keys are protected by a passphrase", "Give it when asked, or with --passphrase-fd N."
            )
        try:
            key = _derive(passphrase, self.lock)
            raw = AESGCM(key).decrypt(_NONCE, self.secret, self.card.document.encode())
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged() from error
        except InvalidTag as error:
            raise WorkspaceError(
                "the passphrase is not the right one",
                "Run the same command again and retype it. Nobody can open the keys or a backup without it.",
            ) from error
        return Identity.from_secret_bytes(raw, self.card)

    def encode(self) -> bytes:
        """Write the file."""
        fields = {
            "format": KEY_FILE_FORMAT,
            "card": self.card.document,
            "lock": self.lock,
            "secret": self.secret.hex(),
            "former": [card.document for card in self.former],
            "rotation": self.rotation,
        }
        return json.dumps(fields, indent=1).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the file.

        Raises:
            WorkspaceError: it is damaged, or of another version.
        """
        try:
            fields = json.loads(data)
            lock = fields["lock"]
            if fields["format"] != KEY_FILE_FORMAT or not isinstance(lock, dict | None):
                raise ValueError("another format")
            former = tuple(Card.parse(document.encode()) for document in fields["former"])
            card, secret = Card.parse(fields["card"].encode()), bytes.fromhex(fields["secret"])
            return cls(card, lock, secret, former, str(fields["rotation"]))
        except (ValueError, KeyError, TypeError, AttributeError, TrustError) as error:
            raise _damaged() from error


def _derive(passphrase: str, lock: dict[str, Any]) -> bytes:
    n, r, p = (int(lock[name]) for name in ("n", "r", "p"))
    if 128 * n * r * p > _MOST_MEMORY:
        raise ValueError("scrypt parameters out of range")
    kdf = Scrypt(bytes.fromhex(lock["salt"]), 32, n=n, r=r, p=p)
    return kdf.derive(unicodedata.normalize("NFKC", passphrase).encode())


def _damaged() -> WorkspaceError:
    return WorkspaceError(
        "the identity file is damaged", "Restore it from a backup; without it no session can go on."
    )
