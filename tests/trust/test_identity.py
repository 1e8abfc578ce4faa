"""Cards: what a trip by mail may change, and what nobody may."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from accountmap.errors import TrustError
from accountmap.trust import toml_text
from accountmap.trust.identity import LOW_ORDER, Card, Identity

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def identity() -> Identity:
    return Identity.generate("Acme “Cloud” signature = Ltd", NOW)


def test_a_card_says_who_it_is(identity: Identity) -> None:
    card = Card.parse(identity.card.document.encode())
    assert card == identity.card
    assert card.name == "Acme “Cloud” signature = Ltd"
    assert re.fullmatch(r"(\d{5} ){5}\d{5}", card.fingerprint)


@pytest.mark.parametrize(
    "trip",
    [
        lambda t: t.replace("\n", "\r\n"),
        lambda t: "\ufeff" + t,
        lambda t: t.replace("\n", "  \n"),
        lambda t: "\n\n" + t + "\n\n",
    ],
    ids=["line ends", "byte order mark", "trailing blanks", "empty lines around"],
)
def test_a_card_survives_the_mail(identity: Identity, trip: Callable[[str], str]) -> None:
    assert Card.parse(trip(identity.card.document).encode()) == identity.card


def test_any_other_change_is_refused(identity: Identity) -> None:
    document = identity.card.document
    other = Identity.generate("Mallory", NOW).card.document
    changes = [
        document.replace("Acme", "Acne"),
        document.replace("2026", "2027", 1),
        document + 'extra = "x"\n',
        document + "# what nobody signed\n",
        document.rstrip("\n") + " # what nobody signed\n",
        document.replace("\nsignature = ", "\nsignature =  "),
        document.replace("format", "fomat"),
        document.replace("card-v1", "card-v2"),
        document.partition("\nsignature")[0] + other[other.index("\nsignature") :],
        re.sub(r'sealing_key = """\n.', 'sealing_key = """\n_', document),
        document[:-20],
        "",
        "[" * 2000,
        "x" * 300_000,
    ]
    for changed in changes:
        assert changed != document
        with pytest.raises(TrustError) as caught:
            Card.parse(changed.encode())
        assert str(caught.value)
    with pytest.raises(TrustError):
        Card.parse(b"\xff\xfe\x00")


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\u202eb", "a\nb", " a", "a\u2028b", "\u200b"])
def test_names_that_could_mislead_are_refused(name: str) -> None:
    with pytest.raises(TrustError):
        Identity.generate(name, NOW)


def test_no_secret_in_a_repr(identity: Identity) -> None:
    assert repr(identity) == f"<Identity {identity.card.fingerprint}>"


def self_signed(identity: Identity, signed: str) -> bytes:
    """Sign the text of a card, as whoever has the key and a program of one's own can."""
    signature = toml_text.encode(identity.sign(b"accountmap-card-v1 signature\x00" + signed.encode()))
    return f"{signed}\nsignature = {signature}".encode()


@pytest.mark.parametrize("key", ["name", "sealing_key", "created"])
def test_no_part_of_a_card_stands_behind_its_signature(identity: Identity, key: str) -> None:
    """The fingerprint covers the signed text alone: what stands behind it nobody compared."""
    signed = identity.card.document.partition("\nsignature = ")[0]
    part = re.search(rf'^{key} = ("""[^"]*"""|.*)$', signed, re.MULTILINE)
    assert part is not None
    assert Card.parse(self_signed(identity, signed)) == identity.card
    moved = self_signed(identity, signed.replace(part[0], "").rstrip("\n"))
    with pytest.raises(TrustError):
        Card.parse(moved + f"\n{part[0]}\n".encode())


def test_a_date_without_an_offset_is_refused(identity: Identity) -> None:
    signed = identity.card.document.partition("\nsignature = ")[0]
    with pytest.raises(TrustError, match="created is of another type"):
        Card.parse(self_signed(identity, signed.replace(":00Z", ":00")))


@pytest.mark.parametrize("y", [*LOW_ORDER, 2**255 - 19, 2**255 - 18], ids=lambda y: f"{y:x}"[:8])
@pytest.mark.parametrize("sign", [0, 1])
def test_signing_keys_under_which_anything_can_be_signed_are_refused(
    identity: Identity, y: int, sign: int
) -> None:
    signed = identity.card.document.partition("\nsignature = ")[0]
    key = toml_text.encode((y | sign << 255).to_bytes(32, "little"))
    changed = re.sub(r"^signing_key = .*$", f"signing_key = {key}", signed, flags=re.MULTILINE)
    anything = toml_text.encode((1).to_bytes(32, "little") + bytes(32))
    with pytest.raises(TrustError, match="damaged or was changed"):
        Card.parse(f"{changed}\nsignature = {anything}\n".encode())
