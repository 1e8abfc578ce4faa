"""The initiator's phases: messages 1, 3, 5, 7 and 9 out, 2, 4, 6, 8 and 10 in (psi-v1 §5)."""

from dataclasses import dataclass

from accountmap.errors import PeerError
from accountmap.psi import fields, rounds, wire
from accountmap.psi.matching import Tokens
from accountmap.psi.parameters import MessageType, Role
from accountmap.psi.phases import Counted, Done, Matched, Message, Phase, Setting, Step, matched
from accountmap.psi.suite import DIGEST_BYTES, NONCE_BYTES, POINT_BYTES, TOKEN_BYTES
from accountmap.psi.tables import Bytes2D, Order, Points, check_points
from accountmap.psi.wire import Body

US, THEM = Role.INITIATOR, Role.RESPONDER
ANSWER, OPENING, MATCHED = "message 2", "message 4", "message 6"
FIELDS, RECEIPT = "message 8", "message 10"


@dataclass(frozen=True, repr=False)
class Offered(Phase):
    """Message 1 is out."""

    scalar: bytes
    nonce: bytes
    table: Points
    origin: Order

    def receive(self, setting: Setting, body: Body) -> Step:
        """Take the partner's points and commitments; answer with our preview column."""
        p = setting.parameters
        (nonce, _, preview_commitment, table_commitment), column = wire.split(
            body, NONCE_BYTES, p.channel_key_bytes, DIGEST_BYTES, DIGEST_BYTES
        )
        points = wire.rows(column, POINT_BYTES)
        check_points(points, self.table, ANSWER)
        sid = rounds.session_id(p, self.nonce, nonce)
        v, order = rounds.token_table(points, self.scalar, sid, p, THEM, setting.ports, ANSWER)
        opening = setting.ports.random(DIGEST_BYTES)
        phase = Counting(sid, preview_commitment, table_commitment, self.origin, v, order, opening)
        commitment = rounds.commitment("initiator-table", sid, opening, v)
        preview = rounds.preview_column(v, p.segment_rows(THEM))
        return Step(phase, Message(MessageType.PREVIEW, wire.parts(commitment, preview)))


@dataclass(frozen=True, repr=False)
class Counting(Phase):
    """Message 3 is out: the partner knows the counts."""

    sid: bytes
    preview_commitment: bytes
    table_commitment: bytes
    origin: Order
    v: Tokens
    v_order: Order
    v_opening: bytes

    def receive(self, setting: Setting, body: Body) -> Step:
        """Take the partner's preview column and consent; both know the counts now."""
        p = setting.parameters
        (opening, consent), column = wire.split(body, DIGEST_BYTES, DIGEST_BYTES)
        u0 = wire.rows(column, TOKEN_BYTES)
        if rounds.commitment("preview", self.sid, opening, u0) != self.preview_commitment:
            raise PeerError(f"{OPENING} does not open the commitment of {ANSWER}")
        rounds.check_preview(u0, p.segment_rows(US), OPENING)
        v0 = rounds.preview_column(self.v, p.segment_rows(THEM))
        counts = rounds.preview_counts(u0, v0, p)
        if consent != rounds.consent(self.sid, THEM, counts):
            raise PeerError(f"{OPENING} consents to other counts than these")
        if not p.reveals:
            return Step(Counted(self.sid, counts))
        phase = Previewed(
            self.sid, self.table_commitment, self.origin, self.v, self.v_order, self.v_opening, u0, counts
        )
        return Step(phase)


@dataclass(frozen=True, repr=False)
class Previewed(Phase):
    """Both know the counts and the partner consents: ours is the decision."""

    sid: bytes
    table_commitment: bytes
    origin: Order
    v: Tokens
    v_order: Order
    v_opening: bytes
    u0: Bytes2D
    counts: rounds.Counts

    def consent(self, setting: Setting) -> Step:
        """Agree to reveal: send our whole token table."""
        phase = Revealing(self.sid, self.table_commitment, self.origin, self.v, self.v_order, self.u0, self.counts)
        said = rounds.consent(self.sid, setting.role, self.counts)
        return Step(phase, Message(MessageType.REVEAL, wire.parts(self.v_opening, said, self.v)))


