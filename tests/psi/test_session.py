"""The session against plain set operations, with every way it may be cut in two."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accountmap.errors import UsageError
from accountmap.psi.parameters import Groups, MessageType, Parameters, Role
from accountmap.psi.session import Session
from tests.psi.sessions import CHANNEL_KEY, I, Keys, Pair, R, parameters

SPACES = ("name", "name", "domain")
LEFT: Keys = [[["acme", None, "acme.com"], ["initech", "init", None]], [["umbrella", "umb", "u.org"]], []]
RIGHT: Keys = [
    [["acme", "ac", "other.com"], ["stark", None, "stark.io"]],
    [["hooli", "initech", None]],
    [["wayne", None, "u.org"]],
]


def matches(session: Session) -> dict[str, tuple[int, int, int, tuple[int, ...]]]:
    result = session.result
    assert result is not None
    return {
        result.match_id[n].tobytes().hex(): (
            int(result.group[n]),
            int(result.their_segment[n]),
            int(result.weight[n]),
            tuple(result.key_slot[result.key_match == n].tolist()),
        )
        for n in range(len(result.group))
    }


def restore(session: Session, saved: bytes) -> Session:
    s = session._setting
    return Session.restore(s.role, s.parameters, s.groups, s.own, s.ports, saved)


def test_both_sides_end_with_the_same_matches() -> None:
    pair = Pair.of(LEFT, RIGHT, parameters(((4, 2, 2), (4, 2, 2))), SPACES)
    pair.finish()
    left, right = matches(pair.i), matches(pair.r)
    assert sorted(left) == sorted(right)
    assert sorted(left.values()) == [(0, 0, 4, (0,)), (1, 1, 2, (0,)), (2, 2, 1, (2,))]
    assert sorted(right.values()) == [(0, 0, 4, (0,)), (2, 0, 2, (1,)), (3, 1, 1, (2,))]


def test_each_side_gets_the_fields_of_its_matches_and_both_sign_one_receipt() -> None:
    pair = Pair.of(LEFT, RIGHT, parameters(((4, 2, 2), (4, 2, 2))), SPACES)
    pair.finish()
    shown = []
    for result in (pair.i.result, pair.r.result):
        assert result is not None
        ends = result.field_lengths.cumsum().tolist()
        parts = [result.fields[a:b] for a, b in zip([0, *ends], ends, strict=False)]
        shown.append(dict(zip([m.tobytes() for m in result.match_id], parts, strict=True)))
    assert sorted(shown[0].values()) == [b"RESPONDER:acme", b"RESPONDER:hooli", b"RESPONDER:wayne"]
    assert sorted(shown[1].values()) == [b"INITIATOR:acme", b"INITIATOR:initech", b"INITIATOR:umbrella"]
    assert pair.i.result is not None
    assert pair.r.result is not None
    assert pair.i.result.receipt == pair.r.result.receipt
    assert pair.i.result.signatures == pair.r.result.signatures


def test_the_preview_is_the_same_on_both_sides_and_counts_column_0_only() -> None:
    pair = Pair.of(LEFT, RIGHT, parameters(((4, 2, 2), (4, 2, 2))), SPACES)
    pair.until(MessageType.REVEAL)
    assert pair.i.preview is not None
    assert pair.r.preview is not None
    assert pair.i.preview.tolist() == pair.r.preview.tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


values = st.sampled_from([None, *"abcdefghij"])


@st.composite
def lists(draw: st.DrawFn) -> list[list[list[str | None]]]:
    """Two segments of groups with three slots, no value twice in a name space."""
    used: set[tuple[str, str]] = set()
    segments = []
    for _ in range(2):
        segment = []
        for _ in range(draw(st.integers(0, 4))):
            group: list[str | None] = []
            for space in SPACES:
                value = draw(values)
                fresh = value is not None and (space, value) not in used
                group.append(value if fresh else None)
                if fresh:
                    used.add((space, str(value)))
            segment.append(group)
        segments.append(segment)
    return segments


def plain_matches(left: Keys, right: Keys, weights: tuple[int, ...]) -> set[tuple[int, int, int]]:
    """Mutual best by the definition, one pair at a time."""
    rows = [[g for s in side for g in s] for side in (left, right)]
    weight = {}
    for i, a in enumerate(rows[0]):
        for j, b in enumerate(rows[1]):
            shared = [
                min(weights[s], weights[t])
                for s, x in enumerate(a)
                for t, y in enumerate(b)
                if x is not None and x == y and SPACES[s] == SPACES[t]
            ]
            if shared:
                weight[i, j] = sum(shared)
    return {
        (i, j, w)
        for (i, j), w in weight.items()
        if all(w > other for (k, m), other in weight.items() if (k == i) != (m == j))
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lists(), lists())
def test_random_lists_give_what_the_definition_gives(left: Keys, right: Keys) -> None:
    p = parameters(((5, 4), (4, 6)))
    pair = Pair.of(left, right, p, SPACES)
    pair.finish()
    expected = plain_matches(left, right, p.weights)
    ours, theirs = matches(pair.i), matches(pair.r)
    assert {(ours[m][0], theirs[m][0], ours[m][2]) for m in ours} == expected
    assert ours.keys() == theirs.keys()
    counts = pair.i.preview
    assert counts is not None
    names = [[{g[0] for g in segment} - {None} for segment in side] for side in (left, right)]
    assert counts.tolist() == [[len(a & b) for b in names[1]] for a in names[0]]
    assert counts.sum() <= len(expected)


@pytest.mark.parametrize("role", list(Role))
def test_a_session_can_be_stored_and_restored_after_every_step(role: Role) -> None:
    p = parameters(((4, 2, 2), (4, 2, 2)))
    whole, cut = (Pair.of(LEFT, RIGHT, p, SPACES, "same") for _ in range(2))
    expected = whole.finish()

    setting = (cut.i if role is I else cut.r)._setting
    bare = Groups(setting.groups.sizes, setting.groups.present)

    def again(session: Session) -> Session:
        return Session.restore(role, p, bare, setting.own, setting.ports, b"".join(session.dump()))

    made = [cut.i.offer(CHANNEL_KEY)]
    made.append(cut.r.answer(CHANNEL_KEY, made[0].body))
    for n, receiver in enumerate([I, R, I, R, I, R, I, R, I]):
        if role is I:
            cut.i = again(cut.i)
        else:
            cut.r = again(cut.r)
        session = cut.i if receiver is I else cut.r
        reply = session.receive(made[-1].type, made[-1].body)
        if session.must_decide:
            if receiver is role:
                session = again(session)
                cut.i, cut.r = (session, cut.r) if role is I else (cut.i, session)
            reply = session.consent()
        if n < 8:
            assert reply is not None
            made.append(reply)
    assert [m.body for m in made] == [m.body for m in expected]
    assert matches(cut.i) == matches(whole.i)
    assert matches(cut.r) == matches(whole.r)


def test_either_side_can_decline() -> None:
    pair = Pair.of(LEFT, RIGHT, parameters(((4, 2, 2), (4, 2, 2))), SPACES)
    preview = pair.until(MessageType.PREVIEW)[-1]
    pair.r.receive(preview.type, preview.body)
    stop = pair.r.stop()
    assert pair.i.receive(stop.type, stop.body) is None
    assert pair.i.stopped is not None
    assert pair.i.stopped.by_partner
    assert pair.r.stopped is not None
    assert not pair.r.stopped.by_partner
    assert pair.i.preview is None, "the initiator learns no count from a responder that declines"
    assert restore(pair.i, b"".join(pair.i.dump())).stopped == pair.i.stopped


def test_calls_out_of_turn_are_usage_errors() -> None:
    pair = Pair.of(LEFT, RIGHT, parameters(((4, 2, 2), (4, 2, 2))), SPACES)
    for call in (pair.i.consent, pair.i.stop, pair.i.dump, lambda: pair.r.offer(b"")):
        with pytest.raises(UsageError):
            call()
    with pytest.raises(UsageError):
        pair.i.answer(CHANNEL_KEY, b"")


def test_a_preview_kind_that_bounds_nothing_is_refused() -> None:
    for weights, threshold in [((2, 1, 1), 1), ((4, 2, 1), 5), ((1,), 0)]:
        with pytest.raises(UsageError):
            Parameters(bytes(32), weights, threshold, ((1,), (1,)), 0, 0)


def test_more_groups_than_agreed_are_refused() -> None:
    pair = Pair.of(LEFT, RIGHT, parameters(((1, 2, 2), (4, 2, 2))), SPACES)
    with pytest.raises(UsageError):
        pair.i.offer(CHANNEL_KEY)


def test_damaged_states_are_refused() -> None:
    pair = Pair.of(LEFT, RIGHT, parameters(((4, 2, 2), (4, 2, 2))), SPACES)
    pair.i.offer(CHANNEL_KEY)
    saved = b"".join(pair.i.dump())
    for bad in (b"", saved[:3], saved[:-1], saved.replace(b"offered", b"offerer")):
        with pytest.raises(UsageError):
            restore(pair.i, bad)


def test_tables_are_sent_and_kept_where_they_lie() -> None:
    """A body or a state that was put together would hold a second copy of the largest tables."""
    pair = Pair.of(LEFT, RIGHT, parameters(((4, 2, 2), (4, 2, 2))), SPACES)
    offer = pair.i.offer(CHANNEL_KEY)
    sent, kept = (np.frombuffer(max(parts, key=len), np.uint8) for parts in (offer.parts, pair.i.dump()))
    assert np.shares_memory(sent, kept)
    assert offer.length == len(offer.body)

    saved = b"".join(pair.i.dump())
    (table,) = (part for part in restore(pair.i, saved).dump() if len(part) == len(sent))
    assert np.shares_memory(np.frombuffer(table, np.uint8), np.frombuffer(saved, np.uint8))


def test_nothing_secret_in_a_repr() -> None:
    pair = Pair.of(LEFT, RIGHT, parameters(((4, 2, 2), (4, 2, 2))), SPACES)
    pair.i.offer(CHANNEL_KEY)
    assert repr(pair.i) == "<Session initiator, Offered>"


def test_blinding_ahead_changes_no_byte() -> None:
    p = parameters(((4, 2, 2), (4, 2, 2)))
    late, early = (Pair.of(LEFT, RIGHT, p, SPACES, "same") for _ in range(2))
    early.r.prepare()
    early.r = restore(early.r, b"".join(early.r.dump()))
    assert early.r.due == {MessageType.OFFER}
    assert [m.body for m in early.finish()] == [m.body for m in late.finish()]
    with pytest.raises(UsageError):
        early.r.prepare()
