"""Agreements from a partner: read strictly, signed whole, and refused with an error for people."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.errors import TrustError
from accountmap.model import Epsilon, PreviewKind, Role, WeakSlots
from accountmap.trust import toml_text
from accountmap.trust.agreement import Agreement, OwnSizes
from accountmap.trust.identity import Card, Identity, Rotation
from accountmap.trust.sharing import Rectangle, Sharing
from accountmap.trust.term import write
from accountmap.trust.terms import SketchTerms
from tests.trust.terms import (
    ACME,
    CARDS,
    GLOBEX,
    NOW,
    PREVIEW_TERMS,
    SIZES,
    SKETCH,
    TERMS,
    propose,
    propose_preview,
)

PROPOSED = propose()
SIGNED = PROPOSED.accept(SIZES, GLOBEX)
PREVIEW = propose_preview().accept(OwnSizes(SKETCH), GLOBEX)

DIGITS = "9" * 5000
DEEP = "[" * 50_000
LABEL = b"accountmap-agreement-v2 signature\x00"

RECTANGLE = """[[rectangle]]
initiator = ["customer"]
responder = ["prospect"]
initiator_shows = []
responder_shows = []
"""
RULE = '{ initiator = ["customer"], responder = ["prospect"], countries = ["DE"], leads = "both" }'
CLASS = """[[class]]
leads = ["label"]
with = []
tolerates = []
sure = false
reveal_up_to = 0
ask_up_to = 500
"""

CHANGED_TERMS: list[tuple[str, str]] = [
    ('format = "accountmap-agreement-v2"', 'format = "accountmap-agreement-v1"'),
    ('format = "accountmap-agreement-v2"', 'format = "accountmap-preview-v2"'),
    ("sessions_per_30_days = 6", "sessions_per_30_days = 0"),
    ("sessions_per_30_days = 6", "sessions_per_30_days = -1"),
    ("sessions_per_30_days = 6", "sessions_per_30_days = 1001"),
    ("sessions_per_30_days = 6", f"sessions_per_30_days = {10**40}"),
    ("sessions_per_30_days = 6", "sessions_per_30_days = true"),
    ("sessions_per_30_days = 6", f"sessions_per_30_days = {DIGITS}"),
    ("min_change = 5", "min_change = 1000001"),
    ("min_change = 5", "min_change = 5\nmax_change = 5"),
    ("automatic_share = 0.0", "automatic_share = nan"),
    ("automatic_share = 0.0", "automatic_share = 1.1"),
    ("automatic_share = 0.0", "automatic_share = 0"),
    ("automatic_share = 0.0", f"automatic_share = {DEEP}"),
    ("threshold = 2", "threshold = 0"),
    ("threshold = 2", f"threshold = 0x{'f' * 20_000}"),
    ('weak = "ask"', 'weak = "all"'),
    ('weak = "ask"', ""),
    ("weight = 4", f"weight = {2**62}"),
    ("weight = 4", f"weight = {2**62 - 3}"),
    ('name = "label"', 'name = "name"'),
    ('space = "domain"', 'space = "name"'),
    ('space = "domain"', f'space = "{"é" * 80 + "x" * 100}"'),
    ('strength = "weak"', 'strength = "weak name"'),
    ('says = "other"', 'says = "everything"'),
    ("meets_itself = true", "meets_itself = 1"),
    (CLASS, CLASS.replace('["label"]', "[]")),
    (CLASS, CLASS.replace('["label"]', '["label", "label"]')),
    (CLASS, CLASS.replace('["label"]', '["lei"]')),
    (CLASS, CLASS.replace("with = []", 'with = ["lei"]')),
    (CLASS, CLASS.replace("sure = false", "sure = true")),
    (CLASS, CLASS.replace("reveal_up_to = 0", "reveal_up_to = 1")),
    (CLASS, CLASS.replace("ask_up_to = 500", f"ask_up_to = {2**63}")),
    (CLASS, CLASS.replace("ask_up_to = 500", "ask_up_to = -1")),
    (CLASS, CLASS.replace("tolerates = []", 'tolerates = ["name"]')),
    (CLASS, "\n".join([CLASS] * 63)),
    ("created = 2026-11-22T00:00:00Z", "created = 2026-11-22T00:00:00"),
    ("valid_until = 2027-11-22", "valid_until = 2027-11-22T00:00:00Z"),
    ("valid_until = 2027-11-22", 'valid_until = "2027-11-22"'),
    ('purpose = "co-selling"', 'purpose = "co-selling\\u001b[2J"'),
    ('purpose = "co-selling"', 'purpose = "co-selling\\nSigned by both."'),
    ('purpose = "co-selling"', '''purpose = """co-selling\ninitiator_signature = """'''),
    ('purpose = "co-selling"', f'purpose = "co-selling{" " * 90}Signed by both."'),
    ('purpose = "co-selling"', 'purpose = ""'),
    ('profile = "balanced"', 'profile = "\\u202eowt"'),
    ('name = "domain"', 'name = "domain\\r"'),
    ('space = "domain"', 'space = "\\u3164"'),
    ('strength = "strong"', 'strength = "\\u009b2J"'),
    ('version = "canonical-v1"', 'version = "canonical-v1\\u0000"'),
    ('"data/words.tsv" = "00"', '"data/\\u001bwords.tsv" = "00"'),
    ('"data/words.tsv" = "00"', '"data/words.tsv" = 0'),
    ('segments = ["customer", "prospect"]', 'segments = ["customer", "\\u001b[8m"]'),
    ('segments = ["customer", "prospect"]', 'segments = ["customer", "customer"]'),
    ('segments = ["customer", "prospect"]', 'segments = ["customer", 1]'),
    ('segments = ["customer", "prospect"]', "segments = []"),
    ('kind = "sketch"', 'kind = "segments"'),
    ('kind = "sketch"', 'kind = "points"'),
    ('initiator_shows = ["name"]', 'initiator_shows = ["name", "name"]'),
    ('initiator_shows = ["name"]', 'initiator_shows = ["revenue"]'),
    ('initiator_shows = ["name"]', "initiator_shows = [[]]"),
    ('initiator = ["customer", "prospect"]', "initiator = []"),
    ('initiator = ["customer", "prospect"]', 'initiator = ["customer", "customer"]'),
    ('initiator = ["customer", "prospect"]', 'initiator = ["lead"]'),
    ('initiator = ["customer", "prospect"]\n', ""),
    ("[[rectangle]]", f"{RECTANGLE}\n[[rectangle]]"),
    ("totals_shown_by = []", 'totals_shown_by = ["somebody"]'),
    ("totals_shown_by = []", 'totals_shown_by = ["responder", "responder"]'),
    ("unmatched_named_by = []", 'unmatched_named_by = ["both"]'),
    ("countries = []", 'countries = ["de"]'),
    ("countries = []", 'countries = ["DE", "DE"]'),
    ("industries = []", 'industries = ["Ban\\u0000king"]'),
    ("industries = []", f"industries = {[f'w{n}' for n in range(201)]}"),
    ("employees_from = 0", "employees_from = -1"),
    ("employees_to = 0", f"employees_to = {10**10}"),
    ("employees_from = 0\nemployees_to = 0", "employees_from = 10\nemployees_to = 9"),
    ("rules = []", "rules = [1]"),
    ("rules = []", f"rules = [{RULE.replace('both', 'nobody')}]"),
    ("rules = []", f"rules = [{RULE.replace('customer', 'lead')}]"),
    ("rules = []", f"rules = [{RULE.replace('DE', 'Germany')}]"),
    ("rules = []", f"rules = [{', '.join([RULE] * 201)}]"),
    ("rule = []", "rule = [1]"),
    ("rule = []", 'rule = [{ sourced_by = ["introduction"] }]'),
    ("required = true", "required = 1"),
    ('auditor = "an auditor whom both accept"', 'auditor = ""'),
    ("keep_days = 180", "keep_days = 0"),
    ("keep_days = 180", "keep_days = 3651"),
    ("growth_alarm = 4", "growth_alarm = 1"),
    ('assistants = "own"', 'assistants = "all"'),
    ('models = "segment"', 'models = "fields"'),
    ('ideal_customer = ""', 'ideal_customer = "profile.toml"'),
    ('names = ["Acme", "Globex"]', 'names = ["Acme", "Acme"]'),
    ('names = ["Acme", "Globex"]', 'names = ["Acme", "Globex", "Initech"]'),
    ('names = ["Acme", "Globex"]', 'names = ["Acme"]'),
    ('names = ["Acme", "Globex"]', 'names = ["Acme", "Glo\\u200bbex"]'),
    (TERMS.cards[1], TERMS.cards[0]),
    (TERMS.cards[1], TERMS.cards[1].upper() + "A"),
    ("[[slot]]", "[[slots]]"),
    ("[canonical]", "[limits.more]\na = 1\n\n[canonical]"),
    ('session = "account-psi-v2"', 'session = "account-psi-v1"'),
    ('conversation = "conversation-v1"\n', ""),
]

CHANGED_SIZES: list[tuple[str, str]] = [
    ('"customer" = 16', '"customer" = -1'),
    ('"customer" = 16', '"customer" = 100000001'),
    ('"customer" = 16', '"lead" = 16'),
    ('"customer" = 16\n', ""),
    ("rows = [1024]", "rows = []"),
    ("rows = [1024]", "rows = [0]"),
    ("rows = [1024]", "rows = [512, 512]"),
    ("rows = [1024]", "rows = [100000001]"),
    ("rows = [1024]", "rows = 1024"),
    ('epsilon = "1"', 'epsilon = "3"'),
    ('epsilon = "1"', "epsilon = 1"),
    ('[initiator.sketch]\nrows = [1024]\nepsilon = "1"\ncountries = []', ""),
    ("[initiator.sketch]", "[initiator.totals]\n[initiator.sketch]"),
]


OWN_PART = PROPOSED.signed[0].removeprefix(write(TERMS))


def signed_by_acme(terms: str, own: str = OWN_PART) -> bytes:
    """Sign terms that were changed, as a partner could that wrote its own program."""
    part = (terms + own).rstrip("\n")
    signature = toml_text.encode(ACME.sign(LABEL + part.encode()))
    return f"{part}\ninitiator_signature = {signature}\n".encode()


def test_terms_as_the_program_writes_them_are_read() -> None:
    agreement = Agreement.parse(signed_by_acme(write(TERMS)))
    agreement.check_signatures(CARDS)
    assert agreement.terms == TERMS
    assert (agreement.sizes, agreement.sketches) == ((SIZES.rows,), (SKETCH,))


def label(part: str) -> str:
    """Name a case the same in every process: the cards are drawn anew in each."""
    return "a card" if part[:50].isalnum() else ascii(part[:50])


@pytest.mark.parametrize(("was", "is_now"), CHANGED_TERMS, ids=label)
def test_terms_that_no_program_could_keep_are_refused(was: str, is_now: str) -> None:
    terms = write(TERMS)
    assert was in terms
    with pytest.raises(TrustError) as refused:
        Agreement.parse(signed_by_acme(terms.replace(was, is_now, 1)))
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(("was", "is_now"), CHANGED_SIZES, ids=lambda part: ascii(part[:50]))
def test_sizes_that_no_program_could_keep_are_refused(was: str, is_now: str) -> None:
    assert was in OWN_PART
    with pytest.raises(TrustError):
        Agreement.parse(signed_by_acme(write(TERMS), OWN_PART.replace(was, is_now, 1)))


def test_weak_slots_are_sent_only_if_agreed() -> None:
    assert [TERMS.slots[n].name for n in TERMS.sent_slots] == ["domain", "name", "label"]
    assert [TERMS.slots[n].name for n in replace(TERMS, weak=WeakSlots.NONE).sent_slots] == ["domain", "name"]
    with pytest.raises(TrustError, match="slot"):
        propose(slots=TERMS.slots[2:], classes=TERMS.classes[2:], weak=WeakSlots.NONE)


def test_a_preview_agreement_holds_no_term_of_a_session() -> None:
    PREVIEW.check_signatures(CARDS)
    assert PREVIEW.is_preview
    assert PREVIEW.terms == PREVIEW_TERMS
    assert PREVIEW.sizes == ({}, {})
    assert "rows = [1024]" in PREVIEW.document
    for word in ("[[slot]]", "[[rectangle]]", "sessions_per_30_days", "[initiator.rows]", "conversation"):
        assert word not in PREVIEW.document
    whole = write(TERMS).replace("agreement-v2", "preview-v2")
    with pytest.raises(TrustError, match="unknown"):
        Agreement.parse(signed_by_acme(whole))


def test_a_preview_agreement_cannot_pass_for_another() -> None:
    """The format is in the label of the signature too."""
    part = PREVIEW.signed[0]
    forged = f"{part}\ninitiator_signature = {toml_text.encode(ACME.sign(LABEL + part.encode()))}\n"
    with pytest.raises(TrustError, match="is not valid"):
        Agreement.parse(forged.encode()).check_signatures(CARDS)


def test_a_sketch_by_segments_has_a_size_for_each() -> None:
    three = ("customer", "opportunity", "prospect")
    rows = dict.fromkeys(three, 16)
    for sizes, fine in (((16, 16, 64), True), ((96,), False)):
        own = OwnSizes(SketchTerms(sizes, Epsilon.ONE, ()), rows)
        if fine:
            made = propose(own, segments=three, preview=PreviewKind.SEGMENTS)
            assert made.sketches[0].total == 96
        else:
            with pytest.raises(TrustError, match="sketch"):
                propose(own, segments=three, preview=PreviewKind.SEGMENTS)


NAMED = Rectangle(("customer",), ("customer",), (), ())


@pytest.mark.parametrize(
    ("rectangles", "named_by", "fine"),
    [
        ((NAMED,), (Role.RESPONDER,), False),
        ((Rectangle(("customer",), ("customer", "prospect"), (), ()),), (Role.INITIATOR,), True),
        ((Rectangle(("customer",), ("customer", "prospect"), (), ()),), (Role.RESPONDER,), False),
        (TERMS.sharing.rectangles, (Role.RESPONDER, Role.INITIATOR), True),
    ],
    ids=["a hidden cell", "a hidden segment", "a segment with a hidden cell", "all revealed"],
)
def test_a_rest_names_nothing_that_a_cell_hides(
    rectangles: tuple[Rectangle, ...], named_by: tuple[Role, ...], fine: bool
) -> None:
    """Who names all that did not match in one cell names what may match in another."""
    data = signed_by_acme(write(replace(TERMS, sharing=Sharing((), named_by, rectangles))))
    if fine:
        assert Agreement.parse(data).terms.sharing.unmatched_named_by == named_by
        return
    with pytest.raises(TrustError, match="unmatched_named_by"):
        Agreement.parse(data)


def test_a_slot_that_is_no_table_is_refused() -> None:
    terms = write(TERMS)
    slots = terms[terms.index("[[slot]]") : terms.index("[[class]]")]
    flat = terms.replace(slots, "").replace("\n[parties]", "slot = [1]\n\n[parties]")
    with pytest.raises(TrustError, match="slot: it is not a table"):
        Agreement.parse(signed_by_acme(flat))


def test_signatures_hold_for_the_cards_and_names_of_the_agreement() -> None:
    SIGNED.check_signatures(CARDS)
    for cards in ((GLOBEX.card, ACME.card), (ACME.card, Identity.generate("Globex", NOW).card)):
        with pytest.raises(TrustError, match="names a card or a company"):
            SIGNED.check_signatures(cards)
    renamed = Agreement.propose(replace(TERMS, names=("Acme", "Globex Bank")), SIZES, ACME)
    with pytest.raises(TrustError, match="names a card or a company"):
        renamed.check_signatures(CARDS)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t + "# what nobody signed\n",
        lambda t: t.rstrip("\n") + " # what nobody signed\n",
        lambda t: t.replace('=="\n', '==" # behind the first signature\n', 1),
        lambda t: t.rstrip('"\n') + ' "\n',
        lambda t: t.rstrip('"=\n')[:-1] + next(c for c in "BCDE" if c != t.rstrip('"=\n')[-1]) + '=="\n',
        lambda t: t + 'responder_signature = ""\n',
        lambda t: t.replace("responder_signature = ", "responder_signature =", 1),
    ],
    ids=["line", "comment", "comment behind the first", "blank", "other spare bits", "twice", "other spacing"],
)
def test_nothing_stands_where_no_signature_covers_it(change: Callable[[str], str]) -> None:
    changed = change(SIGNED.document)
    assert changed != SIGNED.document
    with pytest.raises(TrustError):
        Agreement.parse(changed.encode()).check_signatures(CARDS)


def test_the_second_part_holds_sizes_and_nothing_else() -> None:
    for added in ("slot = []\n", '[matching]\nprofile = "x"\n'):
        part = f"{PROPOSED.document}\n{added}{OWN_PART.replace('initiator', 'responder')}"
        signature = toml_text.encode(GLOBEX.sign(b"accountmap-agreement-v2 signature\x00" + part.encode()))
        with pytest.raises(TrustError, match="responder's part"):
            Agreement.parse(f"{part}\nresponder_signature = {signature}\n".encode())


ROTATION = Rotation.write(ACME, Identity.generate("Acme", NOW))
DOCUMENTS = [SIGNED.document, PROPOSED.document, PREVIEW.document, ACME.card.document, ROTATION.document]


@given(
    document=st.sampled_from(DOCUMENTS),
    start=st.integers(0, 4000),
    length=st.integers(0, 80),
    put=st.text(max_size=40)
    | st.sampled_from(["[[slot]]\n", '"""', "\n[a]\n", "0x" + "f" * 5000, "1979-05-27", "="]),
)
def test_any_text_is_read_or_refused(document: str, start: int, length: int, put: str) -> None:
    """Whatever is put in the place of a part, whoever reads it raises TrustError and nothing else."""
    start %= len(document)
    data = (document[:start] + put + document[start + length :]).encode("utf-8", "surrogatepass")
    for read in (Agreement.parse, Card.parse, Rotation.parse):
        try:
            read(data)
        except TrustError as error:
            assert str(error)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (Agreement.parse, Card.parse, Rotation.parse):
        with pytest.raises(TrustError):
            read(data)


