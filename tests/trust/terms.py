"""Terms and sizes of an agreement between two companies, for tests."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from accountmap.model import Epsilon, Says, Strength, WeakSlots
from accountmap.trust.agreement import Agreement, OwnSizes
from accountmap.trust.identity import Identity
from accountmap.trust.match_rule import ClassTerms, SlotTerms
from accountmap.trust.sharing import Sharing
from accountmap.trust.terms import PREVIEW_FORMAT, SketchTerms, Terms

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ACME, GLOBEX = (Identity.generate(name, NOW) for name in ("Acme", "Globex"))
CARDS = (ACME.card, GLOBEX.card)

TERMS = Terms(
    created=NOW,
    valid_until=date(2027, 11, 22),
    purpose="co-selling",
    names=("Acme", "Globex"),
    cards=(ACME.card.digest.hex(), GLOBEX.card.digest.hex()),
    segments=("customer", "prospect"),
    sharing=Sharing.uniform(("customer", "prospect"), (("name",), ("name",))),
    canonical="canonical-v1",
    data={"data/words.tsv": "00"},
    weak=WeakSlots.ASK,
    threshold=2,
    slots=(
        SlotTerms("domain", "domain", 4, Strength.STRONG, Says.DOMAIN, meets_itself=True),
        SlotTerms("name", "name", 2, Strength.STRONG, Says.NAME, meets_itself=True),
        SlotTerms("label", "name", 1, Strength.WEAK, Says.OTHER, meets_itself=True),
    ),
    classes=(
        ClassTerms(("domain",), (), (), True, 2**63 - 1, 2**63 - 1),
        ClassTerms(("name",), ("label",), (), False, 1_000, 10_000),
        ClassTerms(("label",), (), (), False, 0, 500),
    ),
)
SKETCH = SketchTerms((1024,), Epsilon.ONE, ())
SIZES = OwnSizes(SKETCH, {"customer": 16, "prospect": 1024})
PREVIEW_TERMS = replace(
    TERMS, format=PREVIEW_FORMAT, sharing=Sharing(), slots=(), classes=(), threshold=1, weak=WeakSlots.NONE
)


def propose(sizes: OwnSizes = SIZES, **changes: Any) -> Agreement:
    return Agreement.propose(replace(TERMS, **changes), sizes, ACME)


def propose_preview(**changes: Any) -> Agreement:
    return Agreement.propose(replace(PREVIEW_TERMS, **changes), OwnSizes(SKETCH), ACME)
