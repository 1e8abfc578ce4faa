"""The responder's phases: messages 1, 3, 5, 7 and 9 in, 2, 4, 6, 8 and 10 out (psi-v1 §5)."""

from dataclasses import dataclass

from accountmap.errors import PeerError
from accountmap.psi import fields, rounds, wire
from accountmap.psi.matching import Tokens
from accountmap.psi.parameters import MessageType, Role
from accountmap.psi.phases import Counted, Done, Matched, Message, Phase, Setting, Step, matched
from accountmap.psi.suite import DIGEST_BYTES, INDEX_BYTES, NONCE_BYTES, POINT_BYTES, SIGNATURE_BYTES, TOKEN_BYTES
from accountmap.psi.tables import Bytes2D, Order, Points, check_points
from accountmap.psi.wire import Body

THEM, US = Role.INITIATOR, Role.RESPONDER
OFFER, PREVIEW, REVEAL, MATCHED = "message 1", "message 3", "message 5", "message 7"
FIELDS = "message 9"


@dataclass(frozen=True, repr=False)
class Ready(Phase):
    """Our own groups are blinded; message 1 is still to come."""

    scalar: bytes
    table: Points
    origin: Order


@dataclass(frozen=True, repr=False)
class Answered(Phase):
    """Message 2 is out: the token table is fixed by commitments."""

    sid: bytes
    preview_opening: bytes
    table_opening: bytes
    origin: Order
    u: Tokens
    u_order: Order

    def receive(self, setting: Setting, body: Body) -> Step:
        """Take the partner's preview column: we know the counts, the partner does not yet."""
        p = setting.parameters
        (commitment,), column = wire.split(body, DIGEST_BYTES)
        v0 = wire.rows(column, TOKEN_BYTES)
        rounds.check_preview(v0, p.segment_rows(US), PREVIEW)
        counts = rounds.preview_counts(rounds.preview_column(self.u, p.segment_rows(THEM)), v0, p)
        return Step(
            Previewed(
                sid=self.sid,
                preview_opening=self.preview_opening,
                table_opening=self.table_opening,
                origin=self.origin,
                u=self.u,
                u_order=self.u_order,
                v0=v0,
                v_commitment=commitment,
                counts=counts,
            )
        )


@dataclass(frozen=True, repr=False)
class Previewed(Phase):
    """We know the counts and the partner does not: ours is the first decision."""

    sid: bytes
    preview_opening: bytes
    table_opening: bytes
    origin: Order
    u: Tokens
    u_order: Order
    v0: Bytes2D
    v_commitment: bytes
    counts: rounds.Counts

    def consent(self, setting: Setting) -> Step:
        """Agree to reveal: open our preview column, so that the partner can count."""
        said = rounds.consent(self.sid, setting.role, self.counts)
        u0 = rounds.preview_column(self.u, setting.parameters.segment_rows(THEM))
        message = Message(MessageType.PREVIEW_OPENING, wire.parts(self.preview_opening, said, u0))
        if not setting.parameters.reveals:
            return Step(Counted(self.sid, self.counts), message)
        phase = Consented(
            sid=self.sid,
            table_opening=self.table_opening,
            origin=self.origin,
            u=self.u,
            u_order=self.u_order,
            v0=self.v0,
            v_commitment=self.v_commitment,
            counts=self.counts,
        )
        return Step(phase, message)


@dataclass(frozen=True, repr=False)
class Consented(Phase):
    """Message 4 is out: the partner knows the counts."""

    sid: bytes
    table_opening: bytes
    origin: Order
    u: Tokens
    u_order: Order
    v0: Bytes2D
    v_commitment: bytes
    counts: rounds.Counts

    def receive(self, setting: Setting, body: Body) -> Step:
        """Take the partner's consent and token table; answer with ours and with its matched rows."""
        p = setting.parameters
        (opening, consent), column = wire.split(body, DIGEST_BYTES, DIGEST_BYTES)
        v = wire.token_table(column, p.slots)
        if rounds.commitment("initiator-table", self.sid, opening, v) != self.v_commitment:
            raise PeerError(f"{REVEAL} does not open the commitment of {PREVIEW}")
        if consent != rounds.consent(self.sid, THEM, self.counts):
            raise PeerError(f"{REVEAL} consents to other counts than these")
        rounds.check_table(v, self.v0, p.segment_rows(US), REVEAL)
        matching = rounds.match(self.u, v, p)
        named = wire.encode_indices(self.u_order[matching.u])
        phase = Revealed(self.sid, self.origin, self.u, v, self.counts)
        return Step(phase, Message(MessageType.REVEAL_OPENING, wire.parts(self.table_opening, self.u, named)))


