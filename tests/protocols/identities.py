"""The two parties of the vectors, with their secret keys."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accountmap.trust.identity import Card, Identity
from accountmap.trust.sealed import SealingKey
from accountmap.workspace import PartnerRecord, Workspace
from accountmap.workspace.keys import create
from tests.parties import NOW
from tests.protocols.vectors import Json, cases


def identity_of(case: Json) -> Identity:
    signing = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(case["signing_seed"]))
    sealing = SealingKey.from_bytes(bytes.fromhex(case["mlkem_seed"] + case["x25519_secret"]))
    return Identity(signing, sealing, bytes(32), Card.parse(case["card"].encode()))


FIRST, SECOND = (identity_of(case) for case in cases("message/cards.json"))


def workspace_of(folder: Path, own: Identity, other: Identity) -> tuple[Workspace, PartnerRecord]:
    """Make a workspace of one party that has the other's card on file."""
    workspace = Workspace(folder, *create(folder, own, None))
    return workspace, workspace.add_partner(other.card, "test", NOW)
