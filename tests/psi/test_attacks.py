"""What a partner that does not follow the protocol gets: a refusal, or nothing that it should not have."""

import contextlib

import numpy as np
import pytest
from accountmap.psi.phases import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from accountmap.errors import PeerError
from accountmap.psi.parameters import MessageType
from accountmap.psi.session import ENDS_IF_REFUSED, Session
from tests.psi.sessions import CHANNEL_KEY, Keys, Pair, parameters

SPACES = ("name", "name", "domain")
LEFT: Keys = [[["acme", None, "acme.com"], ["initech", "init", None]], [["umbrella", "umb", "u.org"]]]
RIGHT: Keys = [[["acme", "ac", None], ["stark", None, "u.org"]], [["hooli", "initech", None]]]
P = parameters(((3, 2), (3, 2)))
FIRST_POINT = 32 + len(CHANNEL_KEY)
LOW_ORDER = [
    "00" * 32,
    "01" + "00" * 31,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]
NOT_CANONICAL = ["edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "ff" * 32, "00" * 31 + "80"]


def pair(seed: str = "attack") -> Pair:
    return Pair.of(LEFT, RIGHT, P, SPACES, seed)


def at(kind: MessageType) -> tuple[Session, Message]:
    """An honest run up to a message, and the session that is about to take it."""
    p = pair()
    made = p.until(kind)
    return (p.r if kind % 2 else p.i), made[-1]


def take(session: Session, kind: MessageType, body: bytes) -> object:
    if kind is MessageType.OFFER:
        return session.answer(CHANNEL_KEY, body)
    return session.receive(kind, body)


def refuses(session: Session, kind: MessageType, body: bytes, reason: str) -> None:
    with pytest.raises(PeerError, match=reason):
        take(session, kind, body)


KINDS = [kind for kind in MessageType if kind is not MessageType.STOP]


@pytest.mark.parametrize("kind", KINDS)
def test_any_changed_length_is_refused(kind: MessageType) -> None:
    _, message = at(kind)
    for body in (b"", message.body[:-1], message.body + b"\0", message.body * 2):
        session, _ = at(kind)
        with pytest.raises(PeerError):
            take(session, kind, body)


@pytest.mark.parametrize("kind", KINDS)
def test_until_the_reveal_the_right_message_is_still_taken_after_a_refusal(kind: MessageType) -> None:
    session, message = at(kind)
    with pytest.raises(PeerError):
        take(session, kind, bytes(len(message.body)))
    if kind in ENDS_IF_REFUSED:
        refuses(session, kind, message.body, "not due")
    else:
        take(session, kind, message.body)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(KINDS), st.integers(min_value=0), st.integers(1, 255))
def test_a_flipped_byte_gives_a_result_or_a_peer_error(kind: MessageType, place: int, flip: int) -> None:
    session, message = at(kind)
    body = bytearray(message.body)
    body[place % len(body)] ^= flip
    with contextlib.suppress(PeerError):
        take(session, kind, bytes(body))


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_that_is_not_due_is_refused(kind: MessageType) -> None:
    session, message = at(kind)
    for other in MessageType:
        if other is not kind and other is not MessageType.STOP:
            with pytest.raises(PeerError, match="not due"):
                session.receive(other, message.body)


@pytest.mark.parametrize("kind", [MessageType.OFFER, MessageType.ANSWER])
@pytest.mark.parametrize("point", LOW_ORDER)
def test_low_order_points_are_refused(kind: MessageType, point: str) -> None:
    session, message = at(kind)
    refuses(session, kind, message.body[:-32] + bytes.fromhex(point), "low order")


@pytest.mark.parametrize("kind", [MessageType.OFFER, MessageType.ANSWER])
@pytest.mark.parametrize("point", NOT_CANONICAL)
def test_coordinates_that_are_not_canonical_are_refused(kind: MessageType, point: str) -> None:
    session, message = at(kind)
    refuses(session, kind, message.body[:-32] + bytes.fromhex(point), "canonical")


@pytest.mark.parametrize("kind", [MessageType.OFFER, MessageType.ANSWER])
def test_a_repeated_value_is_refused(kind: MessageType) -> None:
    session, message = at(kind)
    refuses(session, kind, message.body[:-32] + message.body[-64:-32], "twice")


def test_our_own_points_sent_back_are_refused() -> None:
    p = pair()
    offer, answer = p.until(MessageType.ANSWER)
    body = answer.body[:-32] + offer.body[FIRST_POINT : FIRST_POINT + 32]
    refuses(p.i, MessageType.ANSWER, body, "our own")


