"""Whole sessions of the package, byte for byte as the reference writes them."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from protocols.reference.cases_session import SMALL, SPACES, describe, party
from protocols.reference.party import Segments

from accountmap.model import Role
from tests.protocols.replay import Side, bodies
from tests.protocols.vectors import Json, load

SESSIONS = ["psi/session.json", "psi/session_without_matches.json"]


def assert_played(vector: Json) -> None:
    """Run both sides and compare every body."""
    expected = bodies(vector)
    sides = [Side(vector, role) for role in Role]
    message = sides[0].begin()
    for n in range(1, 11):
        assert message is not None
        assert (int(message.type), message.body.hex()) == (n, expected[n].hex())
        message = sides[n % 2].take(n, message.body)
    assert message is None
    assert [side.random.left for side in sides] == [[], []]


@pytest.mark.parametrize("name", SESSIONS)
def test_every_body_is_as_in_the_vector(name: str) -> None:
    assert_played(load(name))


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.parametrize("role", list(Role))
def test_each_side_finds_what_the_vector_says(name: str, role: Role) -> None:
    vector = load(name)
    side, expect = Side(vector, role), vector["expect"]
    partner = vector[Role(1 - role).name.lower()]
    side.until(12 - role, bodies(vector))
    result = side.session.result
    assert result is not None
    assert result.sid.hex() == expect["sid"]
    assert result.counts.tolist() == expect["counts"]
    assert result.receipt.hex() == expect["receipt"]
    assert [row.tobytes().hex() for row in result.match_id] == [m["id"] for m in expect["matches"]]
    assert result.group.tolist() == [m[f"{role.name.lower()}_entity"] for m in expect["matches"]]
    assert result.weight.tolist() == [m["weight"] for m in expect["matches"]]
    shown = [partner["fields"][m[f"{Role(1 - role).name.lower()}_entity"]] for m in expect["matches"]]
    assert result.fields.hex() == "".join(shown)
    assert result.field_lengths.tolist() == [len(field) // 2 for field in shown]


VALUES = st.sampled_from([None, *"abcdefgh"])


@st.composite
def segments(draw: st.DrawFn) -> Segments:
    """Two segments of up to two entities; no value twice in a name space."""
    used: set[tuple[str, str | None]] = set()
    made: Segments = []
    for _ in range(2):
        entities = []
        for _ in range(draw(st.integers(0, 2))):
            entity = []
            for space in SPACES:
                value = draw(VALUES)
                entity.append(None if (space, value) in used else value)
                used.add((space, value))
            entities.append(entity)
        made.append(entities)
    return made


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(segments(), segments())
def test_random_sessions_are_the_same_byte_for_byte(left: Segments, right: Segments) -> None:
    parties = party("random", Role.INITIATOR, left, b""), party("random", Role.RESPONDER, right, b"")
    p = replace(SMALL, sizes=([2, 3], [3, 2]), channel_key_bytes=0)
    vector = json.loads(json.dumps(describe("two random lists", p, *parties)))
    assert_played(vector)
