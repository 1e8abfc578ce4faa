"""Cards and sealing keys against the vectors."""

import pytest

from accountmap.errors import TrustError
from accountmap.trust.identity import Card, Rotation
from accountmap.trust.sealed import check_public
from tests.protocols.vectors import Json, cases, comment, load

CARDS = load("message/refuse_cards.json")
KEYS = cases("message/refuse_channel_keys.json")
ROTATIONS = load("message/rotations.json")
ON_FILE = Card.parse(cases("message/cards.json")[0]["card"].encode())


@pytest.mark.parametrize("case", CARDS["cases"], ids=comment)
def test_cards(case: Json) -> None:
    data = case["card"].encode()
    if case["expect"] == "accept":
        assert Card.parse(data).digest.hex() == CARDS["expect"]
        return
    with pytest.raises(TrustError):
        Card.parse(data)


def test_a_card_of_more_than_256_kib_is_refused() -> None:
    text = CARDS["cases"][0]["card"]
    with pytest.raises(TrustError, match="too large"):
        Card.parse((text + "#" * 2**18).encode())


def test_a_key_is_taken() -> None:
    check_public(bytes.fromhex(KEYS[0]["key"]))


@pytest.mark.parametrize("case", [c for c in KEYS if c["expect"] != "accept"], ids=comment)
def test_keys_to_which_nothing_can_be_sealed_are_refused(case: Json) -> None:
    with pytest.raises(ValueError):
        check_public(bytes.fromhex(case["key"]))


@pytest.mark.parametrize("case", ROTATIONS["cases"], ids=comment)
def test_rotations(case: Json) -> None:
    def taken() -> Card:
        rotation = Rotation.parse(case["rotation"].encode())
        rotation.check(ON_FILE)
        return rotation.card

    if case["expect"] == "accept":
        assert taken().digest.hex() == ROTATIONS["expect"]
        return
    with pytest.raises(TrustError):
        taken()
