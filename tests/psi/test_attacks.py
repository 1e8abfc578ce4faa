"""What a partner that does not follow the protocol gets: a refusal, or nothing that it should not have.

The vectors have one message for every rule. Here are programs that cheat as an engine would: what they know when
they are refused, or when the session is over, is compared with what the protocol says they may know.
"""

import contextlib
import copy
import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.curve.backends import OpenSSLCurve
from accountmap.errors import PeerError
from accountmap.model import Outcome, Role
from accountmap.psi.codec import Message, RefusalError, join, pack_bits, read_sections, unpack_bits
from accountmap.psi.inputs import ComparisonSecrets
from accountmap.psi.matching import Matching, SegmentClaims, decode_claims, encode_claims
from accountmap.psi.session import Session, Stopped
from accountmap.psi.suite import KEY_DST, consent, key_message, rectangle_id, token_prefix
from accountmap.psi.tables import tokens
from tests.psi.sessions import CHANNEL_KEY, Keys, Pair, R, T, inputs_of, parameters, take

CURVE = OpenSSLCurve()
LEFT: Keys = [
    [["acme.com", "acme", None, None], [None, "initech", "init|DE", None]],
    [["u.org", "umbrella", None, "umb"], ["hooli.com", "hooli", "hool|US", None]],
]
RIGHT: Keys = [
    [["acme.com", "acmecorp", None, None], ["stark.io", "stark", None, None]],
    [[None, "initech", "init|DE", None], [None, "ubrela", None, "umb"]],
]
P = parameters(((3, 3), (3, 3)))
KINDS = [T(n) for n in range(1, 11)]


def pair(seed: str = "attack") -> Pair:
    return Pair.of(LEFT, RIGHT, P, seed)


def at(kind: T) -> tuple[Session, Message]:
    """An honest session up to a message, and the engine that is about to take it."""
    p = pair()
    made = p.until(kind)
    return p.reader(kind), made[-1]


def refuses(session: Session, kind: T, body: bytes, rule: str) -> None:
    with pytest.raises(RefusalError) as refused:
        take(session, kind, body)
    assert refused.value.rule == rule


@pytest.mark.parametrize("kind", KINDS)
def test_any_changed_length_is_refused(kind: T) -> None:
    session, message = at(kind)
    for body in (b"", message.body[:-1], message.body + b"\0", message.body * 2):
        fork = copy.copy(session)
        with pytest.raises(PeerError):
            take(fork, kind, body)
        assert fork.stopped is None, "a length is no guess"


def again(session: Session, kind: T, body: bytes) -> None:
    if kind is T.RECEIPT:
        assert session.receive(kind, body) is None
        assert session.result
    else:
        take(session, kind, body)


@given(st.sampled_from(KINDS), st.integers(min_value=0), st.integers(1, 255))
def test_a_flipped_byte_gives_a_result_or_a_peer_error(kind: T, place: int, flip: int) -> None:
    session, message = at(kind)
    body = bytearray(message.body)
    body[place % len(body)] ^= flip
    with contextlib.suppress(PeerError):
        reply = session.answer(CHANNEL_KEY, bytes(body)) if kind is T.OFFER else session.receive(kind, bytes(body))
        assert session.decision or reply or session.result


@given(st.sampled_from(KINDS), st.data())
def test_random_bytes_of_the_right_length_give_a_result_or_a_peer_error(kind: T, data: st.DataObject) -> None:
    session, message = at(kind)
    start = data.draw(st.integers(0, message.length))
    body = message.body[:start] + hashlib.shake_256(bytes([start % 256])).digest(message.length - start)
    with contextlib.suppress(PeerError):
        again(session, kind, body)