@pytest.mark.parametrize("read", [Agreement.parse, Card.parse, Rotation.parse])
@pytest.mark.parametrize("put", [DEEP, f"a = {DEEP}", f"a = {DIGITS}", "a = {" * 30_000], ids=lambda t: t[:8])
def test_texts_that_exhaust_a_parser_are_refused(read: Callable[[bytes], object], put: str) -> None:
    for document in DOCUMENTS:
        with pytest.raises(TrustError):
            read((put + "\n" + document).encode())


@pytest.mark.parametrize(
    "written",
    ["{}b = 1", "[{}b]", "[[{}b]]", "x = {{ {}b = 1 }}"],
    ids=["key", "table", "array of tables", "inline table"],
)
@pytest.mark.parametrize("part", ["a.", "a . ", '"a".', "'a'\t.", '"\\"".', '"\\\\".'])
def test_keys_of_many_parts_are_refused_before_they_are_parsed(written: str, part: str) -> None:
    with pytest.raises(TrustError, match="not TOML"):
        toml_text.parse(written.format(part * 3000), "agreement")
    assert toml_text.parse(written.format(part * 8), "agreement")


def test_words_with_many_dots_are_no_key() -> None:
    dotted = f'purpose = "{"e.g. " * 12}", from www.a-b.example; {"1.5 " * 50}'
    assert toml_text.parse(f"a = '{dotted}'", "agreement") == {"a": dotted}
