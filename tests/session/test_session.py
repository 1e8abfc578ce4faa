"""Two workspaces and a folder: the whole way, and what may go wrong on it."""

from pathlib import Path
from typing import Any

from accountmap.account_map.matches import described
from accountmap.linkage.reference import Entry, Reference
from tests.parties import Parties, Party


def test_both_sides_end_with_the_same_matches(tmp_path: Path) -> None:
    parties = Parties.after_a_session(tmp_path)
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


JUDGED = ("strength", "evidence", "contradiction", "doubt", "match_score")
REFERENCE = Reference([Entry("lei:5493000IBP32UQZ0KL24", ("GB",), ("Vantrell Marine", "Oskerdale"))], "5" * 64)
ONE_LIST = [
    ("site", "Quillhaven Foods - Leeds, UK", "quillhaven.co.uk", "customer"),
    ("site without a website", "Brackenfold (London office)", None, "customer"),
    ("former name", "Oskerdale Ltd", None, "customer"),
    ("other website", "Tarnwick Instruments", "tarnwick.com", "customer"),
    ("several websites", "Pellmoor Group", "pellmoor.com; pellmoor-shop.de", "customer"),
    ("label", "Dunmarrow Ltd", None, "prospect"),
]
OTHER_LIST = [
    ("site", "Quillhaven Foods Ltd", "quillhaven.co.uk", "prospect"),
    ("site without a website", "Brackenfold", "brackenfold.co.uk", "prospect"),
    ("former name", "Vantrell Marine", "vantrellmarine.co.uk", "prospect"),
    ("other website", "Tarnwick Instruments", "tarnwick-instruments.com", "prospect"),
    ("several websites", "Pellmoor Handel GmbH", "pellmoor.com", "prospect"),
    ("label", "Overton Street Holdings", "dunmarrow.com", "customer"),
]


def judged(party: Party) -> dict[str, dict[str, Any]]:
    """Return what a side reads of its matches, by their ids."""
    record = party.workspace.sessions(party.partner)[0]
    _, prepared = party.workspace.load_list(record.list_id)
    result = party.workspace.result(record)
    ids = prepared.entities["entity_id"].to_pylist()
    rows = [
        row
        for table in (result.matches, result.possible)
        for row in described(table, prepared, result).to_pylist()
    ]
    return {row["match_id"]: {"pair": ids[row["entity"]], **{name: row[name] for name in JUDGED}} for row in rows}


def test_both_sides_read_the_same_of_a_match_however_each_writes_it(tmp_path: Path) -> None:
    """Sites, a former name that the reference list knows, websites on one side: keys of different slots meet."""
    parties = Parties.make(tmp_path, ONE_LIST, OTHER_LIST, reference=REFERENCE)
    parties.run()
    sides = judged(parties.acme), judged(parties.globex)
    assert sides[0] == sides[1]
    of = {row["pair"]: row for row in sides[0].values()}
    assert {*of} == {row[0] for row in ONE_LIST}
    assert of["site"]["evidence"].startswith("domain"), "the site does not hide the company"
    assert of["former name"]["evidence"].startswith("reference")
    assert of["other website"]["doubt"] == "different domains"
    assert of["label"]["strength"] == "weak", "the label is a name on one side only: the weaker slot counts"