class CheatingResponder:
    """A responder with a scalar of its own for each cell of Y, which tests cells against X on the side.

    It takes part with the messages of an honest engine, so that the victim sees nothing but an ordinary session.
    """

    def __init__(self, keys: list[bytes]) -> None:
        self.keys = keys
        self.points = CURVE.hash_to_curve(KEY_DST, keys)
        self.scalars = [hashlib.sha256(bytes([n])).digest() for n in range(len(keys))]

    @property
    def table(self) -> bytes:
        products = [CURVE.multiply(s, p[None]) for s, p in zip(self.scalars, self.points, strict=True)]
        return b"".join(product.tobytes() for product in products)

    def identified(self, x: np.ndarray, v: bytes, prefix: bytes) -> set[bytes]:
        """Return the keys that some cell of X has: b_j·(a·H(x)) = a·(b_j·H(y_j)), compared as tokens.

        V is in the initiator's order, which the cheat need not know: each scalar is tested against all of V.
        """
        sent = {v[n : n + 16] for n in range(0, len(v), 16)}
        return {
            key
            for key, scalar in zip(self.keys, self.scalars, strict=True)
            if any(token.tobytes() in sent for token in tokens(prefix, CURVE.multiply(scalar, x)))
        }


def test_before_consent_a_cheating_responder_has_no_point() -> None:
    """Whatever it sends as message 2, it gets message 3 only from an owner that consents."""
    p = pair()
    offer = p.i.offer(CHANNEL_KEY)
    answer = p.r.answer(CHANNEL_KEY, offer.body)
    assert p.i.receive(T.ANSWER, answer.body) is None
    stop = p.i.stop()
    assert (stop.type, stop.body) == (T.STOP, b"")
    assert offer.length == 32 + len(CHANNEL_KEY) + 32 + 64, "nonce, channel key, commitment and sketch"


def test_a_cheating_responder_identifies_at_most_the_keys_that_it_wrote_down() -> None:
    """With a scalar for each cell it reads which of its keys are on the list: rows × sent slots (psi-v2 §12.4)."""
    p = parameters(((3, 3), (1, 1)))
    honest = Pair.of(LEFT, [[], []], p)
    made = honest.until(T.INITIATOR_POINTS)
    cells = p.rows(0, R) * len(p.sent)
    listed = [b"acme", b"initech", b"umbrella", b"hooli", b"stark", b"wayne", b"soylent", b"tyrell"]
    assert len(listed) == cells
    cheat = CheatingResponder([key_message(b"name", name) for name in listed])
    said = consent(honest.r.sid, R, transcript_of(honest.r, made[-1]))
    section = pack_bits(np.zeros(2, np.uint8)) + cheat.table
    tokens_of_y = honest.i.receive(T.RESPONDER_POINTS, b"".join([said, *join([[section]])]))
    assert tokens_of_y is not None, "the victim cannot see it"
    _, (v,), _ = read_sections(T.TOKENS, tokens_of_y.body, p)
    _, (x_section,), _ = read_sections(T.INITIATOR_POINTS, made[-1].body, p)
    x = np.frombuffer(x_section[2:], np.uint8).reshape(-1, 32)
    prefix = token_prefix(rectangle_id(honest.r.sid, 0))
    found = cheat.identified(x, bytes(v), prefix)
    assert found == {key_message(b"name", name) for name in (b"acme", b"initech", b"umbrella", b"hooli")}
    # What it did not write down it cannot ask about afterwards: no scalar gives the token of another key.
    other = CURVE.hash_to_curve(KEY_DST, [key_message(b"domain", b"acme.com")])
    for scalar in cheat.scalars:
        assert tokens(prefix, CURVE.multiply(scalar, other)).tobytes() not in bytes(v)


def transcript_of(session: Session, message: Message) -> bytes:
    """The transcript of a responder that has taken message 3."""
    fork = copy.copy(session)
    assert fork.receive(message.type, message.body) is None
    return fork._progress.transcript


def test_a_cheating_initiator_has_no_token_to_test_with() -> None:
    """It holds Y, but never a token of U: what it gets is claims of rows that the responder found."""
    p = pair()
    made = p.until(T.CLAIMS)
    scalar = ComparisonSecrets(inputs_of("attack/1").seed, p.r.nonce, 0).scalar
    _, (x_section,), _ = read_sections(T.INITIATOR_POINTS, made[2].body, P)
    x = np.frombuffer(x_section[2:], np.uint8).reshape(-1, 32)
    u = tokens(token_prefix(rectangle_id(p.i.sid, 0)), CURVE.multiply(scalar, x))
    sent = b"".join(message.body for message in made if message.type % 2 == 0)
    assert not [token for token in u if token.tobytes() in sent]


