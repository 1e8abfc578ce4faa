"""Files that only this workspace reads: sealed under a key that the identity holds.

A file is a salt, then a stream of chunks (trust.stream). Its key comes from the storage key, the salt and a label,
by HKDF (RFC 5869), so that no key is used twice and one file cannot stand in for another.
"""

import secrets
from collections.abc import Iterable, Iterator
from os import SEEK_END
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from accountmap.errors import WorkspaceError
from accountmap.psi.wire import Body
from accountmap.trust.stream import open_stream, plain_bytes, seal_stream

SALT_BYTES: Final = 32
_LABEL: Final = b"accountmap-at-rest-v1\x00"


class Storage:
    """Seals and opens files under one secret.

    Args:
        secret: uniform secret bytes, at least 32.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def seal(self, parts: Iterable[Body], label: str) -> Iterator[bytes]:
        """Encrypt a file, part after part.

        Args:
            label: which file it is; `open` has to name the same.
        """
        salt = secrets.token_bytes(SALT_BYTES)
        yield salt
        yield from seal_stream(self._key(salt, label), parts)

    def open(self, file: BinaryIO, label: str) -> memoryview:
        """Decrypt a file, and return all of it, read only.

        Raises:
            WorkspaceError: it was sealed by another workspace or under another label, cut or altered.
        """
        sealed = file.seek(0, SEEK_END) - SALT_BYTES
        file.seek(0)
        try:
            data = memoryview(bytearray(plain_bytes(sealed)))
            open_stream(self._key(file.read(SALT_BYTES), label), file, data)
        except (InvalidTag, ValueError) as error:
            raise WorkspaceError(
                "a sealed file of the workspace is damaged or belongs to another one",
                "Restore it from a backup, or give the session up with: accountmap map --with PARTNER --abandon",
            ) from error
        return data.toreadonly()

    def _key(self, salt: bytes, label: str) -> bytes:
        return HKDF(SHA256(), 32, salt, _LABEL + label.encode()).derive(self._secret)
