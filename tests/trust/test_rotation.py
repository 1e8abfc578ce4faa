"""A card that takes the place of another: only with the old key's word, and only for the same company."""

from datetime import UTC, datetime

import pytest

from accountmap.errors import TrustError
from accountmap.trust.identity import Card, Identity, Rotation

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OLD, NEW, MALLORY = (Identity.generate(name, NOW) for name in ("Acme", "Acme", "Acme"))
ROTATION = Rotation.write(OLD, NEW)


def test_it_holds_for_the_old_card_and_survives_the_mail() -> None:
    again = Rotation.parse(ROTATION.document.replace("\n", " \r\n").encode())
    assert again == ROTATION
    assert again.card == NEW.card
    again.check(OLD.card)


def test_it_is_told_from_a_card_alone() -> None:
    assert Rotation.is_one(ROTATION.document.encode())
    assert not Rotation.is_one(OLD.card.document.encode())
    with pytest.raises(TrustError):
        Card.parse(ROTATION.document.encode())
    with pytest.raises(TrustError):
        Rotation.parse(OLD.card.document.encode())


def test_it_holds_for_no_other_card() -> None:
    with pytest.raises(TrustError, match="not signed by the key"):
        ROTATION.check(MALLORY.card)
    with pytest.raises(TrustError, match="not signed by the key"):
        Rotation.write(MALLORY, NEW).check(OLD.card)


def test_nobody_signs_for_another() -> None:
    forged = Rotation.write(MALLORY, NEW).document.replace(MALLORY.card.digest.hex(), OLD.card.digest.hex())
    with pytest.raises(TrustError, match="not signed by the key"):
        Rotation.parse(forged.encode()).check(OLD.card)


def test_the_old_word_does_not_serve_another_new_card() -> None:
    part = ROTATION.document[len(NEW.card.document) :]
    with pytest.raises(TrustError, match="not signed by the key"):
        Rotation.parse((MALLORY.card.document + part).encode()).check(OLD.card)


def test_the_company_stays_the_same() -> None:
    renamed = Rotation.write(OLD, Identity.generate("Globex", NOW))
    with pytest.raises(TrustError, match="another name"):
        renamed.check(OLD.card)


def test_anything_behind_it_is_refused() -> None:
    for tail in ('extra = "x"\n', "[more]\n", 'old_card = "0"\n'):
        with pytest.raises(TrustError):
            Rotation.parse((ROTATION.document + tail).encode())
