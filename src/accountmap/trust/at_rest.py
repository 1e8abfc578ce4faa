"""Files that only this workspace reads: sealed under a key that the identity holds.

A file is a salt, then chunks of AES-256-GCM (NIST SP 800-38D), numbered and the last one marked as STREAM does
(Hoang, Reyhanitabar, Rogaway, Vizár 2015). The key of a file comes from the storage key, its salt and its label by
HKDF (RFC 5869), so that no nonce is used twice and one file cannot stand in for another.
"""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from accountmap.errors import WorkspaceError

CHUNK_BYTES: Final = 1 << 24
TAG_BYTES: Final = 16
SALT_BYTES: Final = 32
_LABEL: Final = b"accountmap-at-rest-v1\x00"


class Storage:
    """Seals and opens files under one secret.

    Args:
        secret: uniform secret bytes, at least 32.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def seal(self, data: bytes, label: str) -> bytes:
        """Encrypt a file.

        Args:
            label: which file it is; `open` has to name the same.
        """
        salt = secrets.token_bytes(SALT_BYTES)
        aead, view = self._aead(salt, label), memoryview(data)
        count = max(1, -(-len(view) // CHUNK_BYTES))
        parts = (view[n * CHUNK_BYTES : (n + 1) * CHUNK_BYTES] for n in range(count))
        sealed = (aead.encrypt(_nonce(n, n == count - 1), part, None) for n, part in enumerate(parts))
        return b"".join([salt, *sealed])

    def open(self, sealed: bytes, label: str) -> bytes:
        """Decrypt a file.

        Raises:
            WorkspaceError: it was sealed by another workspace or under another label, cut or altered.
        """
        size, view = CHUNK_BYTES + TAG_BYTES, memoryview(sealed)[SALT_BYTES:]
        count = max(1, -(-len(view) // size))
        aead = self._aead(sealed[:SALT_BYTES], label)
        parts = (view[n * size : (n + 1) * size] for n in range(count))
        try:
            return b"".join(aead.decrypt(_nonce(n, n == count - 1), part, None) for n, part in enumerate(parts))
        except (InvalidTag, ValueError) as error:
            raise WorkspaceError(
                "a sealed file of the workspace is damaged or belongs to another one",
                "Restore it from a backup, or give the session up with: accountmap map --with PARTNER --abandon",
            ) from error

    def _aead(self, salt: bytes, label: str) -> AESGCM:
        return AESGCM(HKDF(SHA256(), 32, salt, _LABEL + label.encode()).derive(self._secret))


def _nonce(chunk: int, last: bool) -> bytes:
    return bytes(7) + chunk.to_bytes(4, "big") + bytes([last])