@dataclass(frozen=True, repr=False)
class Revealed(Phase):
    """Message 6 is out: the partner knows which of its accounts match."""

    sid: bytes
    origin: Order
    u: Tokens
    v: Tokens
    counts: rounds.Counts

    def receive(self, setting: Setting, body: Body) -> Step:
        """Take our matched rows and the partner's key shares; answer with our key shares and fields."""
        p = setting.parameters
        matching = rounds.match(self.u, self.v, p)
        if len(body) != len(matching) * (INDEX_BYTES + POINT_BYTES):
            raise PeerError(f"{MATCHED} names more or fewer rows than there are matches")
        _, columns = wire.split(body)
        width = INDEX_BYTES * len(matching)
        rows = rounds.read_rows(columns[:width], matching, MATCHED)
        groups = rounds.own_groups(rows, matching, p, US, self.origin, setting.groups.present)
        graph = rounds.graph_digest(self.sid, self.u, self.v)
        found = matched(setting, self.sid, graph, self.counts, matching, groups)
        points, keys = fields.answer_shares(found, setting, wire.rows(columns[width:], POINT_BYTES), MATCHED)
        sealed = fields.seal(found, setting, keys)
        phase = Sharing(
            **vars(found),
            sealed=sealed,
            initiator_keys=keys[THEM],
            responder_keys=keys[US],
        )
        return Step(phase, Message(MessageType.RESPONDER_FIELDS, wire.parts(points, sealed)))


@dataclass(frozen=True, repr=False)
class Sharing(Matched):
    """Message 8 is out: a partner that holds the keys of the matches has our fields."""

    sealed: bytes
    initiator_keys: Bytes2D
    responder_keys: Bytes2D

    def receive(self, setting: Setting, body: Body) -> Step:
        """Take the partner's fields and its signature under the receipt; answer with ours."""
        theirs, signature = memoryview(body)[:-SIGNATURE_BYTES], bytes(body[-SIGNATURE_BYTES:])
        keys = (self.initiator_keys, self.responder_keys)
        opened, lengths = fields.open_all(theirs, self, setting, keys, FIELDS)
        shown = fields.shown(self.sealed, theirs)
        receipt = fields.receipt(self, shown)
        if not setting.ports.receipts.verify(receipt, signature):
            raise PeerError(f"{FIELDS} is not signed under the same receipt")
        ours = setting.ports.receipts.sign(receipt)
        phase = Done(
            **self.carried(),
            fields=opened,
            field_lengths=lengths,
            shown=shown,
            receipt=receipt,
            signatures=signature + ours,
        )
        return Step(phase, Message(MessageType.RECEIPT, (ours,)))


def prepare(setting: Setting) -> Ready:
    """Blind our groups, which needs nothing of the partner's."""
    blinded = rounds.blind(setting.groups, setting.parameters, US, setting.ports)
    return Ready(blinded.scalar, blinded.table, blinded.origin)


def answer(setting: Setting, ours: Ready, channel_key: bytes, body: Body) -> Step:
    """Take message 1: blind the partner's points, and commit to the token table."""
    p = setting.parameters
    (their_nonce, _), column = wire.split(body, NONCE_BYTES, p.channel_key_bytes)
    points = wire.rows(column, POINT_BYTES)
    check_points(points, ours.table, OFFER)
    nonce = setting.ports.random(NONCE_BYTES)
    sid = rounds.session_id(p, their_nonce, nonce)
    u, order = rounds.token_table(points, ours.scalar, sid, p, THEM, setting.ports, OFFER)
    preview_opening, table_opening = setting.ports.random(DIGEST_BYTES), setting.ports.random(DIGEST_BYTES)
    u0 = rounds.preview_column(u, p.segment_rows(THEM))
    commitments = rounds.commitment("preview", sid, preview_opening, u0) + rounds.commitment(
        "table", sid, table_opening, u
    )
    phase = Answered(sid, preview_opening, table_opening, ours.origin, u, order)
    return Step(phase, Message(MessageType.ANSWER, wire.parts(nonce, channel_key, commitments, ours.table)))