def test_tokens_show_no_relation_between_points_that_have_one() -> None:
    """A point and its multiple in one row: with whole coordinates c·tok(P) = tok(c·P) would find it in V."""
    p = pair()
    message = p.until(T.RESPONDER_POINTS)[-1]
    body = bytearray(message.body)
    start = len(body) - 32 * len(P.sent)
    point = np.frombuffer(bytes(body[start : start + 32]), np.uint8)[None]
    body[start + 32 : start + 64] = CURVE.multiply(b"c" * 32, point).tobytes()
    reply = p.i.receive(T.RESPONDER_POINTS, bytes(body))
    assert reply is not None
    secret = ComparisonSecrets(inputs_of("attack/0").seed, p.i.nonce, 0).scalar
    products = CURVE.multiply(secret, np.frombuffer(bytes(body[start : start + 64]), np.uint8).reshape(-1, 32))
    for product in products:
        assert product.tobytes()[:16] not in reply.body, "a token cannot be multiplied"


def test_a_false_claim_for_another_row_opens_nothing_and_ends_the_session() -> None:
    """R claims another row of I's: it learns whether keys are in these slots, and no field opens."""
    p = pair()
    message = p.until(T.CLAIMS)[-1]
    _, (section,), _ = read_sections(T.CLAIMS, message.body, P)
    claims = decode_claims(section, len(P.sent))
    by_name = int(np.flatnonzero((claims.pair_x_slot == 1) & (claims.pair_v_slot == 1))[0])
    match = int(claims.pair_match[by_name])
    own = set(range(6)) - set(claims.x.tolist())
    refused_for = []
    for row in sorted(own):
        fork = Pair(copy.copy(p.i), copy.copy(p.r))
        x = claims.x.copy()
        x[match] = row
        order = np.argsort(x)
        false = Matching(x[order], claims.v[order], *pairs_in_order(claims, order))
        with pytest.raises(RefusalError) as refused:
            seven = take(fork.i, T.CLAIMS, b"".join(join([[encode_claims(false)]])))
            eight = take(fork.r, T.ROWS, seven.body)
            take(fork.i, T.RESPONDER_FIELDS, eight.body)
        refused_for.append(refused.value.rule)
        assert fork.i.stopped == Stopped(by_partner=False), "there is no second guess"
    assert len(refused_for) == len(own)
    assert set(refused_for) <= {"row-padding", "row-key", "field-open"}
    assert "field-open" in refused_for, "hooli has keys in the same slots, and they are others"


def pairs_in_order(claims: Matching, order: np.ndarray) -> list[np.ndarray]:
    """The pairs of claims that were put into another order."""
    position = np.argsort(order)[claims.pair_match]
    by_place = np.argsort(position, kind="stable")
    return [column[by_place] for column in (position, claims.pair_x_slot, claims.pair_v_slot)]


def test_a_domain_bit_that_lies_makes_no_domain_shared() -> None:
    """An initiator that hides its websites has no domain counted, and cannot have one claimed."""
    p = pair()
    message = p.until(T.INITIATOR_POINTS)[-1]
    width = 2
    body = bytearray(message.body)
    start = 32 + 8
    shown = unpack_bits(bytes(body[start : start + width]), 6)
    body[start : start + width] = pack_bits(shown & 1)
    fork = copy.copy(p.r)
    four = take(fork, T.INITIATOR_POINTS, bytes(body))
    assert four.type is T.RESPONDER_POINTS
    six = take(fork, T.TOKENS, tokens_of(p, four))
    _, (section,), _ = read_sections(T.CLAIMS, six.body, P)
    claims = decode_claims(section, len(P.sent))
    assert 0 not in claims.pair_x_slot
    assert len(claims) == 2, "initech by its name and the word umb; acme, by its domain alone, no more"


