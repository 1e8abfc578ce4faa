"""Agreements from a partner: read strictly, signed whole, and refused with an error for people."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.errors import TrustError
from accountmap.trust import toml_text
from accountmap.trust.agreement import Agreement
from accountmap.trust.identity import Card, Identity
from accountmap.trust.rotation import Rotation
from accountmap.trust.terms import COUNTS, NAMES, Disclosure, Rectangle, Sharing
from accountmap.trust.terms_toml import write_terms
from tests.trust.test_agreement_diff import ACME, GLOBEX, NOW, SIZES, TERMS, propose

PROPOSED = propose()
SIGNED = PROPOSED.accept(SIZES, GLOBEX)
CARDS = (ACME.card, GLOBEX.card)

DIGITS = "9" * 5000
DEEP = "[" * 50_000

RECTANGLE = """[[rectangle]]
level = "counts"
initiator = ["customer"]
responder = ["prospect"]
initiator_shows = []
responder_shows = []
"""
RULE = '{ initiator = ["customer"], responder = ["prospect"], countries = ["DE"], leads = "both" }'

CHANGED_TERMS: list[tuple[str, str]] = [
    ("runs_per_30_days = 4", "runs_per_30_days = 0"),
    ("runs_per_30_days = 4", "runs_per_30_days = -1"),
    ("runs_per_30_days = 4", "runs_per_30_days = 1001"),
    ("runs_per_30_days = 4", f"runs_per_30_days = {10**40}"),
    ("runs_per_30_days = 4", "runs_per_30_days = true"),
    ("runs_per_30_days = 4", f"runs_per_30_days = {DIGITS}"),
    ("min_change = 5", "min_change = 1000001"),
    ("automatic_share = 0.8", "automatic_share = nan"),
    ("automatic_share = 0.8", "automatic_share = 1.1"),
    ("automatic_share = 0.8", f"automatic_share = {DEEP}"),
    ("threshold = 2", "threshold = 0"),
    ("threshold = 2", f"threshold = 0x{'f' * 20_000}"),
    ("weight = 3", f"weight = {2**62}"),
    ("created = 2026-11-22T00:00:00Z", "created = 2026-11-22T00:00:00"),
    ("valid_until = 2027-11-22", "valid_until = 2027-11-22T00:00:00Z"),
    ("valid_until = 2027-11-22", 'valid_until = "2027-11-22"'),
    ('purpose = "co-selling"', 'purpose = "co-selling\\u001b[2J"'),
    ('purpose = "co-selling"', 'purpose = "co-selling\\nSigned by both."'),
    ('purpose = "co-selling"', '''purpose = """co-selling\ninitiator_signature = """'''),
    ('purpose = "co-selling"', f'purpose = "co-selling{" " * 90}Signed by both."'),
    ('purpose = "co-selling"', 'purpose = ""'),
    ('profile = "two"', 'profile = "\\u202eowt"'),
    ('name = "domain"', 'name = "domain\\r"'),
    ('space = "domain"', 'space = "\\u3164"'),
    ('tier = "domain"', 'tier = "\\u009b2J"'),
    ('version = "canonical-v1"', 'version = "canonical-v1\\u0000"'),
    ('"data/words.tsv" = "00"', '"data/\\u001bwords.tsv" = "00"'),
    ('"data/words.tsv" = "00"', '"data/words.tsv" = 0'),
    ('segments = ["customer", "prospect"]', 'segments = ["customer", "\\u001b[8m"]'),
    ('segments = ["customer", "prospect"]', 'segments = ["customer", "customer"]'),
    ('segments = ["customer", "prospect"]', 'segments = ["customer", 1]'),
    ('segments = ["customer", "prospect"]', "segments = []"),
    ('initiator_shows = ["name"]', 'initiator_shows = ["name", "name"]'),
    ('initiator_shows = ["name"]', 'initiator_shows = ["revenue"]'),
    ('initiator_shows = ["name"]', "initiator_shows = [[]]"),
    ('level = "names"', 'level = "counts"'),
    ('level = "names"', 'level = "all"'),
    ('initiator = ["customer", "prospect"]', "initiator = []"),
    ('initiator = ["customer", "prospect"]', 'initiator = ["customer", "customer"]'),
    ('initiator = ["customer", "prospect"]', 'initiator = ["lead"]'),
    ('initiator = ["customer", "prospect"]\n', ""),
    ("[[rectangle]]", f"{RECTANGLE}\n[[rectangle]]"),
    ("rest_shown_by = []", 'rest_shown_by = ["somebody"]'),
    ("rest_shown_by = []", 'rest_shown_by = ["responder", "responder"]'),
    ("rest_named_by = []", 'rest_named_by = ["responder"]'),
    ("smallest_cell = 1", "smallest_cell = 0"),
    ("smallest_cell = 1", "smallest_cell = 1001"),
    ("countries = []", 'countries = ["de"]'),
    ("countries = []", 'countries = ["DE", "DE"]'),
    ("industries = []", 'industries = ["Ban\\u0000king"]'),
    ("employees_from = 0", "employees_from = -1"),
    ("employees_to = 0", f"employees_to = {10**10}"),
    ("employees_from = 0\nemployees_to = 0", "employees_from = 10\nemployees_to = 9"),
    ("rules = []", "rules = [1]"),
    ("rules = []", f"rules = [{RULE.replace('both', 'nobody')}]"),
    ("rules = []", f"rules = [{RULE.replace('customer', 'lead')}]"),
    ("rules = []", f"rules = [{RULE.replace('DE', 'Germany')}]"),
    ("rules = []", f"rules = [{', '.join([RULE] * 201)}]"),
    ("growth_alarm = 10", "growth_alarm = 1"),
    ('names = ["Acme", "Globex"]', 'names = ["Acme", "Acme"]'),
    ('names = ["Acme", "Globex"]', 'names = ["Acme", "Globex", "Initech"]'),
    ('names = ["Acme", "Globex"]', 'names = ["Acme"]'),
    ('names = ["Acme", "Globex"]', 'names = ["Acme", "Glo\\u200bbex"]'),
    (TERMS.cards[1], TERMS.cards[0]),
    (TERMS.cards[1], TERMS.cards[1].upper() + "A"),
    ("[[slot]]", "[[slots]]"),
    ('session = "account-psi-v1"', 'session = "account-psi-v0"'),
]


def signed_by_acme(terms: str) -> bytes:
    """Sign terms that were changed, as a partner could that wrote its own program."""
    part = terms + '[initiator]\n"customer" = 16\n"prospect" = 1024'
    signature = toml_text.encode(ACME.sign(b"accountmap-agreement-v1 signature\x00" + part.encode()))
    return f"{part}\ninitiator_signature = {signature}\n".encode()


def test_terms_as_the_program_writes_them_are_read() -> None:
    agreement = Agreement.parse(signed_by_acme(write_terms(TERMS)))
    agreement.check_signatures(CARDS)
    assert agreement.terms == TERMS
    assert agreement.sizes == (SIZES,)


def label(part: str) -> str:
    """Name a case the same in every process: the cards are drawn anew in each."""
    return "a card" if part[:50].isalnum() else ascii(part[:50])


@pytest.mark.parametrize(("was", "is_now"), CHANGED_TERMS, ids=label)
def test_terms_that_no_program_could_keep_are_refused(was: str, is_now: str) -> None:
    terms = write_terms(TERMS)
    assert was in terms
    with pytest.raises(TrustError) as refused:
        Agreement.parse(signed_by_acme(terms.replace(was, is_now, 1)))
    assert str(refused.value).isprintable()


COUNTED = Rectangle(Disclosure(COUNTS), (("customer",), ("prospect",)))
NAMED = Rectangle(Disclosure(NAMES), (("customer",), ("customer",)))


@pytest.mark.parametrize(
    ("rectangles", "rest", "fine"),
    [
        ((COUNTED,), {"rest_shown_by": ("initiator",)}, False),
        ((COUNTED, NAMED), {"rest_shown_by": ("initiator",)}, True),
        ((COUNTED, NAMED), {"rest_shown_by": ("initiator",), "rest_named_by": ("initiator",)}, False),
        ((NAMED,), {"rest_shown_by": ("responder",), "rest_named_by": ("responder",)}, False),
        (TERMS.sharing.rectangles, {"rest_shown_by": ("responder",), "rest_named_by": ("responder",)}, True),
    ],
    ids=["nothing revealed", "counts", "a cell for counts only", "a hidden cell", "all revealed"],
)
def test_a_rest_shows_nothing_that_a_cell_hides(
    rectangles: tuple[Rectangle, ...], rest: dict[str, tuple[str, ...]], fine: bool
) -> None:
    """Who names all that did not match in one cell names what may match in another."""
    data = signed_by_acme(write_terms(replace(TERMS, sharing=Sharing(rectangles, **rest))))
    if fine:
        assert Agreement.parse(data).terms.sharing.rest_shown_by == rest["rest_shown_by"]
        return
    with pytest.raises(TrustError, match="rest_"):
        Agreement.parse(data)


def test_a_slot_that_is_no_table_is_refused() -> None:
    terms = write_terms(TERMS)
    slots = terms[terms.index("[[slot]]") : terms.index("# What is shown")]
    flat = terms.replace(slots, "").replace("\n[parties]", "slot = [1]\n\n[parties]")
    with pytest.raises(TrustError, match="slot: it is no table"):
        Agreement.parse(signed_by_acme(flat))


def test_signatures_hold_for_the_cards_and_names_of_the_agreement() -> None:
    SIGNED.check_signatures(CARDS)
    for cards in ((GLOBEX.card, ACME.card), (ACME.card, Identity.generate("Globex", NOW).card)):
        with pytest.raises(TrustError, match="names another card"):
            SIGNED.check_signatures(cards)
    renamed = Agreement.propose(replace(TERMS, names=("Acme", "Globex Bank")), SIZES, ACME)
    with pytest.raises(TrustError, match="names another card, or another company"):
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
        part = f'{PROPOSED.document}\n{added}[responder]\n"customer" = 16\n"prospect" = 1024'
        signature = toml_text.encode(GLOBEX.sign(b"accountmap-agreement-v1 signature\x00" + part.encode()))
        with pytest.raises(TrustError, match="responder's part"):
            Agreement.parse(f"{part}\nresponder_signature = {signature}\n".encode())


ROTATION = Rotation.write(ACME, Identity.generate("Acme", NOW))
DOCUMENTS = [SIGNED.document, PROPOSED.document, ACME.card.document, ROTATION.document]


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
