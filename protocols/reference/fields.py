"""Key exchange, sealed fields and receipt of the matches (psi-v1 §5.7, §5.8)."""

from dataclasses import dataclass

from protocols.reference import aes_gcm
from protocols.reference.curve import x25519
from protocols.reference.labels import digest, encode_counts, generator_of_match, match_id, sha256
from protocols.reference.matching import Match, Table
from protocols.reference.party import INITIATOR, Parameters, Party
from protocols.reference.tables import flat, segment_of

NONCE = bytes(12)


@dataclass(frozen=True)
class Found:
    """What a session found.

    Attributes:
        ids: one an element of `matches`.
    """

    sid: bytes
    graph: bytes
    counts: list[list[int]]
    matches: list[Match]
    ids: list[bytes]


def found(sid: bytes, u: Table, v: Table, counts: list[list[int]], matches: list[Match], p: Parameters) -> Found:
    """Name the matches and hash the graph (psi-v1 §6.3, §6.4)."""
    places = [(segment_of(m.u, p.sizes[0]), segment_of(m.v, p.sizes[1])) for m in matches]
    graph = digest("graph", sid, sha256(flat(u)), sha256(flat(v)))
    return Found(sid, graph, counts, matches, [match_id(sid, *place) for place in places])


def passwords(party: Party, entities: list[int], result: Found, parameters: Parameters) -> list[bytes]:
    """Return for each match the keys that it shares, in ascending order of U's slot, each behind its length."""
    made = []
    for entity, match in zip(entities, result.matches, strict=True):
        slots = [s if party.role == INITIATOR else t for s, t in match.shared]
        keys = [party.key(entity, slot, parameters) for slot in slots]
        made.append(b"".join(len(key).to_bytes(4, "big") + key for key in keys))
    return made


def shares(result: Found, words: list[bytes], random: bytes) -> tuple[list[bytes], list[bytes]]:
    """Make one side's half of the exchanges: secrets and points."""
    scalars = [random[32 * n : 32 * n + 32] for n in range(len(words))]
    generators = [generator_of_match(result.sid + n + word) for n, word in zip(result.ids, words, strict=True)]
    return scalars, [x25519(scalar, g) for scalar, g in zip(scalars, generators, strict=True)]


def keys(
    result: Found, sender: int, halves: tuple[list[bytes], list[bytes]], exchanged: list[bytes]
) -> list[bytes]:
    """Derive the keys under which `sender` seals.

    Args:
        halves: points of the initiator and of the responder.
        exchanged: products of X25519.
    """
    return [
        digest("match-key", result.sid, result.graph, bytes([sender]), name, p, q, k)
        for name, p, q, k in zip(result.ids, *halves, exchanged, strict=True)
    ]


def seal(sealing_keys: list[bytes], texts: list[bytes]) -> bytes:
    """Seal one text under each key: all lengths, then all sealed texts."""
    sealed = [aes_gcm.seal(key, NONCE, text) for key, text in zip(sealing_keys, texts, strict=True)]
    return b"".join(len(part).to_bytes(4, "big") for part in sealed) + b"".join(sealed)


def receipt(result: Found, responder_sealed: bytes, initiator_sealed: bytes) -> bytes:
    """Return the digest that both sign (psi-v1 §5.8)."""
    return digest(
        "receipt",
        result.sid,
        result.graph,
        digest("receipt-counts", encode_counts(result.counts)),
        digest("receipt-matches", b"".join(result.ids)),
        digest("receipt-fields", responder_sealed),
        digest("receipt-fields", initiator_sealed),
    )
