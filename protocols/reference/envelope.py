"""The envelope of message-v2: header, transcript, sealed key, chunks."""

from dataclasses import astuple, dataclass

from protocols.reference import aes_gcm, ed25519, hpke
from protocols.reference.suite import sha256

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Header:
    """The fields of a header, in their order (message-v2 §2)."""

    type: int
    role: int
    agreement: bytes
    session: bytes
    sender: bytes
    recipient: bytes
    transcript: bytes
    created: int
    expires: int
    body_bytes: int

    def encode(self) -> bytes:
        """Write the header, 192 bytes."""
        kind, role, *digests, created, expires, body_bytes = astuple(self)
        numbers = (n.to_bytes(8, "big") for n in (created, expires, body_bytes))
        return b"AMAP\x02\x02" + bytes([kind, role]) + b"".join(digests) + b"".join(numbers)


def first_transcript(agreement: bytes, initiator: bytes, responder: bytes) -> bytes:
    """Return th_0 (message-v2 §4)."""
    return sha256(b"accountmap-message-v2 transcript\x00" + agreement + initiator + responder)


def next_transcript(header: Header, body: bytes) -> bytes:
    """Return th_i (message-v2 §4)."""
    return sha256(header.transcript + header.encode() + sha256(body))


def info(header: bytes) -> bytes:
    """Return the info of HPKE (message-v2 §5.2)."""
    return b"accountmap-message-v2 header\x00" + sha256(header)


SESSION_LABEL, CONVERSATION_LABEL = b"accountmap-message-v2 signature", b"accountmap-conversation-v1 signature"


def signature(header: Header, body: bytes, signing_seed: bytes) -> bytes:
    """Sign the transcript (message-v2 §5.1), or a message of a conversation (conversation-v1 §2)."""
    label = CONVERSATION_LABEL if header.type == 16 else SESSION_LABEL
    return ed25519.sign(signing_seed, label + b"\x00" + next_transcript(header, body))


def nonce(chunk: int, last: bool) -> bytes:
    """Number a chunk (message-v2 §5.3)."""
    return bytes(7) + chunk.to_bytes(4, "big") + bytes([last])


def seal_chunks(content_key: bytes, plaintext: bytes) -> bytes:
    """Seal body and signature in chunks (message-v2 §5.3)."""
    parts = [plaintext[i : i + CHUNK_BYTES] for i in range(0, len(plaintext), CHUNK_BYTES)]
    return b"".join(aes_gcm.seal(content_key, nonce(n, n == len(parts) - 1), part) for n, part in enumerate(parts))


@dataclass(frozen=True)
class SealingRandomness:
    """What a writer draws for one message, 32 bytes each."""

    content_key: bytes
    m: bytes
    ephemeral: bytes


def write(header: Header, body: bytes, signing_seed: bytes, recipient: bytes, random: SealingRandomness) -> bytes:
    """Write a whole message."""
    head = header.encode()
    sealed_key = hpke.seal(recipient, random.content_key, info(head), random.m, random.ephemeral)
    return head + sealed_key + seal_chunks(random.content_key, body + signature(header, body, signing_seed))