def tokens_of(p: Pair, four: Message) -> bytes:
    """Make message 5 as an initiator that sent other bits than it has."""
    secrets = ComparisonSecrets(inputs_of("attack/0").seed, p.i.nonce, 0)
    _, (section,), _ = read_sections(T.RESPONDER_POINTS, four.body, P)
    y_bits, y = unpack_bits(section[:2], 6), np.frombuffer(section[2:], np.uint8).reshape(-1, 32)
    made = tokens(token_prefix(rectangle_id(p.i.sid, 0)), CURVE.multiply(secrets.scalar, y))
    order = secrets.token_order(P.sizes[R], y_bits)
    return b"".join(join([[made.reshape(6, -1)[order].tobytes()]]))


def test_nothing_tells_which_field_did_not_open() -> None:
    """One wrong key among several: the refusal is the same, whichever it is."""
    said = set()
    session, message = at(T.RESPONDER_FIELDS)
    _, (section, totals), _ = read_sections(T.RESPONDER_FIELDS, message.body, P, [3])
    lengths = np.frombuffer(section[96:108], ">u4")
    ends = 108 + np.cumsum(lengths)
    for end in ends.tolist():
        changed = bytes(section[: end - 1]) + bytes([section[end - 1] ^ 1]) + bytes(section[end:])
        fork = copy.copy(session)
        with pytest.raises(RefusalError) as refused:
            fork.receive(T.RESPONDER_FIELDS, b"".join(join([[changed], [totals]])))
        said.add((refused.value.rule, str(refused.value)))
        assert fork.stopped == Stopped(by_partner=False)
    assert len(said) == 1


def test_a_partner_that_claims_everything_is_stopped_without_a_reason() -> None:
    p = pair()
    claims = p.until(T.CLAIMS)[-1]
    assert p.i.receive(T.CLAIMS, claims.body) is None
    assert p.i.claimed == (SegmentClaims(2, 0), SegmentClaims(0, 1))
    stop = p.i.stop()
    assert stop.body == b""
    assert p.r.receive(T.STOP, stop.body) is None
    assert p.r.result is None


def test_a_stop_over_the_cap_looks_alike_whether_rows_are_padding_or_not() -> None:
    """The cap is applied before anything that depends on our secrets."""
    p = pair()
    message = p.until(T.CLAIMS)[-1]
    _, (section,), _ = read_sections(T.CLAIMS, message.body, P)
    claims = decode_claims(section, len(P.sent))
    at = int(claims.pair_match[np.flatnonzero(claims.pair_x_slot == 3)[0]])
    stops = []
    for row in sorted(set(range(6)) - set(claims.x.tolist())):
        x = claims.x.copy()
        x[at] = row
        order = np.argsort(x)
        false = Matching(x[order], claims.v[order], *pairs_in_order(claims, order))
        fork = copy.copy(p.i)
        assert fork.receive(T.CLAIMS, b"".join(join([[encode_claims(false)]]))) is None
        stops.append((sum(n.strong + n.weak for n in fork.claimed), fork.stop().body))
    assert len(stops) == 3
    assert set(stops) == {(3, b"")}, "padding, or an account: the partner cannot tell"


def test_a_replay_of_an_old_session_is_refused() -> None:
    old, new = pair("old"), pair("new")
    recorded = old.until(T.ROWS)
    new.until(T.INITIATOR_POINTS)
    refuses(new.r, T.INITIATOR_POINTS, recorded[2].body, "consent")
    other = pair("new")
    other.until(T.RESPONDER_POINTS)
    refuses(other.i, T.RESPONDER_POINTS, recorded[3].body, "consent")


def test_the_initiator_cannot_send_the_responders_own_points_back() -> None:
    p = pair()
    made = p.until(T.RESPONDER_POINTS)
    y = made[-1].body[-32:]
    other = pair()
    message = other.until(T.INITIATOR_POINTS)[-1]
    refuses(other.r, T.INITIATOR_POINTS, message.body[:-32] + y, "own")


def test_asked_matches_show_no_field() -> None:
    p = pair()
    p.finish()
    for role in Role:
        result = p.session(role).result
        assert result is not None
        found = result.comparisons[0]
        asked = found.outcome == Outcome.ASK
        assert asked.any()
        assert not found.field_lengths[asked].any()
