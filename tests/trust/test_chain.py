"""The ledger's chain: what was changed, taken out, put in or moved is named."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from accountmap.errors import TrustError
from accountmap.psi.key_exchange import SignedReceipt
from accountmap.trust.identity import Identity
from accountmap.trust.ledger import CardReceipts, Entry, Facts, Ledger, head_of, receipt_facts, receipt_from_facts

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ACME, GLOBEX, STRANGER = (Identity.generate(name, NOW) for name in ("Acme", "Globex", "Stranger"))
CARDS = {i.card.digest.hex(): i.card for i in (ACME, GLOBEX)}
SIGNED = SignedReceipt(bytes(range(32)), *(bytes([n]) * 32 for n in range(4)))
"""What two parties sign at the end of a session, without the signatures."""


def receipt(signers: tuple[Identity, ...] = (ACME, GLOBEX), parties: Sequence[Identity] = (ACME, GLOBEX)) -> Facts:
    signatures = [CardReceipts(signer, GLOBEX.card).sign(SIGNED.digest).hex() for signer in signers]
    facts = receipt_facts(SIGNED)
    return facts | {
        "event": "done",
        "sid": SIGNED.sid.hex(),
        "signed": facts["signed"] | {"signatures": signatures},
        "cards": [party.card.digest.hex() for party in parties],
    }


def changed(**parts: object) -> Facts:
    facts = receipt()
    return facts | {"signed": facts["signed"] | parts}


def ledger(*facts: Facts, signer: Identity = ACME) -> Ledger:
    entries: list[Entry] = []
    for n, said in enumerate(facts, 1):
        entries.append(Entry.write(said, n, head_of(entries), signer))
    return Ledger(tuple(entries), CARDS)


WHOLE = ledger({"event": "sent", "message": 1}, {"event": "sent", "message": 4}, receipt(), {"event": "x"})


def test_a_whole_chain_holds_and_survives_the_export() -> None:
    WHOLE.check()
    again = Ledger.decode(WHOLE.encode())
    assert again == WHOLE
    assert again.head == WHOLE.head


@pytest.mark.parametrize(
    ("change", "first"),
    [
        (lambda e: (e[0], replace(e[1], body=e[1].body.replace('"message":4', '"message":3')), *e[2:]), 2),
        (lambda e: (e[0], *e[2:]), 2),
        (lambda e: (e[1], e[0], *e[2:]), 1),
        (lambda e: (*e, e[0]), 5),
        (lambda e: (*e[:3], replace(e[3], signature=bytes(64))), 4),
        (lambda e: (*e[:3], Entry("[]", bytes(64))), 4),
        (lambda e: (*e[:3], Entry.write({"event": "x"}, 4, head_of(e[:2]), ACME)), 4),
        (lambda e: (*e[:3], Entry.write({"event": "x"}, 4, head_of(e[:3]), STRANGER)), 4),
        (lambda e: (*e[:3], replace(e[3], body=e[3].body.replace(":", ": ", 1))), 4),
        (lambda e: (*e[:3], Entry("[" * 100_000, bytes(64))), 4),
    ],
    ids=[
        "changed",
        "taken out",
        "moved",
        "repeated",
        "unsigned",
        "no entry",
        "other past",
        "other signer",
        "other form",
        "deep",
    ],
)
def test_the_first_entry_that_fails_is_named(
    change: Callable[[tuple[Entry, ...]], tuple[Entry, ...]], first: int
) -> None:
    changed = replace(WHOLE, entries=change(WHOLE.entries))
    with pytest.raises(TrustError, match=f"entry {first} of the ledger is not valid"):
        changed.check()
    with pytest.raises(TrustError):
        Ledger.decode(changed.encode())


@pytest.mark.parametrize(
    ("signers", "blamed"), [((STRANGER, GLOBEX), "Acme"), ((ACME, STRANGER), "Globex")], ids=["ours", "theirs"]
)
def test_a_receipt_that_a_party_did_not_sign_is_named(signers: tuple[Identity, Identity], blamed: str) -> None:
    with pytest.raises(TrustError, match=f"entry 1 .* signature of {blamed} on the receipt"):
        ledger(receipt(signers)).check()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (receipt((), ()), "it is not an entry"),
        (receipt((), (ACME, GLOBEX)), "it is not an entry"),
        (receipt((ACME,), (ACME, GLOBEX)), "it is not an entry"),
        (receipt((ACME, GLOBEX, STRANGER)), "it is not an entry"),
        (receipt((ACME, GLOBEX), (ACME,)), "it is not an entry"),
        (receipt((ACME, ACME), (ACME, ACME)), "it is not an entry"),
        (receipt((GLOBEX, STRANGER), (GLOBEX, STRANGER)), "the company that wrote it is not a party"),
        (receipt() | {"receipt": bytes(32).hex()}, "its receipt does not belong to what it says"),
        (receipt() | {"signed": []}, "it is not an entry"),
        (receipt() | {"sid": bytes(32).hex()}, "its receipt does not belong to what it says"),
        (changed(matches="00" * 32), "its receipt does not belong to what it says"),
        (changed(initiator_fields=bytes(32).hex()), "its receipt does not belong to what it says"),
        (changed(transcript="00"), "its receipt does not belong to what it says"),
        (changed(matches=7), "it is not an entry"),
        (receipt() | {"event": "sent"}, "it is not an entry"),
        ({"event": "done"}, "it is not an entry"),
        (receipt() | {"cards": None}, "it is not an entry"),
        (receipt() | {"cards": [ACME.card.digest.hex(), {}]}, "it is not an entry"),
    ],
)
def test_a_receipt_is_signed_by_two_parties(facts: Facts, said: str) -> None:
    with pytest.raises(TrustError, match=f"entry 1 .* {said}"):
        ledger(facts).check()


def test_a_receipt_comes_back_from_an_entry() -> None:
    signed = replace(SIGNED, signatures=(bytes(64), bytes([1]) * 64))
    assert receipt_from_facts(receipt_facts(signed)) == signed


def test_a_receipt_stands_for_one_session() -> None:
    with pytest.raises(TrustError, match=r"entry 2 .* earlier session"):
        ledger(receipt(), receipt()).check()


def test_a_party_that_is_not_on_file_is_named() -> None:
    with pytest.raises(TrustError, match="a party to its session is not on file"):
        replace(ledger(receipt()), cards={ACME.card.digest.hex(): ACME.card}).check()


def test_what_was_cut_off_shows_against_a_hash_that_was_kept() -> None:
    cut = replace(WHOLE, entries=WHOLE.entries[:2])
    cut.check()
    WHOLE.check_contains(cut.head.hex())
    with pytest.raises(TrustError, match="does not contain that hash"):
        cut.check_contains(WHOLE.head.hex())
    with pytest.raises(TrustError, match="ends before its head"):
        Ledger.decode(cut.encode().replace(cut.head.hex().encode(), WHOLE.head.hex().encode()))


def test_files_that_are_no_ledger_are_refused() -> None:
    for data in (b"", b"{}", b"[]", WHOLE.encode()[:-20], WHOLE.encode().replace(b"ledger-v2", b"ledger-v1")):
        with pytest.raises(TrustError, match="not an exported ledger"):
            Ledger.decode(data)


@pytest.mark.parametrize("number", ["1e999", "NaN", "9" * 5000, "[1]", "null"])
def test_an_entry_without_a_number_is_none(number: str) -> None:
    card = {ACME.card.digest.hex(): ACME.card}
    with pytest.raises(TrustError, match=r"entry 1 .* it is not an entry"):
        Ledger((Entry(f'{{"number":{number}}}', bytes(64)),), card).check()