def test_tokens_show_no_relation_between_points_that_have_one() -> None:
    """P and c·P in one row: with whole coordinates c·tok(P) = tok(c·P) would find the pair after the shuffle."""
    p = pair()
    offer = p.i.offer(CHANNEL_KEY)
    points = np.frombuffer(offer.body[FIRST_POINT:], np.uint8).reshape(-1, 32).copy()
    curve = p.i._setting.ports.curve
    points[1] = curve.multiply(b"c" * 32, points[:1])
    p.r.answer(CHANNEL_KEY, offer.body[:FIRST_POINT] + points.tobytes())
    table = b"".join(p.r.dump())
    for product in curve.multiply(b"c" * 32, points):
        assert product.tobytes()[:16] not in table


def test_the_initiator_cannot_copy_the_responders_tokens() -> None:
    """R commits to U before it sees V, and I to V before it sees U."""
    p = pair()
    made = p.until(MessageType.PREVIEW_OPENING)
    u0 = made[-1].body[64:]
    p.i.receive(made[-1].type, made[-1].body)
    reveal = p.i.consent()
    for slot in range(3):
        v = np.frombuffer(reveal.body[64:], np.uint8).reshape(-1, 3, 16).copy()
        v[:, slot] = np.frombuffer(u0, np.uint8).reshape(-1, 16)
        refuses(p.r, MessageType.REVEAL, reveal.body[:64] + v.tobytes(), "commitment")


@pytest.mark.parametrize("kind", [MessageType.PREVIEW_OPENING, MessageType.REVEAL, MessageType.REVEAL_OPENING])
def test_another_table_than_committed_is_refused(kind: MessageType) -> None:
    session, message = at(kind)
    refuses(session, kind, bytes(32) + message.body[32:], "commitment")


@pytest.mark.parametrize("kind", [MessageType.PREVIEW_OPENING, MessageType.REVEAL])
def test_consent_to_other_counts_is_refused(kind: MessageType) -> None:
    session, message = at(kind)
    body = message.body[:32] + bytes(32) + message.body[64:]
    refuses(session, kind, body, "other counts")


def test_a_preview_out_of_order_is_refused() -> None:
    session, message = at(MessageType.PREVIEW)
    commitment, column = message.body[:32], message.body[32:]
    first, second, rest = column[:16], column[16:32], column[32:]
    refuses(session, MessageType.PREVIEW, commitment + second + first + rest, "out of order")
    refuses(session, MessageType.PREVIEW, commitment + first + first + rest, "out of order")
    across = commitment + column[:48] + first + column[64:]
    with pytest.raises(PeerError):
        session.receive(MessageType.PREVIEW, across)


def named_rows(kind: MessageType, body: bytes) -> tuple[bytes, np.ndarray, bytes]:
    """Cut the three row numbers out of message 6 or 7."""
    at = len(body) - 12 if kind is MessageType.REVEAL_OPENING else 0
    return body[:at], np.frombuffer(body[at : at + 12], ">u4"), body[at + 12 :]


@pytest.mark.parametrize("kind", [MessageType.REVEAL_OPENING, MessageType.MATCHES])
def test_false_rows_are_refused(kind: MessageType) -> None:
    _, message = at(kind)
    before, honest, after = named_rows(kind, message.body)
    cases = [
        ([honest[0], honest[0], honest[2]], "twice"),
        ([honest[0], honest[1], 10_000], "does not exist"),
        (np.roll(honest, 1), "another segment|without the key"),
        (honest[::-1], "another segment|without the key"),
    ]
    for rows, reason in cases:
        session, _ = at(kind)
        refuses(session, kind, before + np.array(rows, ">u4").tobytes() + after, reason)


def test_a_match_that_was_named_without_its_keys_opens_nothing() -> None:
    """R names another row of I's than the one that matched: I's key exchange runs over other keys than R's."""
    keys: tuple[Keys, Keys] = ([[["acme"], ["initech"]]], [[["acme"], ["initech"]]])
    p = Pair.of(*keys, parameters(((2,), (2,)), (1,)), ("name",))
    made = p.until(MessageType.REVEAL_OPENING)
    swapped = made[-1].body[:-8] + made[-1].body[-4:] + made[-1].body[-8:-4]
    seven = p.i.receive(MessageType.REVEAL_OPENING, swapped)
    assert seven is not None
    eight = p.r.receive(seven.type, seven.body)
    assert eight is not None
    refuses(p.i, MessageType.RESPONDER_FIELDS, eight.body, "do not open")


