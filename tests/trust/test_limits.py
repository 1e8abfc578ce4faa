"""Sizes that need a person, and what a partner could have learned."""

from dataclasses import replace
from fractions import Fraction

import pytest

from accountmap.model import Epsilon, Role, WeakSlots
from accountmap.trust.agreement import Agreement, OwnSizes
from accountmap.trust.limits import (
    Concern,
    budget_of,
    could_identify,
    epsilon_needs_confirmation,
    reach,
    size_concerns,
)
from accountmap.trust.sharing import Rectangle, Sharing
from accountmap.trust.terms import SketchTerms
from tests.trust.terms import GLOBEX, SIZES, propose, propose_preview


def sized(customer: int, prospect: int, sketch: int = 1024) -> OwnSizes:
    return OwnSizes(SketchTerms((sketch,), Epsilon.ONE, ()), {"customer": customer, "prospect": prospect})


def signed(customer: int, prospect: int, sketch: int = 1024, **changes: int) -> Agreement:
    """An agreement in which Globex, the responder, has these sizes."""
    return propose(**changes).accept(sized(customer, prospect, sketch), GLOBEX)


def found(agreement: Agreement, own: int, *earlier: Agreement, limit: int = 10**6) -> list[tuple[Concern, bool]]:
    concerns = size_concerns(agreement, Role.INITIATOR, own, earlier, limit)
    return [(each.concern, each.of_sketch) for each in concerns]


def test_a_partner_ten_times_as_large_needs_a_person_at_the_first_agreement_too() -> None:
    assert found(signed(100, 900), own=110) == []
    assert found(signed(100, 900), own=100) == [(Concern.ABOVE_OWN, True)]
    assert found(signed(100, 901, sketch=16), own=100) == [(Concern.ABOVE_OWN, False)]
    huge = signed(100_000_000, 100_000_000, 100_000_000)
    assert {concern for concern, _ in found(huge, own=30_000_000)} == {Concern.ABOVE_LIMIT}


def test_a_proposal_is_judged_by_the_responder_before_it_signs() -> None:
    proposal = propose(sized(1000, 1000))
    assert size_concerns(proposal, Role.INITIATOR, 1, ()) == []
    (rows, sketch) = size_concerns(proposal, Role.RESPONDER, 100, ())
    assert (rows.rows, rows.compared_with, sketch.rows) == (2000, 100, 1024)


def test_growth_counts_against_the_smallest_size_of_the_year() -> None:
    """Ninefold four times passed where each step was compared with the last."""
    small, middle = signed(10, 90), signed(30, 270)
    assert found(signed(40, 359), 500, middle, small) == []
    assert found(signed(40, 360), 500, middle, small) == [(Concern.GROWTH, False)]
    assert found(signed(40, 360), 500, middle) == []
    sketch = [(Concern.GROWTH, True)]
    assert found(signed(10, 90, 2048), 500, signed(10, 90, 512), small) == sketch


def test_the_lowest_alarm_ever_agreed_holds() -> None:
    """The partner may write the new alarm itself."""
    small = signed(10, 90, growth_alarm=2)
    assert found(signed(20, 180, growth_alarm=1000), 500, small) == [(Concern.GROWTH, False)]


def test_a_preview_agreement_has_only_a_sketch_to_grow() -> None:
    short = propose_preview().accept(OwnSizes(SketchTerms((8192,), Epsilon.ONE, ())), GLOBEX)
    assert found(short, 1000, signed(10, 90, 1024)) == [(Concern.GROWTH, True)]
    assert found(signed(10, 90, 1024), 1000, short) == []


def test_who_began_before_does_not_matter() -> None:
    mirrored = propose(sized(10, 90), names=("Acme", "Globex"))
    other = replace(mirrored, terms=mirrored.terms.mirrored(), parties=(sized(10, 90), SIZES))
    assert found(signed(40, 360), 500, other) == [(Concern.GROWTH, False)]


@pytest.mark.parametrize(("spent", "added", "asks"), [("1", "1", False), ("3/2", "1", True), ("2", "1/4", True)])
def test_more_than_two_in_a_year_needs_a_person(spent: str, added: str, asks: bool) -> None:
    assert epsilon_needs_confirmation(Fraction(spent), Fraction(added)) is asks


def test_rows_by_slots_over_all_rectangles() -> None:
    """Eight companies a row, one in each slot, make eight times as many keys as rows."""
    whole = signed(10, 90)
    assert reach(whole, Role.INITIATOR) == 100 * 3
    assert reach(replace(whole, terms=replace(whole.terms, weak=WeakSlots.NONE)), Role.INITIATOR) == 100 * 2
    twice = Sharing(
        rectangles=(
            Rectangle(("customer",), ("customer", "prospect"), (), ()),
            Rectangle(("prospect",), ("prospect",), (), ()),
        )
    )
    assert reach(replace(whole, terms=replace(whole.terms, sharing=twice)), Role.INITIATOR) == (100 + 90) * 3


def test_a_responder_finds_by_cells_and_an_initiator_by_rows() -> None:
    whole = signed(10, 90)
    assert could_identify(whole, Role.INITIATOR) == 300
    assert could_identify(whole, Role.RESPONDER) == 100
    assert could_identify(signed(500, 500), Role.INITIATOR) == 1040, "no more than there are"


def test_what_a_partner_got_adds_up() -> None:
    whole = signed(10, 90)
    shows = replace(
        whole, terms=replace(whole.terms, sharing=replace(whole.terms.sharing, totals_shown_by=(Role(0),)))
    )
    budget = budget_of([(whole, Role.INITIATOR), (shows, Role.INITIATOR), (shows, Role.RESPONDER)], Fraction(1))
    assert (budget.sessions, budget.keys, budget.identified) == (3, 300 + 300 + 1040 * 3, 300 + 300 + 100)
    assert (budget.epsilon, budget.totals) == (1, 1)
