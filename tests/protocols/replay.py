"""Sessions of the package from a vector: its inputs and its random bytes."""

import contextlib

import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from accountmap.curve.openssl import OpenSSLCurve
from accountmap.psi.parameters import Groups, MessageType, Parameters, Ports, Role
from accountmap.psi.phases import Message
from accountmap.psi.session import Session
from accountmap.psi.suite import KEY_DST, key_message
from accountmap.trust.receipts import OneTimeAead
from tests.protocols.vectors import Json

SIGN_LABEL = b"accountmap-receipt-v1 signature\x00"


_BLINDING = ("dummy_secret", "own_shuffle", "scalar")
DRAWS = {
    Role.INITIATOR: ("nonce", *_BLINDING, "token_shuffle", "table_opening", "key_shares"),
    Role.RESPONDER: (*_BLINDING, "nonce", "token_shuffle", "preview_opening", "table_opening", "key_shares"),
}
"""The order in which the package draws."""


class Recorded:
    """A source of randomness that gives what was recorded, and nothing else."""

    def __init__(self, role: Role, recorded: Json) -> None:
        self.left = [bytes.fromhex(recorded[name]) for name in DRAWS[role]]

    def __call__(self, length: int) -> bytes:
        drawn = self.left.pop(0)
        assert len(drawn) == length
        return drawn


class Receipts:
    """Signatures of the two parties of a vector."""

    def __init__(self, own: Json, partner: Json) -> None:
        self._own = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(own["signing_seed"]))
        self._partner = Ed25519PublicKey.from_public_bytes(bytes.fromhex(partner["signing_key"]))

    def sign(self, receipt: bytes) -> bytes:
        return self._own.sign(SIGN_LABEL + receipt)

    def verify(self, receipt: bytes, signature: bytes) -> bool:
        with contextlib.suppress(InvalidSignature):
            self._partner.verify(signature, SIGN_LABEL + receipt)
            return True
        return False


class Own:
    """Keys and fields of one party of a vector."""

    def __init__(self, party: Json, spaces: list[str]) -> None:
        self._spaces = [space.encode() for space in spaces]
        self.entities = [entity for segment in party["segments"] for entity in segment]
        self._fields = [bytes.fromhex(field) for field in party["fields"]]

    def key(self, group: int, slot: int) -> bytes:
        return key_message(self._spaces[slot], self.entities[group][slot].encode())

    def fields(self, group: int) -> bytes:
        return self._fields[group]

    def accepts(self, _: bytes) -> bool:
        return True

    def groups(self, sizes: tuple[int, ...]) -> Groups:
        filled = [[value is not None for value in entity] for entity in self.entities]
        present = np.array(filled, np.bool_).reshape(-1, len(self._spaces))
        messages = [self.key(int(g), int(s)) for g, s in zip(*np.nonzero(present), strict=True)]
        return Groups(sizes, present, OpenSSLCurve().hash_to_curve(KEY_DST, messages))


def parameters(vector: Json) -> Parameters:
    p = vector["parameters"]
    return Parameters(
        context=bytes.fromhex(p["context"]),
        weights=tuple(p["weights"]),
        threshold=p["threshold"],
        sizes=(tuple(p["sizes"][0]), tuple(p["sizes"][1])),
        channel_key_bytes=p["channel_key_bytes"],
        field_bytes=p["field_bytes"],
        reveals=p.get("reveals", True),
    )


class Side:
    """One party of a vector, ready to begin."""

    def __init__(self, vector: Json, role: Role) -> None:
        own, partner = vector[role.name.lower()], vector[Role(1 - role).name.lower()]
        entities = Own(own, vector["parameters"]["spaces"])
        groups = entities.groups(tuple(len(segment) for segment in own["segments"]))
        self.random = Recorded(role, own["random"])
        ports = Ports(OpenSSLCurve(), self.random, OneTimeAead(), Receipts(own, partner))
        self.role, self._channel_key = role, bytes.fromhex(own["channel_key"])
        self.session = Session.start(role, parameters(vector), groups, entities, ports)

    def begin(self) -> Message:
        return self.session.offer(self._channel_key)

    def take(self, number: int, body: bytes) -> Message | None:
        """Take a message, and consent at once where that is due."""
        kind = MessageType(number)
        if kind is MessageType.OFFER:
            return self.session.answer(self._channel_key, body)
        reply = self.session.receive(kind, body)
        return self.session.consent() if self.session.must_decide else reply

    def until(self, number: int, bodies: dict[int, bytes]) -> None:
        """Take all messages of the partner before one."""
        if self.role is Role.INITIATOR:
            self.begin()
        for n in range(1 if self.role is Role.RESPONDER else 2, number, 2):
            self.take(n, bodies[n])


def bodies(vector: Json) -> dict[int, bytes]:
    """The bodies of an honest session by their number."""
    return {int(n): bytes.fromhex(body) for n, body in vector["expect"]["bodies"].items()}
