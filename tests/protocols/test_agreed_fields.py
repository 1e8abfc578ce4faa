"""The agreed fields of one entity against the vectors."""

import pytest

from accountmap.errors import PeerError
from accountmap.session.own_list import decode_payload, encode_payload
from tests.protocols.vectors import Json, cases, comment

CASES = cases("message/agreed_fields.json")


@pytest.mark.parametrize("case", [c for c in CASES if "fields" in c], ids=comment)
def test_written_and_read(case: Json) -> None:
    encoded = encode_payload(case["fields"])
    assert encoded.hex() == case["expect"]
    shown = decode_payload(encoded, len(case["fields"]))
    assert all(a == b or (a and b and b.startswith(a)) for a, b in zip(shown, case["fields"], strict=True))


@pytest.mark.parametrize("case", [c for c in CASES if "count" in c], ids=comment)
def test_refused(case: Json) -> None:
    with pytest.raises(PeerError):
        decode_payload(bytes.fromhex(case["bytes"]), case["count"])
