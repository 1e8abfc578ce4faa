"""Whole sessions of the package, byte for byte as the reference writes them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocols.reference.cases_session import SMALL, describe, entity, party
from protocols.reference.party import Entity
from protocols.reference.session import play

from accountmap.model import Outcome, Role, Strength
from tests.protocols.replay import Player, bodies
from tests.protocols.vectors import Json, load

SESSIONS = ["psi/session.json", "psi/session_without_matches.json"]


def assert_played(vector: Json) -> None:
    """Run both sides and compare every body."""
    expected = bodies(vector)
    players = [Player(vector, role) for role in Role]
    message = players[0].begin()
    for n in range(1, 11):
        assert message is not None
        assert (int(message.type), message.body.hex()) == (n, expected[n].hex())
        message = players[n % 2].take(n, message.body)
    assert message is None
    assert [player.random.left for player in players] == [[], []]


@pytest.mark.parametrize("name", SESSIONS)
def test_every_body_is_as_in_the_vector(name: str) -> None:
    assert_played(load(name))


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.parametrize("role", list(Role))
def test_each_side_finds_what_the_vector_says(name: str, role: Role) -> None:
    vector = load(name)
    player, expect = Player(vector, role), vector["expect"]
    own, partner = vector[role.name.lower()], vector[role.other.name.lower()]
    player.until(12 - role, bodies(vector))
    result = player.session.result
    assert result is not None
    assert result.sid.hex() == expect["sid"]
    assert result.receipt.digest.hex() == expect["receipt"]
    assert result.totals.hex() == partner["totals"]
    theirs = {e["account_ids"][0]: e for segment in partner["segments"] for e in segment}
    for number, (found, described) in enumerate(zip(result.comparisons, expect["comparisons"], strict=True)):
        claims = described["claims"]
        assert [row.tobytes().hex() for row in found.match_id] == [c["id"] for c in claims]
        inside = vector["parameters"]["rectangles"][number]["segments"][role]
        entities = [e for n, segment in enumerate(own["segments"]) if n in inside for e in segment]
        ours = [entities[n]["account_ids"][0] for n in found.group.tolist()]
        assert ours == [c[f"{role.name.lower()}_account"] for c in claims]
        assert [Outcome(n).name.lower() for n in found.outcome] == [c["outcome"] for c in claims]
        assert [Strength(n).name.lower() for n in found.strength] == [c["strength"] for c in claims]
        pairs = [pair[:: 1 if role is Role.INITIATOR else -1] for c in claims for pair in c["pairs"]]
        assert np.stack([found.pair_own_slot, found.pair_their_slot], axis=1).tolist() == pairs
        shown = [
            theirs[c[f"{role.other.name.lower()}_account"]]["fields"] if c["outcome"] == "reveal" else ""
            for c in claims
        ]
        assert found.fields.hex() == "".join(shown)
        assert found.field_lengths.tolist() == [len(field) // 2 for field in shown]


VALUES = st.sampled_from([None, None, *"abcdefgh", "a|DE", "b|GB", "c|DE"])


@st.composite
def segments(draw: st.DrawFn, mark: str) -> list[list[Entity]]:
    """Three segments of up to two entities; no value twice in a name space."""
    used: set[tuple[str, str | None]] = set()
    made = []
    for segment in range(3):
        entities = []
        for place in range(draw(st.integers(0, 2))):
            keys = []
            for slot in SMALL.slots:
                value = draw(VALUES)
                keys.append(None if (slot.space, value) in used else value)
                used.add((slot.space, value))
            entities.append(entity(f"{mark}-{segment}{place}", keys))
        made.append(entities)
    return made


@settings(max_examples=settings().max_examples // 4)  # the reference takes its time
@given(segments("I"), segments("R"), st.sampled_from(["none", "ask"]))
def test_random_sessions_are_the_same_byte_for_byte(
    left: list[list[Entity]], right: list[list[Entity]], weak: str
) -> None:
    parties = party("random", Role.INITIATOR, left, b"", b""), party("random", Role.RESPONDER, right, b"", b"")
    p = replace(SMALL, sizes=([2, 3, 2], [3, 2, 2]), channel_key_bytes=0, weak=weak)
    played = play(*parties, p)
    assert_played(json.loads(json.dumps(describe("two random lists", p, *parties, played))))
