"""A run of several sessions in step: how their bodies become one (psi-v1 §5.9)."""

from collections.abc import Sequence

from protocols.reference.labels import digest, sha256


def join(sections: Sequence[bytes]) -> bytes:
    """Put sections into one body, behind their lengths."""
    return b"".join(len(section).to_bytes(8, "big") for section in sections) + b"".join(sections)


def run_id(sids: Sequence[bytes]) -> bytes:
    """Name a run."""
    return digest("run", *sids)


def run_receipt(receipts: Sequence[bytes]) -> bytes:
    """Return the fingerprint of a run."""
    return sha256(b"accountmap-run-v1 receipts\x00" + b"".join(receipts))


def bodies(named: Sequence[bytes], counted: Sequence[bytes], rests: tuple[bytes, bytes]) -> list[bytes]:
    """Write the messages of a run of two sessions.

    Args:
        named: messages 1 to 10 of the session that reveals, which is the first.
        counted: messages 1 to 4 of the one that is to count only.
        rests: of the initiator and the responder.
    """
    last = {8: [rests[1]], 9: [rests[0]]}
    return [
        join([body, *counted[n - 1 : n], *last.get(n, [])]) if n <= 4 else join([body, *last.get(n, [])])
        for n, body in enumerate(named, 1)
    ]
