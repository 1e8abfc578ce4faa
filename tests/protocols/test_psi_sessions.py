"""Whole sessions of the package, byte for byte as the reference writes them."""

import pytest

from accountmap.psi.parameters import Role
from tests.protocols.replay import Side, bodies
from tests.protocols.vectors import load

SESSIONS = ["psi/session.json", "psi/session_without_matches.json"]


@pytest.mark.parametrize("name", SESSIONS)
def test_every_body_is_as_in_the_vector(name: str) -> None:
    vector = load(name)
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
