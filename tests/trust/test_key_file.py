"""The private keys on disk: what opens them, what does not, and what shows."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from accountmap.errors import TrustError, WorkspaceError
from accountmap.trust import key_file
from accountmap.trust.identity import Identity
from accountmap.trust.key_file import KeyFile

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PASSPHRASE = "correct horse battery"
IDENTITY = Identity.generate("Acme", NOW)


@pytest.fixture(scope="module", autouse=True)
def _quick_guesses() -> Iterator[None]:
    """Let the tests derive keys in a hundredth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(key_file.SCRYPT, "n", 1 << 10)
        yield


@pytest.fixture(scope="module")
def protected() -> KeyFile:
    return KeyFile.protect(IDENTITY, PASSPHRASE)


def test_the_passphrase_opens_it_and_another_does_not(protected: KeyFile) -> None:
    read = KeyFile.decode(protected.encode())
    assert read.card == IDENTITY.card
    assert read.unlock(PASSPHRASE).sign(b"x") == IDENTITY.sign(b"x")
    with pytest.raises(WorkspaceError, match="not the right one"):
        read.unlock(PASSPHRASE + " ")
    with pytest.raises(WorkspaceError, match="protected by a passphrase"):
        read.unlock(None)


def test_no_private_key_stands_in_the_file(protected: KeyFile) -> None:
    secret = IDENTITY.secret_bytes()
    for part in (secret[:32], secret[32:64], secret[64:128], secret[128:]):
        assert part.hex() not in protected.encode().decode()
        assert part.hex() in KeyFile.protect(IDENTITY, None).encode().decode()


def test_no_private_key_stands_in_a_repr() -> None:
    assert "secret" not in repr(KeyFile.protect(IDENTITY, None))


def test_without_a_passphrase_it_opens_as_it_is() -> None:
    read = KeyFile.decode(KeyFile.protect(IDENTITY, None).encode())
    assert read.unlock(None).secret_bytes() == IDENTITY.secret_bytes()


def test_the_same_letters_typed_in_another_way_open_it() -> None:
    composed, decomposed = "Schlu\u0308ssel zum Bund", "Schl\u00fcssel zum Bund"
    KeyFile.protect(IDENTITY, composed).unlock(decomposed)


@pytest.mark.parametrize(
    ("passphrase", "said"),
    [
        ("short", "at least 12"),
        ("aaaaaaaaaaaa", "too easy"),
        ("abcdefghijklmnop", "too easy"),
        ("passwordpassword", "too easy"),
        ("qwertyuiop12", "too easy"),
        ("Acme Acme 2026!", "too easy"),
        ("ab" * 500, "too easy"),
    ],
)
def test_passphrases_that_are_easy_to_guess_are_refused(passphrase: str, said: str) -> None:
    with pytest.raises(TrustError, match=said) as refused:
        KeyFile.protect(IDENTITY, passphrase)
    assert passphrase not in str(refused.value) + refused.value.hint


@pytest.mark.parametrize(
    "passphrase", [PASSPHRASE, "plinth voucher mongoose tariff", "vT9#kq2LmZ1p", "Schlüssel zum Bund"]
)
def test_passphrases_that_are_hard_to_guess_are_taken(passphrase: str) -> None:
    KeyFile.protect(IDENTITY, passphrase)


def test_two_files_of_one_passphrase_share_no_key(protected: KeyFile) -> None:
    other = KeyFile.protect(IDENTITY, PASSPHRASE)
    assert protected.lock is not None and other.lock is not None
    assert protected.lock["salt"] != other.lock["salt"]
    assert protected.secret != other.secret


def test_keys_of_another_card_are_refused(protected: KeyFile) -> None:
    stranger = Identity.generate("Acme", NOW)
    with pytest.raises(WorkspaceError, match="do not belong"):
        KeyFile(stranger.card, None, IDENTITY.secret_bytes()).unlock(None)
    with pytest.raises(WorkspaceError, match="not the right one"):
        KeyFile(stranger.card, protected.lock, protected.secret).unlock(PASSPHRASE)


def test_damaged_files_are_refused(protected: KeyFile) -> None:
    fields = json.loads(protected.encode())
    damaged = [
        b"",
        b"[]",
        protected.encode()[:-10],
        json.dumps({**fields, "format": "accountmap-identity-v9"}).encode(),
        json.dumps({**fields, "lock": "none"}).encode(),
        json.dumps({**fields, "secret": 7}).encode(),
    ]
    for data in damaged:
        with pytest.raises(WorkspaceError, match="damaged"):
            KeyFile.decode(data)
    for lock in (
        {},
        {**fields["lock"], "n": 1 << 40},
        {**fields["lock"], "salt": "x"},
        {**fields["lock"], "r": None},
    ):
        with pytest.raises(WorkspaceError, match="damaged"):
            KeyFile.decode(json.dumps({**fields, "lock": lock}).encode()).unlock(PASSPHRASE)