@dataclass(frozen=True, repr=False)
class Revealing(Phase):
    """Message 5 is out: the partner knows the matching."""

    sid: bytes
    table_commitment: bytes
    origin: Order
    v: Tokens
    v_order: Order
    u0: Bytes2D
    counts: rounds.Counts

    def receive(self, setting: Setting, body: Body) -> Step:
        """Take the partner's token table and our matched rows; answer with the partner's."""
        p = setting.parameters
        width = p.rows(US) * p.slots * TOKEN_BYTES
        (opening,), columns = wire.split(body, DIGEST_BYTES)
        u, named = wire.token_table(columns[:width], p.slots), columns[width:]
        if rounds.commitment("table", self.sid, opening, u) != self.table_commitment:
            raise PeerError(f"{MATCHED} does not open the commitment of {ANSWER}")
        rounds.check_table(u, self.u0, p.segment_rows(US), MATCHED)
        matching = rounds.match(u, self.v, p)
        rows = rounds.read_rows(named, matching, MATCHED)
        groups = rounds.own_groups(rows, matching, p, US, self.origin, setting.groups.present)
        graph = rounds.graph_digest(self.sid, u, self.v)
        found = matched(setting, self.sid, graph, self.counts, matching, groups)
        shares = fields.make_shares(found, setting)
        theirs = wire.encode_indices(self.v_order[matching.v])
        phase = Sharing(**vars(found), scalars=shares.scalars, points=shares.points)
        return Step(phase, Message(MessageType.MATCHES, wire.parts(theirs, shares.points)))


@dataclass(frozen=True, repr=False)
class Sharing(Matched):
    """Message 7 is out: the partner knows which of its accounts match, and has our half of the key exchanges."""

    scalars: Bytes2D
    points: Points

    def receive(self, setting: Setting, body: Body) -> Step:
        """Take the partner's half and fields; answer with our fields and our signature under the receipt."""
        width = len(self) * POINT_BYTES
        if len(body) < width:
            raise PeerError(f"{FIELDS} is too short for the matches")
        _, columns = wire.split(body)
        theirs, sealed = wire.rows(columns[:width], POINT_BYTES), columns[width:]
        keys = fields.derive(self, setting, fields.Shares(self.scalars, self.points), theirs, FIELDS)
        opened, lengths = fields.open_all(sealed, self, setting, keys, FIELDS)
        ours = fields.seal(self, setting, keys)
        shown = fields.shown(sealed, ours)
        receipt = fields.receipt(self, shown)
        signature = setting.ports.receipts.sign(receipt)
        phase = Receiving(
            **self.carried(),
            fields=opened,
            field_lengths=lengths,
            shown=shown,
            receipt=receipt,
            signature=signature,
        )
        return Step(phase, Message(MessageType.INITIATOR_FIELDS, (ours, signature)))


@dataclass(frozen=True, repr=False)
class Receiving(Matched):
    """Message 9 is out: both have the fields; the partner's receipt is still to come."""

    fields: bytes
    field_lengths: Order
    shown: bytes
    receipt: bytes
    signature: bytes

    def receive(self, setting: Setting, body: Body) -> Step:
        """Take the partner's signature under the receipt."""
        theirs = bytes(body)
        if not setting.ports.receipts.verify(self.receipt, theirs):
            raise PeerError(f"{RECEIPT} is not signed under the same receipt")
        return Step(
            Done(
                **self.carried(),
                fields=self.fields,
                field_lengths=self.field_lengths,
                shown=self.shown,
                receipt=self.receipt,
                signatures=self.signature + theirs,
            )
        )


def offer(setting: Setting, channel_key: bytes) -> Step:
    """Start a session: blind our groups and send them."""
    nonce = setting.ports.random(NONCE_BYTES)
    blinded = rounds.blind(setting.groups, setting.parameters, US, setting.ports)
    phase = Offered(blinded.scalar, nonce, blinded.table, blinded.origin)
    return Step(phase, Message(MessageType.OFFER, wire.parts(nonce, channel_key, blinded.table)))
