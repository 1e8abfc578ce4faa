"""The responder's phases: messages 1, 3, 5 and 7 in, 2, 4 and 6 out (psi-v1 §5)."""

from dataclasses import dataclass

from accountmap.errors import PeerError
from accountmap.psi import rounds, wire
from accountmap.psi.matching import Tokens
from accountmap.psi.parameters import MessageType, Role
from accountmap.psi.phases import Message, Phase, Setting, Step, done
from accountmap.psi.suite import DIGEST_BYTES, NONCE_BYTES, POINT_BYTES, TOKEN_BYTES
from accountmap.psi.tables import Bytes2D, Order, check_points, check_products, tokens

THEM, US = Role.INITIATOR, Role.RESPONDER
OFFER, PREVIEW, REVEAL, MATCHED = "message 1", "message 3", "message 5", "message 7"


@dataclass(frozen=True)
class Answered(Phase):
    """Message 2 is out: the token table is fixed by commitments."""

    sid: bytes
    preview_opening: bytes
    table_opening: bytes
    origin: Order
    u: Tokens
    u_order: Order

    def receive(self, setting: Setting, body: bytes) -> Step:
        """Take the partner's preview column: we know the counts, the partner does not yet."""
        p = setting.parameters
        v0 = wire.rows(body, TOKEN_BYTES)
        rounds.check_preview(v0, p.segment_rows(US), PREVIEW)
        counts = rounds.preview_counts(rounds.preview_column(self.u, p.segment_rows(THEM)), v0, p)
        phase = Previewed(
            self.sid, self.preview_opening, self.table_opening, self.origin, self.u, self.u_order, v0, counts
        )
        return Step(phase)


@dataclass(frozen=True)
class Previewed(Phase):
    """We know the counts and the partner does not: ours is the first decision."""

    sid: bytes
    preview_opening: bytes
    table_opening: bytes
    origin: Order
    u: Tokens
    u_order: Order
    v0: Bytes2D
    counts: rounds.Counts

    def consent(self, setting: Setting) -> Step:
        """Agree to reveal: open our preview column, so that the partner can count."""
        said = rounds.consent(self.sid, setting.role, self.counts)
        u0 = rounds.preview_column(self.u, setting.parameters.segment_rows(THEM))
        phase = Consented(self.sid, self.table_opening, self.origin, self.u, self.u_order, self.v0, self.counts)
        body = self.preview_opening + said + u0.tobytes()
        return Step(phase, Message(MessageType.PREVIEW_OPENING, body))


@dataclass(frozen=True)
class Consented(Phase):
    """Message 4 is out: the partner knows the counts."""

    sid: bytes
    table_opening: bytes
    origin: Order
    u: Tokens
    u_order: Order
    v0: Bytes2D
    counts: rounds.Counts

    def receive(self, setting: Setting, body: bytes) -> Step:
        """Take the partner's consent and token table; answer with ours and with its matched rows."""
        p = setting.parameters
        consent, column = wire.split(body, [DIGEST_BYTES])
        if consent != rounds.consent(self.sid, THEM, self.counts):
            raise PeerError(f"{REVEAL} consents to other counts than these")
        v = wire.token_table(column, p.slots)
        rounds.check_table(v, self.v0, p.segment_rows(US), REVEAL)
        matching = rounds.match(self.u, v, p)
        named = wire.encode_indices(self.u_order[matching.u])
        phase = Revealed(self.sid, self.origin, self.u, v, self.counts)
        return Step(phase, Message(MessageType.REVEAL_OPENING, self.table_opening + self.u.tobytes() + named))


@dataclass(frozen=True)
class Revealed(Phase):
    """Message 6 is out: the partner knows which of its accounts match."""

    sid: bytes
    origin: Order
    u: Tokens
    v: Tokens
    counts: rounds.Counts

    def receive(self, setting: Setting, body: bytes) -> Step:
        """Take our matched rows."""
        p = setting.parameters
        matching = rounds.match(self.u, self.v, p)
        rows = rounds.read_rows(body, matching, MATCHED)
        groups = rounds.own_groups(rows, matching, p, US, self.origin, setting.groups.present)
        return Step(done(setting, self.sid, self.counts, matching, groups))


def answer(setting: Setting, channel_key: bytes, body: bytes) -> Step:
    """Take message 1: blind the partner's points and our own, and commit to the token table."""
    p = setting.parameters
    their_nonce, _, column = wire.split(body, [NONCE_BYTES, p.channel_key_bytes])
    points = wire.rows(column, POINT_BYTES)
    nonce = setting.ports.random(NONCE_BYTES)
    sid = rounds.session_id(p, their_nonce, nonce)
    ours = rounds.blind(setting.groups, p, US, setting.ports)
    check_points(points, ours.table, OFFER)
    products = setting.ports.curve.multiply(ours.scalar, points)
    check_products(products, OFFER)
    u, order = rounds.shuffle_tokens(tokens(rounds.token_prefix(sid), products), p, THEM, setting.ports)
    preview_opening, table_opening = setting.ports.random(DIGEST_BYTES), setting.ports.random(DIGEST_BYTES)
    u0 = rounds.preview_column(u, p.segment_rows(THEM))
    commitments = rounds.commitment("preview", sid, preview_opening, u0) + rounds.commitment(
        "table", sid, table_opening, u
    )
    phase = Answered(sid, preview_opening, table_opening, ours.origin, u, order)
    return Step(phase, Message(MessageType.ANSWER, nonce + channel_key + commitments + ours.table.tobytes()))
