"""TLS 1.3 between two identities, each pinned to the other's partner card (docs/adr/0006-direct-tls.md).

Each end shows a certificate for a key made for this run, issued by its identity. Each end trusts one issuer: the
signing key on the partner's card. So the handshake itself authenticates both. The identity's own key signs one
certificate and never leaves its owner.
"""

import secrets
import ssl
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from accountmap.channels import DirectChannel, Endpoint
from accountmap.errors import PeerError
from accountmap.psi.parameters import MessageType
from accountmap.session.parameters import preview_parameters, session_parameters
from accountmap.trust.conversation import has_length, is_conversation
from accountmap.trust.envelope import Header
from accountmap.trust.identity import Card, Identity
from accountmap.workspace import PartnerRecord, Workspace

ALPN: Final = "accountmap-direct/1"
_BEFORE, _AFTER = timedelta(days=1), timedelta(days=30)
_SIGNATURE_BYTES: Final = 64


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(subject: str, key: Ed25519PublicKey, now: datetime, *, issuer: bool) -> x509.Certificate:
    """Build a certificate of the issuer "identity", signed by a key that nobody has."""
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name("identity"))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + _AFTER)
        .add_extension(x509.BasicConstraints(ca=issuer, path_length=0 if issuer else None), critical=True)
        .sign(Ed25519PrivateKey.generate(), None)
    )


def _anchor(card: Card, now: datetime) -> bytes:
    """Return what to trust, in DER. Of a trust anchor, only name and key count, no signature (RFC 5280 §6.1.1)."""
    key = Ed25519PublicKey.from_public_bytes(card.signing_key)
    return _certificate("identity", key, now, issuer=True).public_bytes(Encoding.DER)


def _issue(identity: Identity, key: Ed25519PublicKey, now: datetime) -> bytes:
    """Return a certificate in PEM, issued by an identity.

    An Ed25519 signature is the last 64 bytes of the DER (RFC 8410), so the identity's takes the place of the
    builder's. What is signed begins with the DER tag of a sequence, so it never begins with one of our labels.
    """
    draft = _certificate("connection", key, now, issuer=False)
    signed = draft.public_bytes(Encoding.DER)[:-_SIGNATURE_BYTES] + identity.sign(draft.tbs_certificate_bytes)
    return x509.load_der_x509_certificate(signed).public_bytes(Encoding.PEM)


def tls_context(identity: Identity, partner: Card, now: datetime, *, server: bool) -> ssl.SSLContext:
    """Return a context in which only the partner is at the other end.

    Args:
        server: whether this end listens.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the key says who is at the other end, wherever that is
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols([ALPN])
    context.load_verify_locations(cadata=_anchor(partner, now))
    key = Ed25519PrivateKey.generate()
    # `ssl` reads keys from files only: this one is encrypted, under a passphrase that is never written.
    passphrase = secrets.token_bytes(32)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "connection.pem"
        file.write_bytes(
            key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.hex().encode())
            )
            + _issue(identity, key.public_key(), now)
        )
        context.load_cert_chain(file, password=passphrase.hex())
    return context


def open_direct(
    workspace: Workspace,
    partner: PartnerRecord,
    endpoint: Endpoint,
    folder: Path,
    *,
    listen: bool,
    patience: float,
    now: datetime,
    tell: Callable[[str], None] = lambda _: None,
) -> DirectChannel:
    """Open a direct connection to a partner.

    Args:
        endpoint: where to listen or to connect to.
        folder: keeps the partner's messages.
        patience: seconds, as in DirectChannel.
        tell: called with what keeps the connection from being made.

    Raises:
        ChannelError: nothing can listen there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tls = tls_context(workspace.identity, partner.card, now, server=listen)
    accept = acceptable(workspace, partner)
    if listen:
        return DirectChannel.listen(endpoint, tls, folder, accept, patience)
    return DirectChannel.connect(endpoint, tls, folder, accept, patience, tell)


def acceptable(workspace: Workspace, partner: PartnerRecord) -> Callable[[bytes], int | None]:
    """Return a test of what a partner may send: messages to us under an agreement, of a length that it allows.

    The test uses what the workspace contained when it was made, so that any thread can call it.
    """
    known = {
        each.digest: (preview_parameters if each.is_preview else session_parameters)(each).body_limits
        for each in workspace.agreements(partner)
        if each.complete
    }
    ours, theirs = workspace.card.digest, partner.card.digest

    def length(head: bytes) -> int | None:
        try:
            header = Header.decode(head)
        except PeerError:
            return None
        limits = known.get(header.agreement)
        if (header.sender, header.recipient) != (theirs, ours) or limits is None:
            return None
        if is_conversation(header):
            return header.file_bytes if has_length(header) else None
        try:
            least, most = limits(MessageType(header.type))
        except (ValueError, KeyError):  # of another kind than this agreement is for
            return None
        return header.file_bytes if least <= header.body_bytes <= most else None

    return length
