"""The rest of a list as counts: against the vectors, and what is too few to be shown apart (message-v1 §6.2)."""

from collections import Counter

import pytest
from accountmap.session.unmatched import KINDS, decode_rest, encode_rest, suppressed
from hypothesis import given
from hypothesis import strategies as st

from accountmap.errors import PeerError
from tests.protocols.vectors import Json, cases, comment

SEGMENTS = ("one", "two", "three")
CASES = cases("message/rest.json")


@pytest.mark.parametrize("case", [c for c in CASES if "rows" in c], ids=comment)
def test_written_and_read(case: Json) -> None:
    rows = [(segment, kind, value.encode(), n) for segment, kind, value, n in case["rows"]]
    encoded = encode_rest(rows)
    assert encoded.hex() == case["expect"]
    read = decode_rest(encoded, SEGMENTS).to_pylist()
    assert [
        [SEGMENTS.index(r["their_segment"]), KINDS.index(r["by"]), r["value"] or "", r["entities"]] for r in read
    ] == (case["rows"])


@pytest.mark.parametrize("case", [c for c in CASES if "bytes" in c], ids=comment)
def test_refused(case: Json) -> None:
    with pytest.raises(PeerError):
        decode_rest(bytes.fromhex(case["bytes"]), SEGMENTS)


COUNTS = st.dictionaries(st.none() | st.text(min_size=1, max_size=90), st.integers(1, 12), max_size=12)


@given(COUNTS, st.integers(1, 8))
def test_no_few_are_shown_and_none_can_be_computed(counted: dict[str | None, int], smallest: int) -> None:
    shown = suppressed(Counter(counted), smallest)
    assert sum(n for _, n in shown) == sum(counted.values())
    assert shown == sorted(shown)
    apart = [(value, n) for value, n in shown if value]
    assert all(n >= smallest and counted[value.decode()] == n for value, n in apart)
    together = sum(n for value, n in shown if not value)
    assert together == 0 or together >= smallest or not apart
