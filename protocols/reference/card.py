"""The text of a partner card (trust-v2 §3)."""

import base64

from protocols.reference import ed25519
from protocols.reference.suite import sha256

LINE = 76


def _quoted(raw: bytes) -> str:
    """Write bytes as base64 in TOML, long ones in lines."""
    text = base64.b64encode(raw).decode()
    if len(text) <= 2 * LINE:
        return f'"{text}"'
    return '"""\n' + "\n".join(text[i : i + LINE] for i in range(0, len(text), LINE)) + '"""'


def signed_text(name: str, created: str, signing_seed: bytes, sealing_key: bytes) -> str:
    """Write what is signed: all lines before the signature's.

    Args:
        name: without characters that TOML escapes.
        created: as RFC 3339 writes it, in UTC.
        signing_seed: Ed25519 seed.
        sealing_key: raw hybrid public key.
    """
    return (
        "# An accountmap partner card: public keys only, safe to send.\n"
        'format = "accountmap-card-v1"\n'
        f'name = "{name}"\n'
        f"created = {created}\n"
        f"signing_key = {_quoted(ed25519.public_key(signing_seed))}\n"
        f"sealing_key = {_quoted(sealing_key)}"
    )


def write(signed: str, signing_seed: bytes) -> str:
    """Put the signature below."""
    signature = ed25519.sign(signing_seed, b"accountmap-card-v1 signature\x00" + signed.encode())
    return f"{signed}\nsignature = {_quoted(signature)}\n"


def digest(signed: str) -> bytes:
    """Return what agreements and messages name a card by."""
    return sha256(signed.encode())


def fingerprint(signed: str) -> str:
    """Return what people compare: 30 digits in groups of five."""
    digits = f"{int.from_bytes(digest(signed), 'big') % 10**30:030}"
    return " ".join(digits[i : i + 5] for i in range(0, 30, 5))


def rotation(new_card: str, old_signed: str, signing_seed: bytes, more: str = "") -> str:
    """Put below a new card that it replaces another (trust-v2 §6).

    Args:
        new_card: with its signature.
        old_signed: signed text of the card that it replaces.
        signing_seed: of the old card, on honest sides.
        more: lines that do not belong there.
    """
    signed = f'{new_card}\n[rotation]\nold_card = "{digest(old_signed).hex()}"{more}'
    signature = ed25519.sign(signing_seed, b"accountmap-rotation-v1 signature\x00" + signed.encode())
    return f"{signed}\nrotation_signature = {_quoted(signature)}\n"
