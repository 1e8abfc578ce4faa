"""Noisy totals and names without a match, as they are written and read (message-v2 §6.2)."""

import pytest

from accountmap.account_map.schema import TOTALS_SCHEMA
from accountmap.errors import PeerError
from accountmap.session.totals import decode_totals, encode_totals, split_totals
from tests.protocols.vectors import Json, cases, comment

SEGMENTS = ("one", "two", "three")
CASES = cases("message/totals.json")


@pytest.mark.parametrize("case", [c for c in CASES if "rows" in c], ids=comment)
def test_written_and_read(case: Json) -> None:
    encoded = encode_totals([(by, segment, value.encode(), n) for by, segment, value, n in case["rows"]])
    assert encoded.hex() == case["expect"]
    assert b"".join(split_totals(encoded)) == encoded
    read = decode_totals(encoded, SEGMENTS, totals=True, names=True)
    assert read.schema == TOTALS_SCHEMA
    rows = [(r["by"], r["their_segment"], r["value"] or "", r["entities"]) for r in read.to_pylist()]
    assert [(value, n) for _, _, value, n in rows] == [(value, n) for _, _, value, n in case["rows"]]
    places = [SEGMENTS.index(segment) if segment else 255 for _, segment, _, _ in rows]
    assert places == [segment for _, segment, _, _ in case["rows"]]
    if case["rows"]:
        with pytest.raises(PeerError):
            decode_totals(encoded, SEGMENTS, totals=False, names=False)


@pytest.mark.parametrize("case", [c for c in CASES if "bytes" in c], ids=comment)
def test_refused(case: Json) -> None:
    with pytest.raises(PeerError):
        decode_totals(bytes.fromhex(case["bytes"]), SEGMENTS, totals=True, names=True)
