"""What an agreement changes, in words: every term, and nothing that is the same."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from accountmap.trust.agreement import Agreement
from accountmap.trust.agreement_words import differences
from accountmap.trust.identity import Identity
from accountmap.trust.terms import COUNTS, Disclosure, JointFilter, Lead, Rectangle, Sharing, SlotTerms, Terms

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ACME, GLOBEX = (Identity.generate(name, NOW) for name in ("Acme", "Globex"))
TERMS = Terms(
    created=NOW,
    valid_until=date(2027, 11, 22),
    purpose="co-selling",
    names=("Acme", "Globex"),
    cards=(ACME.card.digest.hex(), GLOBEX.card.digest.hex()),
    canonical="canonical-v1",
    data={"data/words.tsv": "00"},
    profile="two",
    slots=(SlotTerms("name", "name", 3, "strong name"), SlotTerms("domain", "domain", 2, "domain")),
    threshold=2,
    segments=("customer", "prospect"),
    sharing=Sharing.uniform(("customer", "prospect"), (("name",), ("name",))),
    leads=(),
    automatic_share=0.8,
    runs_per_30_days=4,
    min_change=5,
    growth_alarm=10,
)
SHARING = TERMS.sharing
LEAD = Lead((("customer",), ("prospect",)), ("DE",), "initiator")
SIZES = {"customer": 16, "prospect": 1024}


def propose(sizes: dict[str, int] = SIZES, **changes: Any) -> Agreement:
    return Agreement.propose(replace(TERMS, **changes), sizes, ACME)


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"valid_until": date(2028, 1, 1)}, "Sessions may begin until: 2027-11-22, now 2028-01-01."),
    ({"purpose": "events"}, "Purpose: co-selling, now events."),
    ({"names": ("Acme", "Initech")}, "The responder: Globex, now Initech."),
    ({"cards": (TERMS.cards[0], "0" * 64)}, "The responder, Globex, has another card."),
    (
        {"names": ("Globex", "Acme"), "cards": TERMS.cards[::-1]},
        "Roles: Globex begins sessions, before it was Acme.",
    ),
    ({"canonical": "canonical-v2"}, "Version of the canonicaliser: canonical-v1, now canonical-v2."),
    ({"data": {"data/words.tsv": "01"}}, "The table data/words.tsv for recognising companies is another one."),
    ({"profile": "three"}, "Profile of match keys: two, now three."),
    ({"slots": TERMS.slots[:1]}, "Compared, no longer: domain."),
    (
        {"slots": (TERMS.slots[0], replace(TERMS.slots[1], weight=1))},
        "The match key domain counts otherwise: 2, now 1.",
    ),
    ({"slots": TERMS.slots[::-1]}, "The preview counts by domain, before by name."),
    ({"threshold": 3}, "Evidence that makes a match: 2, now 3."),
    ({"segments": ("prospect", "customer")}, "Segments: customer, prospect, now prospect, customer."),
    ({"sharing": replace(SHARING, smallest_cell=5)}, "Counts are shown from: 1, now 5."),
    (
        {"sharing": replace(SHARING, joint_filter=JointFilter(countries=("DE", "AT")))},
        "New: Of both lists only accounts in DE, AT take part.",
    ),
    ({"leads": (LEAD,)}, "New: customer of Acme by prospect of Globex in DE: Acme leads."),
    ({"growth_alarm": 3}, "A partner's list raises the alarm when it grows: 10 times, now 3 times."),
    ({"automatic_share": 1.0}, "Programs reveal without asking up to: 80%, now 100%."),
    ({"runs_per_30_days": 9}, "Sessions in 30 days, at most: 4, now 9."),
    ({"min_change": 0}, "A list that changes does so by at least: 5 entities of a segment, now nothing."),
]


@pytest.mark.parametrize(("changes", "said"), CHANGES, ids=[said for _, said in CHANGES])
def test_each_change_is_one_sentence(changes: dict[str, Any], said: str) -> None:
    assert differences(propose(), propose(**changes)) == (said,)


def test_sides_stay_with_their_companies_when_roles_change() -> None:
    """Acme shows its name and its rest, Globex more, and Acme leads: whoever begins sessions."""
    sharing = replace(
        Sharing.uniform(TERMS.segments, (("name",), ("name", "amount"))), rest_shown_by=("initiator",)
    )
    turned = {"names": ("Globex", "Acme"), "cards": TERMS.cards[::-1]}
    roles = "Roles: Globex begins sessions, before it was Acme."
    before = propose(sharing=sharing, leads=(LEAD,))
    kept = propose(sharing=sharing.mirrored(), leads=(LEAD.mirrored(),), **turned)
    assert differences(before, kept) == (roles,)
    assert {*differences(before, propose(sharing=sharing, leads=(LEAD,), **turned))} > {
        roles,
        "New: customer of Globex by prospect of Acme in DE: Globex leads.",
        "No longer: prospect of Globex by customer of Acme in DE: Acme leads.",
    }


ASYMMETRIC = (
    "All segments by all segments: after both agree, each learns which of its own accounts the other has and in "
    "which segment; not the same both ways: of these shows Acme nothing more and Globex name, owner email."
)


@pytest.mark.parametrize(
    ("sharing", "said"),
    [
        (Sharing.uniform(TERMS.segments, ((), ("name", "owner_email"))), (ASYMMETRIC,)),
        (
            Sharing((Rectangle(Disclosure(COUNTS), (("customer",), ("customer", "prospect"))),)),
            (
                "customer of Acme by every segment of Globex: only how many entities match, by the preview kind "
                "alone.",
                "prospect of Acme by every segment of Globex: hidden, never compared.",
            ),
        ),
    ],
    ids=["asymmetric", "hidden"],
)
def test_another_sharing_matrix_is_said_cell_by_cell(sharing: Sharing, said: tuple[str, ...]) -> None:
    found = differences(propose(), propose(sharing=sharing))
    assert found[0].startswith("No longer: All segments by all segments: after both agree")
    assert found[1:] == tuple(f"New: {sentence}" for sentence in said)


def test_every_term_is_compared() -> None:
    assert {name for changes, _ in CHANGES for name in changes} == {f.name for f in fields(Terms)} - {"created"}


@pytest.mark.parametrize("make", [propose, lambda: propose(created=NOW.replace(year=2027))])
def test_the_same_terms_differ_in_nothing(make: Callable[[], Agreement]) -> None:
    assert differences(propose(), make()) == ()


def test_sizes_and_signatures_are_compared() -> None:
    grown = propose({"customer": 16, "prospect": 12288})
    assert differences(propose(), grown) == ("Padded size of the initiator, prospect: 1,024, now 12,288.",)
    signed = propose().accept(SIZES, GLOBEX)
    assert differences(propose(), signed) == ("Signed: by the initiator alone, now by both.",)
    other = propose().accept({**SIZES, "customer": 32}, GLOBEX)
    assert differences(signed, other) == ("Padded size of the responder, customer: 16, now 32.",)
