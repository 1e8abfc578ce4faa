"""Two workspaces and a folder: the whole way, and what may go wrong on it."""

from pathlib import Path

from tests.parties import Parties


def test_both_sides_end_with_the_same_matches(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    parties.run()
    sides = []
    for party in (parties.acme, parties.globex):
        record = party.workspace.sessions(party.partner)[0]
        _, prepared = party.workspace.load_list(record.list_id)
        result = party.workspace.result(record)
        ids = prepared.entities["entity_id"].to_pylist()
        sides.append({m["match_id"]: (ids[m["entity"]], m["their_segment"]) for m in result.matches.to_pylist()})
    assert sides[0].keys() == sides[1].keys()
    pairs = {(sides[0][m][0], sides[1][m][0]) for m in sides[0]}
    assert pairs == {("a1", "b1"), ("a2", "b2"), ("a3", "b3")}
    assert {sides[0][m] for m in sides[0]} == {("a1", "prospect"), ("a2", "customer"), ("a3", "customer")}
