"""The session against plain set operations, with every way it may be cut in two."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.errors import UsageError
from accountmap.model import Outcome, Role, Strength, WeakSlots
from accountmap.psi.matching import SegmentClaims
from accountmap.psi.session import Decision, Session, State, Stopped
from tests.psi.sessions import CHANNEL_KEY, SLOTS, I, Keys, Pair, R, T, inputs_of, parameters, ports_of, take

LEFT: Keys = [
    [["acme.com", "acme", None, None], [None, "initech", "init|DE", None]],
    [["u.org", "umbrella", None, "umb"], ["hooli.com", "hooli", None, None]],
    [],
]
RIGHT: Keys = [
    [["acme.com", "acmecorp", None, None], ["stark.io", "stark", None, None]],
    [[None, "initech", "init|DE", None], ["hooli.net", "hooli", None, None]],
    [[None, "ubrela", None, "umb"]],
]
SIZES = ((4, 3, 2), (4, 3, 2))
P = parameters(SIZES)
IN_TWO = parameters(SIZES, [((0,), (0, 1, 2)), ((1, 2), (1, 2))])

Found = dict[str, tuple[int, int, int, int, int, tuple[tuple[int, int], ...]]]


def matches(session: Session, rectangle: int = 0) -> Found:
    """By match id: own entity, their segment, weight, strength, outcome, pairs of slots with the own first."""
    assert session.result is not None
    m = session.result.comparisons[rectangle]
    pairs: list[list[tuple[int, int]]] = [[] for _ in range(len(m))]
    for n, own, their in zip(m.pair_match, m.pair_own_slot, m.pair_their_slot, strict=True):
        pairs[n].append((int(own), int(their)))
    columns = (m.group, m.their_segment, m.weight, m.strength, m.outcome)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {
        match_id.tobytes().hex(): (*row, tuple(sorted(shared)))
        for match_id, row, shared in zip(m.match_id, rows, pairs, strict=True)
    }


def restore(pair: Pair, role: Role, p: object = P, seed: str = "pair") -> Session:
    """Write a session down, and read it back in another process."""
    saved = b"".join(pair.session(role).dump())
    return Session.restore(role, p, inputs_of(f"{seed}/{role}"), pair.sides[role], ports_of("again"), saved)


def test_both_sides_end_with_the_same_matches() -> None:
    pair = Pair.of(LEFT, RIGHT, P)
    pair.finish()
    left, right = matches(pair.i), matches(pair.r)
    assert list(left) == list(right)
    strong, weak, reveal, ask = Strength.STRONG, Strength.WEAK, Outcome.REVEAL, Outcome.ASK
    assert sorted(left.values()) == [
        (0, 0, 8, strong, reveal, ((0, 0),)),
        (1, 1, 6, strong, reveal, ((1, 1), (2, 2))),
        (2, 2, 1, weak, ask, ((3, 3),)),
        (3, 1, 4, strong, ask, ((1, 1),)),
    ]
    assert {(left[m][0], right[m][0]) for m in left} == {(0, 0), (1, 2), (2, 4), (3, 3)}
    assert {right[m][1] for m in left if left[m][0] == 2} == {1}
    assert [left[m][2:] for m in left] == [right[m][2:] for m in right]


def test_fields_are_shown_of_revealed_matches_alone_and_both_sign_one_receipt() -> None:
    pair = Pair.of(LEFT, RIGHT, P)
    pair.finish()
    shown = []
    for session in (pair.i, pair.r):
        assert session.result is not None
        m = session.result.comparisons[0]
        ends = m.field_lengths.cumsum().tolist()
        texts = [m.fields[a:b] for a, b in zip([0, *ends], ends, strict=False)]
        assert all(
            bool(text) == (outcome == Outcome.REVEAL) for text, outcome in zip(texts, m.outcome, strict=True)
        )
        shown.append(sorted(filter(None, texts)))
    assert shown == [[b"RESPONDER:acme.com", b"RESPONDER:initech"], [b"INITIATOR:acme.com", b"INITIATOR:initech"]]
    assert pair.i.result is not None
    assert pair.r.result is not None
    assert pair.i.result.receipt == pair.r.result.receipt
    assert pair.i.result.receipt.signatures == (pair.i.result.receipt.digest * 2,) * 2
    assert pair.i.partner_totals == b"totals of 4"
    assert pair.i.own_commitment != pair.r.own_commitment


def test_each_rectangle_is_compared_by_itself() -> None:
    pair = Pair.of(LEFT, RIGHT, IN_TWO)
    pair.finish()
    first, second = matches(pair.i), matches(pair.i, 1)
    assert {(m[0], m[1]) for m in first.values()} == {(0, 0), (1, 1)}
    assert {(m[0], m[1]) for m in second.values()} == {(0, 2), (1, 1)}, (
        "the company of segment 0 is not compared here"
    )
    assert not set(first) & set(second)
    assert matches(pair.r).keys() == first.keys()


def test_what_is_claimed_is_known_before_it_is_named() -> None:
    pair = Pair.of(LEFT, RIGHT, IN_TWO)
    made = pair.until(T.TOKENS)
    assert pair.r.receive(T.TOKENS, made[-1].body) is None
    assert (pair.r.decision, pair.r.due) == (Decision.CLAIMS, frozenset())
    assert pair.r.claimed == (SegmentClaims(1, 0), SegmentClaims(2, 0), SegmentClaims(0, 1))
    claims = pair.r.consent()
    assert pair.i.receive(claims.type, claims.body) is None
    assert pair.i.claimed == (SegmentClaims(2, 0), SegmentClaims(1, 1), SegmentClaims(0, 0))
    assert pair.i.consent().type is T.ROWS


VALUES = st.sampled_from([None, *"abcdefghij"])


@st.composite
def lists(draw: st.DrawFn) -> list[list[list[str | None]]]:
    """Two segments of entities with four keys, no value twice in a name space."""
    used: set[tuple[bytes, str]] = set()
    segments = []
    for _ in range(2):
        segment = []
        for _ in range(draw(st.integers(0, 4))):
            entity: list[str | None] = []
            for slot in SLOTS:
                value = draw(VALUES)
                fresh = value is not None and (slot.space, value) not in used
                entity.append(value if fresh else None)
                if fresh:
                    used.add((slot.space, str(value)))
            segment.append(entity)
        segments.append(segment)
    return segments


def plain_matches(left: Keys, right: Keys, slots: range) -> set[tuple[int, int, int]]:
    """Mutual best by the definition, one pair at a time."""
    rows = [[entity for segment in side for entity in segment] for side in (left, right)]
    weight = {}
    for i, a in enumerate(rows[0]):
        for j, b in enumerate(rows[1]):
            shared = [
                min(SLOTS[s].weight, SLOTS[t].weight)
                for s in slots
                for t in slots
                if a[s] is not None and a[s] == b[t] and SLOTS[s].space == SLOTS[t].space
            ]
            if shared:
                weight[i, j] = sum(shared)
    return {
        (i, j, w)
        for (i, j), w in weight.items()
        if all(w > other for (k, m), other in weight.items() if (k == i) != (m == j))
    }


@pytest.mark.parametrize("weak", [WeakSlots.NONE, WeakSlots.ASK])
@given(left=lists(), right=lists())
def test_random_lists_give_what_the_definition_gives(left: Keys, right: Keys, weak: WeakSlots) -> None:
    p = parameters(((5, 4), (4, 6)), weak=weak)
    pair = Pair.of(left, right, p)
    pair.finish()
    expected = plain_matches(left, right, range(len(p.sent)))
    ours, theirs = matches(pair.i), matches(pair.r)
    found = {(ours[m][0], theirs[m][0], ours[m][2]) for m in ours}
    assert found <= expected
    assert ours.keys() == theirs.keys()
    # A name against two domains, with another slot, and a word against two domains are dropped by the rule.
    rows = [[entity for segment in side for entity in segment] for side in (left, right)]
    contradicted = {
        (i, j) for i, j, _ in expected if rows[0][i][0] and rows[1][j][0] and rows[0][i][0] != rows[1][j][0]
    }
    assert {(i, j) for i, j, _ in expected} - {(i, j) for i, j, _ in found} <= contradicted


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("role", list(Role))
def test_a_session_can_be_stored_and_restored_after_every_step(role: Role, ahead: bool) -> None:
    whole, cut = (Pair.of(LEFT, RIGHT, IN_TWO, "same") for _ in range(2))
    expected = whole.finish()
    random = cut.session(role)._setting.ports

    def again() -> None:
        saved = b"".join(cut.session(role).dump())
        session = Session.restore(role, IN_TWO, inputs_of(f"same/{role}"), cut.sides[role], random, saved)
        if ahead:
            session.prepare()
        if role is I:
            cut.i = session
        else:
            cut.r = session

    made = [cut.i.offer(CHANNEL_KEY)]
    made.append(cut.r.answer(CHANNEL_KEY, made[0].body))
    while made[-1].type is not T.RECEIPT:
        again()
        session = cut.reader(made[-1].type)
        reply = session.receive(made[-1].type, made[-1].body)
        again()
        session = cut.reader(made[-1].type)
        reply = session.consent() if session.decision else reply
        assert reply is not None
        made.append(reply)
    again()
    assert cut.i.receive(T.RECEIPT, made[-1].body) is None
    again()
    assert [m.body for m in made] == [m.body for m in expected]
    for number in range(2):
        assert matches(cut.i, number) == matches(whole.i, number)
        assert matches(cut.r, number) == matches(whole.r, number)


@pytest.mark.parametrize("kind", [T.ANSWER, T.INITIATOR_POINTS, T.TOKENS, T.CLAIMS])
def test_either_side_can_stop_where_it_decides(kind: T) -> None:
    pair = Pair.of(LEFT, RIGHT, P)
    message = pair.until(kind)[-1]
    session, partner = pair.reader(kind), pair.reader(T(kind + 1))
    assert session.receive(message.type, message.body) is None
    assert session.decision is (Decision.REVEAL if kind < T.TOKENS else Decision.CLAIMS)
    stop = session.stop()
    assert (stop.type, stop.body, session.stopped) == (T.STOP, b"", Stopped(by_partner=False))
    assert partner.receive(stop.type, stop.body) is None
    assert partner.stopped == Stopped(by_partner=True)
    for ended, role in ((session, R if kind % 2 else I), (partner, I if kind % 2 else R)):
        assert ended.due == frozenset()
        assert ended.decision is None
        assert sum(map(len, ended.dump())) < 3000, "all tables are forgotten"
        assert restore(pair, role).stopped == ended.stopped


def test_points_leave_with_consent_and_not_before() -> None:
    pair = Pair.of(LEFT, RIGHT, P)
    offer = pair.i.offer(CHANNEL_KEY)
    answer = pair.r.answer(CHANNEL_KEY, offer.body)
    greeting = 32 + len(CHANNEL_KEY) + 32 + 64
    assert (offer.length, answer.length) == (greeting, greeting)
    pair.r.prepare()
    assert pair.i.receive(answer.type, answer.body) is None
    assert pair.i.partner_sketch == pair.r.partner_sketch
    points = pair.i.consent()
    assert pair.r.receive(points.type, points.body) is None
    assert (pair.r.decision, pair.r.due) == (Decision.REVEAL, frozenset())


def test_calls_out_of_turn_are_usage_errors() -> None:
    pair = Pair.of(LEFT, RIGHT, P)
    calls = (pair.i.consent, pair.i.stop, lambda: pair.r.offer(CHANNEL_KEY), lambda: pair.r.receive(T.OFFER, b""))
    for call in calls:
        with pytest.raises(UsageError):
            call()
    with pytest.raises(UsageError):
        pair.i.answer(CHANNEL_KEY, b"")
    with pytest.raises(UsageError):
        pair.i.offer(b"too short")


def test_more_entities_than_agreed_are_refused() -> None:
    pair = Pair.of(LEFT, RIGHT, parameters(((1, 3, 2), (4, 3, 2))))
    pair.until(T.ANSWER)
    with pytest.raises(UsageError, match="agreed size"):
        pair.i.prepare()


def test_damaged_states_are_refused() -> None:
    pair = Pair.of(LEFT, RIGHT, P)
    pair.i.offer(CHANNEL_KEY)
    saved = b"".join(pair.i.dump())
    for bad in (b"", saved[:3], saved[:-1], saved + b"x", saved.replace(b"offered", b"offerer")):
        with pytest.raises(UsageError):
            Session.restore(I, P, inputs_of("x"), pair.sides[I], ports_of("x"), bad)


def test_tables_are_sent_and_kept_where_they_lie() -> None:
    """A body or a state that was put together would hold a second copy of the largest tables."""
    pair = Pair.of(LEFT, RIGHT, P)
    answer = pair.until(T.ANSWER)[-1]
    pair.i.receive(answer.type, answer.body)
    points = pair.i.consent()
    sent, kept = (np.frombuffer(max(parts, key=len), np.uint8) for parts in (points.parts, pair.i.dump()))
    assert np.shares_memory(sent, kept)
    assert points.length == len(points.body)

    saved = b"".join(pair.i.dump())
    again = Session.restore(I, P, inputs_of("pair/0"), pair.sides[I], ports_of("again"), saved)
    (table,) = (part for part in again.dump() if len(part) == len(sent))
    assert np.shares_memory(np.frombuffer(table, np.uint8), np.frombuffer(saved, np.uint8))


def test_tables_are_kept_no_longer_than_they_are_needed() -> None:
    pair = Pair.of(LEFT, RIGHT, P)
    columns, rows = len(P.sent), sum(SIZES[0])
    kept = {}
    message = pair.i.offer(CHANNEL_KEY)
    while message.type is not T.RECEIPT:
        message = take(pair.reader(message.type), message.type, message.body)
        kept[message.type] = sum(map(len, pair.session(R if message.type % 2 == 0 else I).dump()))
    points = 32 * columns * rows
    assert kept[T.INITIATOR_POINTS] > points, "X is compared with Y"
    assert points / 2 < kept[T.RESPONDER_POINTS] < points + 2000, "U is kept, and Y is not"
    assert max(kept[T.TOKENS], kept[T.CLAIMS]) < 2000


def test_nothing_secret_in_a_repr() -> None:
    pair = Pair.of(LEFT, RIGHT, P)
    pair.i.offer(CHANNEL_KEY)
    assert repr(pair.i) == "<Session initiator, offered>"
    assert pair.i.state is State.OFFERED


def test_the_seed_of_the_session_is_not_in_its_state() -> None:
    pair = Pair.of(LEFT, RIGHT, P)
    pair.until(T.RESPONDER_FIELDS)
    for role in Role:
        saved = b"".join(pair.session(role).dump())
        own = inputs_of(f"pair/{role}")
        assert own.seed not in saved
        assert own.sketch_seed not in saved


def test_blinding_ahead_changes_no_byte() -> None:
    late, early = (Pair.of(LEFT, RIGHT, P, "same") for _ in range(2))
    for session in (early.i, early.r):
        session.prepare()
    assert [m.body for m in early.finish()] == [m.body for m in late.finish()]


def test_two_sessions_share_no_point_and_no_token() -> None:
    """The same list again, with another seed or another nonce, gives other points throughout."""
    one, other = Pair.of(LEFT, RIGHT, IN_TWO, "one"), Pair.of(LEFT, RIGHT, IN_TWO, "other")
    drawn = []
    for pair in (one, other):
        made = pair.until(T.TOKENS)
        cells = b"".join(b"".join(p for p in m.parts if len(p) > 100) for m in (made[2], made[3]))
        drawn.append({cells[at : at + 32] for at in range(0, len(cells), 32)})
        assert len(drawn[-1]) == len(cells) // 32, "not even two rectangles of one session share a point"
    assert not drawn[0] & drawn[1]


def test_parameters_out_of_range_are_refused() -> None:
    spoilt = [
        {"context": b""},
        {"threshold": 0},
        {"slots": ()},
        {"classes": ()},
        {"rectangles": ()},
        {"sizes": ((), (1,))},
        {"sizes": ((10**8 + 1,), (1,))},
        {"slots": (*SLOTS, replace(SLOTS[1], space=b"domain"))},
        {"slots": (replace(SLOTS[0], weight=2**62),)},
        {"classes": (replace(P.classes[0], leads=()),)},
        {"classes": (replace(P.classes[0], leads=(3,)),)},
        {"classes": (replace(P.classes[3], reveal_up_to=1),)},
        {"classes": (replace(P.classes[3], with_any=(1, 1)),)},
        {"classes": (replace(P.classes[3], leads=(4,)),)},
        {"slots": tuple(replace(slot, strength=Strength.WEAK) for slot in SLOTS), "weak": WeakSlots.NONE},
    ]
    for change in spoilt:
        with pytest.raises(UsageError, match="out of range"):
            replace(P, **change)
    assert replace(P, weak=WeakSlots.REVEAL, classes=(replace(P.classes[3], reveal_up_to=1),))
