"""What an agreement changes, in words: every term, and nothing that is the same."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from accountmap.model import Assistants, Epsilon, Models, PreviewKind, Role, WeakSlots
from accountmap.trust.agreement import OwnSizes, differences
from accountmap.trust.sharing import CreditRule, JointFilter, Lead, Rectangle, Sharing
from accountmap.trust.terms import AuditTerms, ScoringTerms, SketchTerms, Terms
from tests.trust.terms import GLOBEX, SIZES, TERMS, propose, propose_preview

SHARING = TERMS.sharing
LEAD = Lead(("customer",), ("prospect",), ("DE",), Role.INITIATOR)
CREDIT = CreditRule(
    ("introduction", "registered deal"), 180, 14, (), ("demo", "meeting"), 90, ("Signed",), 30, (0.4, 0.2, 0.4)
)
ONE_CELL = Sharing((), (), (Rectangle(("customer",), ("customer", "prospect"), ("name",), ("name",)),))
UNEVEN = Sharing.uniform(("customer", "prospect"), (("name",), ("name", "city")))

CHANGES: list[tuple[dict[str, Any], tuple[str | None, ...]]] = [
    ({"valid_until": date(2028, 1, 1)}, ("Until: 2027-11-22, now 2028-01-01.",)),
    ({"purpose": "events"}, ("Purpose: co-selling, now events.",)),
    (
        {"cards": (TERMS.cards[0], "0" * 64)},
        (f"Card of Globex: {TERMS.cards[1]}, now {'0' * 64}.",),
    ),
    (
        {"names": ("Globex", "Acme"), "cards": TERMS.cards[::-1]},
        ("Roles: Globex now begins sessions, and no longer Acme.",),
    ),
    (
        {"weak": WeakSlots.NONE},
        (
            "Possible matches: listed as possible; no name leaves before one of your people asks and one of "
            "theirs answers, now not looked for.",
        ),
    ),
    ({"canonical": "canonical-v2"}, ("Rules for match keys: canonical-v1, now canonical-v2.",)),
    ({"data": {"data/words.tsv": "01"}}, ("Table data/words.tsv for recognising companies: 00, now 01.",)),
    ({"data": {}}, ("No longer: Table data/words.tsv for recognising companies: 00.",)),
    ({"profile": "careful"}, ("Match rule: balanced, now careful.",)),
    (
        {"slots": (TERMS.slots[0], replace(TERMS.slots[1], weight=3), TERMS.slots[2])},
        (
            "Match key name: strong, name space name, weight 2, says name, now strong, name space name, weight 3, "
            "says name.",
        ),
    ),
    (
        {"classes": TERMS.classes[:2]},
        ("No longer: Class 3 of matches: label: never revealed, asked about up to room 500.",),
    ),
    ({"threshold": 3}, ("Evidence that makes a match: 2, now 3.",)),
    ({"segments": ("prospect", "customer")}, ("Segments: customer, prospect, now prospect, customer.",)),
    (
        {"sharing": replace(SHARING, totals_shown_by=(Role.RESPONDER,))},
        ("New: Totals: Globex also shows roughly how many companies it has, by country, industry and size.",),
    ),
    (
        {"sharing": replace(SHARING, unmatched_named_by=(Role.INITIATOR,))},
        (
            "Other accounts: nobody learns the name of an account that only the other has, now Acme also "
            "names ALL ACCOUNTS THAT DID NOT MATCH.",
        ),
    ),
    (
        {"sharing": replace(SHARING, joint_filter=JointFilter(countries=("DE", "AT")))},
        ("Who takes part: all accounts, now only accounts in DE, AT; the preview covers all accounts.",),
    ),
    (
        {"sharing": UNEVEN},
        ("All matches: revealed; both show name, now revealed; Acme shows name, Globex shows name, city.",),
    ),
    (
        {"sharing": ONE_CELL},
        (
            "Matches of prospect of Acme and customer of Globex; Matches of prospect of Acme and prospect of "
            "Globex: revealed; both show name, now not compared.",
        ),
    ),
    ({"leads": (LEAD,)}, ("New: Who leads, rule 1: customer of Acme and prospect of Globex in DE: Acme leads.",)),
    (
        {"audit": AuditTerms(required=False)},
        (
            "Audit: an auditor whom both accept may check for 180 days what each side put in, now none: "
            "nobody can check afterwards what either side put in.",
        ),
    ),
    (
        {"audit": AuditTerms(auditor="Cerberus LLP", keep_days=90)},
        (
            "Audit: an auditor whom both accept may check for 180 days what each side put in, now Cerberus "
            "LLP may check for 90 days what each side put in.",
        ),
    ),
    (
        {"growth_alarm": 3},
        (
            "Growth: a person has to confirm a list that grows to 4 times its size, now a person has to confirm a "
            "list that grows to 3 times its size.",
        ),
    ),
    (
        {"automatic_share": 1.0},
        ("Without a person: nothing is revealed, now a program may reveal up to 100% of its list.",),
    ),
    (
        {"assistants": Assistants.NONE},
        (
            "Assistants: may read which of your own accounts match, but nothing that your partner shows or "
            "writes, now may read nothing about matches.",
        ),
    ),
    (
        {"credit": (CREDIT,)},
        (
            "New: Credit: brought: a partner brings a deal by an introduction accepted at most 180 days before "
            "its creation, or a registration at most 14 days after its creation.",
            "New: Credit: touched: a partner touches a deal by “demo” or “meeting”, from 90 days before it is "
            "created until it closes or enters “Signed”.",
            "New: Credit: models: time decay: a touch counts half as much if it is 30 days older; position: 0.4 "
            "for the first touch, 0.2 for all in between, 0.4 for the last.",
        ),
    ),
    (
        {"scoring": ScoringTerms(Models.NONE, "ab" * 32)},
        (
            "Models: may learn from the partner's segment of a match, but from no other field that it shows, now "
            "may learn nothing from matches.",
            None,
        ),
    ),
    ({"sessions_per_30_days": 9}, ("Sessions: at most 6 in 30 days, now at most 9 in 30 days.",)),
    (
        {"min_change": 0},
        (
            "Changed lists: if fewer than 5 companies of a segment changed since a session, only a person may go "
            "on, now no rule: two sessions can give single accounts away.",
        ),
    ),
]


@pytest.mark.parametrize(("changes", "said"), CHANGES, ids=["+".join(changes) for changes, _ in CHANGES])
def test_each_change_is_said(changes: dict[str, Any], said: tuple[str | None, ...]) -> None:
    found = differences(propose(), propose(**changes))
    assert len(found) == len(said)
    assert all(expected in (None, sentence) for expected, sentence in zip(said, found, strict=True))


def test_every_term_is_compared() -> None:
    """A term that is added and forgotten here would be signed without being said."""
    compared = {name for changes, _ in CHANGES for name in changes}
    assert {each.name for each in fields(Terms)} - compared == {"format", "created", "preview", "protocol"}


def test_a_change_of_one_window_of_the_credit_rule_is_said_alone() -> None:
    later = replace(CREDIT, before_days=60)
    (said,) = differences(propose(credit=(CREDIT,)), propose(credit=(later,)))
    assert said.startswith("Credit: touched: ")
    assert "from 90 days before" in said
    assert "now a partner touches a deal" in said
    assert "from 60 days before" in said
    assert CREDIT.digest != later.digest
    assert len(differences(propose(credit=(CREDIT,)), propose())) == 3


def test_a_preview_by_segments_is_said() -> None:
    three = ("customer", "opportunity", "prospect")
    sizes = OwnSizes(SketchTerms((16, 16, 64), Epsilon.ONE, ()), dict.fromkeys(three, 16))
    plain = propose(replace(SIZES, rows=sizes.rows), segments=three)
    assert differences(plain, propose(sizes, segments=three, preview=PreviewKind.SEGMENTS)) == (
        "Preview: before anybody consents, each gets a blurred copy of the other's list, without segments, to "
        "keep, now before anybody consents, each gets a blurred copy of the other's list, with segments, to keep.",
        "Blurred copy of Acme: with room for 1,024, ε = 1, now with room for 16 + 16 + 64, ε = 1.",
    )


def test_what_is_equal_is_not_said() -> None:
    later = propose(created=datetime(2027, 1, 1, tzinfo=UTC))
    assert differences(propose(), later) == ()


def test_sizes_sketches_and_signatures_are_compared() -> None:
    grown = propose(replace(SIZES, rows={"customer": 32, "prospect": 1024}))
    assert differences(propose(), grown) == ("Padded size of Acme, customer: 16, now 32.",)
    coarser = propose(replace(SIZES, sketch=SketchTerms((2048,), Epsilon.HALF, ("DE",))))
    assert differences(propose(), coarser) == (
        "Blurred copy of Acme: with room for 1,024, ε = 1, now with room for 2,048, ε = 1/2, of accounts in DE.",
    )
    signed = differences(propose(), propose().accept(SIZES, GLOBEX))
    assert signed == ("Signed: by the initiator alone, now by both.",)


def test_a_preview_agreement_is_compared_with_a_whole_one() -> None:
    said = differences(propose_preview(), propose())
    assert said[0] == "It lets you reveal matches too."
    assert not any("Match key" in sentence for sentence in said)


def test_who_begins_may_change_and_each_company_keeps_its_side() -> None:
    one = propose(sharing=UNEVEN, leads=(LEAD,))
    mirrored = one.terms.mirrored()
    other = propose(**{each.name: getattr(mirrored, each.name) for each in fields(Terms)} | {"purpose": "events"})
    assert differences(one, other) == (
        "Roles: Globex now begins sessions, and no longer Acme.",
        "Purpose: co-selling, now events.",
    )