@pytest.mark.parametrize("kind", [MessageType.MATCHES, MessageType.RESPONDER_FIELDS])
@pytest.mark.parametrize("point", LOW_ORDER)
def test_low_order_key_shares_are_refused(kind: MessageType, point: str) -> None:
    session, message = at(kind)
    start = 12 if kind is MessageType.MATCHES else 0
    body = message.body[:start] + bytes.fromhex(point) + message.body[start + 32 :]
    refuses(session, kind, body, "low order")


def test_our_own_key_shares_sent_back_are_refused() -> None:
    p = pair()
    made = p.until(MessageType.RESPONDER_FIELDS)
    body = made[6].body[12 : 12 + 32] + made[7].body[32:]
    refuses(p.i, MessageType.RESPONDER_FIELDS, body, "our own")


@pytest.mark.parametrize("kind", [MessageType.RESPONDER_FIELDS, MessageType.INITIATOR_FIELDS])
def test_lengths_of_fields_that_do_not_fit_are_refused(kind: MessageType) -> None:
    _, message = at(kind)
    start = 3 * 32 if kind is MessageType.RESPONDER_FIELDS else 0
    for length in (0, 15, 117, 2**32 - 1):
        session, _ = at(kind)
        body = message.body[:start] + length.to_bytes(4, "big") + message.body[start + 4 :]
        refuses(session, kind, body, "lengths")


@pytest.mark.parametrize("kind", [MessageType.INITIATOR_FIELDS, MessageType.RECEIPT])
def test_a_receipt_of_something_else_is_refused(kind: MessageType) -> None:
    session, message = at(kind)
    refuses(session, kind, message.body[:-64] + bytes(64), "same receipt")


def test_padding_cannot_be_named_as_a_match() -> None:
    def at_the_opening() -> tuple[Pair, list[Message]]:
        p = Pair.of([[["a"]]], [[["a"]]], parameters(((3,), (3,)), (1,)), ("name",))
        return p, p.until(MessageType.REVEAL_OPENING)

    named = int.from_bytes(at_the_opening()[1][-1].body[-4:], "big")
    for other in {0, 1, 2} - {named}:
        p, made = at_the_opening()
        refuses(p.i, MessageType.REVEAL_OPENING, made[-1].body[:-4] + other.to_bytes(4, "big"), "no account")


def test_until_consent_only_the_preview_kind_shows() -> None:
    """The transcript up to message 4 is the same function of slot 0, whatever stands in the others.

    The other slots enter only as blinded values under a fresh secret. With them replaced, and the random bytes the
    same, every byte that is compared or counted before consent stays the same.
    """

    def shown(left: Keys, right: Keys) -> tuple[bytes, bytes, list[list[int]]]:
        p = Pair.of(left, right, P, SPACES, "same")
        made = p.until(MessageType.PREVIEW_OPENING)
        assert p.r.preview is not None
        return made[2].body, made[3].body, p.r.preview.tolist()

    def only_slot_0(keys: Keys) -> Keys:
        return [[[group[0], None, None] for group in segment] for segment in keys]

    def others(keys: Keys) -> Keys:
        return [[[g[0], f"x{g[0]}", f"y{g[0]}.com"] for g in segment] for segment in keys]

    plain = shown(only_slot_0(LEFT), only_slot_0(RIGHT))
    assert shown(others(LEFT), others(RIGHT))[2] == plain[2]
    assert [len(message) for message in plain[:2]] == [32 + 5 * 16, 64 + 5 * 16], "one token an entity, no more"


def test_a_replay_of_an_old_session_is_refused() -> None:
    old, new = pair("old"), pair("new")
    recorded = old.until(MessageType.MATCHES)
    made = new.until(MessageType.PREVIEW)
    assert [m.type for m in made] == [m.type for m in recorded[:3]]
    new.r.receive(made[-1].type, made[-1].body)
    new.r.consent()
    refuses(new.r, MessageType.REVEAL, recorded[4].body, "commitment")
    refuses(new.i, MessageType.PREVIEW_OPENING, recorded[3].body, "commitment")


def test_an_offer_of_the_wrong_size_is_refused_before_it_is_read() -> None:
    session, _ = at(MessageType.OFFER)
    refuses(session, MessageType.OFFER, bytes(10_000_000), "bytes where the agreement allows")
