"""A preview on its own: two small files, estimates on both sides, whatever happens on the way."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from accountmap.channels import FolderChannel
from accountmap.errors import ChannelError, NotNowError, PeerError, TrustError
from accountmap.model import Epsilon, PreviewKind
from accountmap.session import preview
from accountmap.session.preview import PartnerHolds, PreviewRunner, PreviewState
from accountmap.session.sketches import FROZEN, KEPT_FOR_PARTNER, renew_sketch, sketch_terms, sketch_to_send
from accountmap.trust.envelope import Header
from accountmap.trust.identity import Identity
from accountmap.workspace.sketches import OwnSketch
from tests.session.preview_parties import NOW, Side, agree, companies, made_up, two_sides

SHARED = made_up(300, "Shared")
LEFT = [*SHARED, *made_up(600, "Left")]
RIGHT = [*SHARED, *made_up(300, "Right")]


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Side, Side]:
    return two_sides(tmp_path, LEFT, RIGHT)


def run(acme: Side, globex: Side) -> None:
    assert acme.preview().state == PreviewState.WAITING
    assert globex.preview().state == PreviewState.DONE
    assert acme.preview().state == PreviewState.DONE


def test_two_files_make_estimates_on_both_sides(sides: tuple[Side, Side]) -> None:
    run(*sides)
    files = sorted(path.name for path in sides[0].folder.iterdir())
    assert [name.split("-")[0] for name in files] == ["acme", "globex"]
    assert [name.rsplit("-", 1)[1] for name in files] == ["11.amap", "12.amap"]
    for side, own in zip(sides, (900, 600), strict=True):
        outcome = side.preview()
        whole = next(each for each in outcome.estimates if not each.segment)
        assert whole.own_values == own
        # The interval misses the truth once in twenty; twice as wide it hardly ever does.
        assert 2 * whole.low - whole.estimate <= 300 <= 2 * whole.high - whole.estimate
        assert {each.segment for each in outcome.estimates} == {"", "customer", "opportunity", "prospect"}
        assert sum(outcome.own_companies.values()) == own
        assert outcome.partner_holds is not None
        assert (outcome.partner_holds.epsilon, outcome.partner_holds.right) == ("1", 73)
        assert (outcome.taken, outcome.sent) == ((), ())


def test_the_sketch_and_the_estimates_stay_as_they_are(sides: tuple[Side, Side]) -> None:
    acme, globex = sides
    run(acme, globex)
    before = acme.preview().estimates
    acme.later(days=30).prepare(companies(made_up(900, "Other"), "c"))
    assert acme.preview().estimates == before
    with pytest.raises(NotNowError):
        acme.preview(new=True)


def test_a_sketch_is_renewed_after_half_a_year_whether_the_list_changed_or_not(sides: tuple[Side, Side]) -> None:
    acme, globex = sides
    run(acme, globex)
    first = acme.workspace.sketches.own()[0]
    for side in sides:
        side.later(days=KEPT_FOR_PARTNER.days)
    run_again = acme.preview(new=True)
    assert run_again.state == PreviewState.WAITING
    assert globex.preview(new=True).state == PreviewState.DONE
    assert acme.preview().state == PreviewState.DONE
    second = acme.workspace.sketches.own()[0]
    assert (first.id != second.id, first.rows, first.epsilon) == (True, second.rows, second.epsilon)
    assert len(acme.workspace.sketches.taken(acme.partner.slug)) == 2


def test_lost_files_are_written_again_byte_for_byte(sides: tuple[Side, Side]) -> None:
    acme, globex = sides
    acme.preview()
    (offer,) = acme.folder.iterdir()
    content = offer.read_bytes()
    offer.unlink()
    assert acme.preview().sent == (offer.name,)
    assert offer.read_bytes() == content
    globex.preview()
    assert acme.preview().state == PreviewState.DONE


def test_a_first_message_is_taken_once(sides: tuple[Side, Side]) -> None:
    acme, globex = sides
    run(acme, globex)
    assert globex.preview().state == PreviewState.DONE
    assert len(globex.workspace.previews.of(globex.partner.slug)) == 1
    for side in sides:
        side.later(days=KEPT_FOR_PARTNER.days)
    assert globex.preview(new=True).state == PreviewState.WAITING  # the old offer is known
    assert len(globex.workspace.previews.of(globex.partner.slug)) == 1


def test_an_answer_that_names_another_preview_is_refused(
    sides: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, globex = sides
    acme.preview()
    with monkeypatch.context() as cheat:
        cheat.setattr(preview, "Header", lambda **about: Header(**about | {"session": bytes(31) + b"\x01"}))
        globex.preview()
    with pytest.raises(PeerError, match="another preview"):
        acme.preview()
    assert acme.workspace.estimates.latest(acme.partner.slug) == []


def test_another_sketch_within_half_a_year_needs_a_person(sides: tuple[Side, Side], tmp_path: Path) -> None:
    acme, globex = sides
    run(acme, globex)
    with globex.workspace.transaction():
        renew_sketch(globex.workspace, PreviewKind.SKETCH, now=globex.now, confirmed=True)
    for side in sides:
        side.later(days=1)
    agree(acme, globex)
    for side in sides:
        for file in side.folder.iterdir():
            file.unlink()
    with acme.workspace.transaction():
        renew_sketch(acme.workspace, PreviewKind.SKETCH, now=acme.now, confirmed=True)
    acme.preview(new=True)
    with pytest.raises(PeerError, match="within half a year"):
        globex.preview(new=True)
    assert globex.preview(new=True, accept_sketch=True).state == PreviewState.DONE
    with pytest.raises(PeerError, match="within half a year"):
        acme.preview()
    assert acme.preview(accept_sketch=True).state == PreviewState.DONE


def test_more_than_two_in_a_year_needs_a_person(sides: tuple[Side, Side]) -> None:
    acme, globex = sides
    run(acme, globex)
    with acme.workspace.transaction():
        second = renew_sketch(acme.workspace, PreviewKind.SKETCH, now=acme.now)
    with acme.workspace.transaction():
        acme.workspace.sketches.sent(second.id, acme.partner.slug, None, acme.now)
        with pytest.raises(NotNowError, match="limit of a year"):
            renew_sketch(acme.workspace, PreviewKind.SKETCH, now=acme.now)
        renew_sketch(acme.workspace, PreviewKind.SKETCH, now=acme.now, confirmed=True)


def test_an_old_sketch_leaves_for_nobody_else_when_the_year_is_used_up(sides: tuple[Side, Side]) -> None:
    """Agreements go on to name its size: a partner that never ran one would get a copy too many."""
    acme, globex = sides
    workspace, (agreement, *_) = acme.workspace, acme.workspace.agreements(acme.partner)
    run(acme, globex)
    for later, count in ((366, 3_000), (367, 9_000)):
        acme.prepare(companies(made_up(count, "Nordic"), "a"))
        with workspace.transaction():
            newer = renew_sketch(workspace, PreviewKind.SKETCH, now=NOW + timedelta(days=later))
            workspace.sketches.sent(newer.id, acme.partner.slug, None, NOW + timedelta(days=later))
    another = workspace.add_partner(Identity.generate("Zeta", NOW).card, "test", NOW)
    with workspace.transaction(), pytest.raises(TrustError, match="its size is not the one"):
        sketch_to_send(workspace, another, agreement, NOW + timedelta(days=368))
    with workspace.transaction():
        assert sketch_to_send(workspace, acme.partner, agreement, NOW + timedelta(days=368)), "which has it"
        assert sketch_to_send(workspace, another, agreement, NOW + timedelta(days=800))


def test_a_preview_by_segments_says_how_many_are_customers_of_theirs(tmp_path: Path) -> None:
    acme, globex = two_sides(tmp_path, LEFT, RIGHT, PreviewKind.SEGMENTS)
    run(acme, globex)
    levels = {each.level: each for each in acme.preview().estimates if not each.segment}
    assert set(levels) == {1, 2, 3}
    for level, shared in ((3, 100), (2, 200), (1, 300)):
        assert levels[level].low - 60 <= shared <= levels[level].high + 60


def test_below_a_hundred_companies_nothing_is_estimated(tmp_path: Path) -> None:
    acme, globex = two_sides(tmp_path, made_up(90, "Few"), RIGHT)
    run(acme, globex)
    assert acme.preview().estimates == ()
    assert sum(acme.preview().own_companies.values()) == 90


def test_without_a_preview_agreement_that_holds_nothing_leaves(tmp_path: Path) -> None:
    acme, _ = two_sides(tmp_path, LEFT, RIGHT)
    acme.later(days=400)
    with pytest.raises(TrustError, match="no preview agreement"):
        acme.preview()
    assert not list(acme.folder.iterdir())


def test_off_limits_and_hidden_segments_are_in_no_sketch(tmp_path: Path) -> None:
    acme, _ = two_sides(tmp_path, LEFT, RIGHT)

    def sketched() -> bytes:
        with acme.workspace.transaction():
            own = renew_sketch(acme.workspace, PreviewKind.SKETCH, now=acme.now, confirmed=True)
        return own.keys_digest

    everything = sketched()
    acme.prepare(companies(LEFT, "a", off_limits=True))
    assert sketched() == hashlib.sha256(b"").digest()
    acme.prepare(companies(LEFT, "a"))
    assert sketched() == everything
    with acme.workspace.transaction():
        acme.workspace.previews.leave_out(["prospect", "customer"])
    some = sketched()
    acme.prepare(companies([name for n, name in enumerate(LEFT) if n % 3 == 1], "a"))
    with acme.workspace.transaction():
        acme.workspace.previews.leave_out([])
    assert some == sketched() != everything


def test_a_list_is_cut_into_parts_once(tmp_path: Path) -> None:
    acme, _ = two_sides(tmp_path, LEFT, RIGHT)
    with acme.workspace.transaction(), pytest.raises(TrustError, match="in two copies"):
        renew_sketch(acme.workspace, PreviewKind.SKETCH, ("DE", "AT"), now=acme.now)
    acme.later(days=FROZEN.days)
    with acme.workspace.transaction():
        renew_sketch(acme.workspace, PreviewKind.SKETCH, ("DE", "AT"), now=acme.now)
        renew_sketch(acme.workspace, PreviewKind.SKETCH, ("FR",), now=acme.now)
        for parts in (("AT",), (), ("FR", "IT")):
            with pytest.raises(TrustError, match="in two copies"):
                renew_sketch(acme.workspace, PreviewKind.SKETCH, parts, now=acme.now)


def test_a_new_card_needs_a_new_sketch(tmp_path: Path) -> None:
    acme, _ = two_sides(tmp_path, LEFT, RIGHT)
    before = acme.workspace.sketches.own()[0]
    acme.workspace.rotate(acme.now)
    with acme.workspace.transaction():
        sketch_terms(acme.workspace, PreviewKind.SKETCH, now=acme.now)
    after = acme.workspace.sketches.own()[0]
    assert (before.card, after.card) == (before.card, acme.workspace.card.digest)
    assert before.id != after.id


def test_what_left_is_in_the_ledger(sides: tuple[Side, Side]) -> None:
    run(*sides)
    acme, _ = sides
    events = [entry.facts for entry in acme.workspace.ledger().entries]
    assert [(facts["event"], facts["message"]) for facts in events] == [("sent", 11)]
    assert {facts["epsilon"] for facts in events} == {"1"}
    assert acme.workspace.sketches.epsilon_spent(acme.now) == 1


def test_what_the_partner_holds_is_as_the_documents_say() -> None:
    own = OwnSketch(
        id=bytes(16),
        kind=PreviewKind.SKETCH,
        rows=(3000,),
        epsilon=Epsilon.ONE,
        countries=(),
        list_id=1,
        created=NOW,
        card=bytes(32),
        canonical="",
        seed=bytes(32),
        list_digest=bytes(32),
        keys_digest=bytes(32),
    )
    holds = PartnerHolds.with_sketch(own, 1000, 3000)
    assert holds.right == 73
    assert holds.picked == pytest.approx(1270, rel=0.06)
    assert holds.picked_right == pytest.approx(58, abs=3)


class UnsteadyChannel(FolderChannel):
    """A folder that fails before or after a file has arrived, as often as there are failures left."""

    def __init__(self, folder: Path, failures: list[str]) -> None:
        super().__init__(folder)
        self.failures = failures

    def deliver(self, name: str, source: Path) -> None:
        failure = self.failures.pop() if self.failures else ""
        if failure == "after":
            super().deliver(name, source)
        if failure:
            raise ChannelError("the disk is full")
        super().deliver(name, source)


@pytest.mark.parametrize("failure", ["before", "after"])
def test_a_preview_that_breaks_off_goes_on_with_the_same_bytes(sides: tuple[Side, Side], failure: str) -> None:
    for side in (*sides, sides[0]):
        runner = PreviewRunner(
            side.workspace, side.partner, UnsteadyChannel(side.folder, [failure]), lambda side=side: side.now
        )
        try:
            runner.advance()
        except ChannelError:
            seen = {path.name: path.read_bytes() for path in side.folder.iterdir()}
            side.preview()
            assert seen.items() <= {path.name: path.read_bytes() for path in side.folder.iterdir()}.items()
    assert [side.preview().state for side in sides] == [PreviewState.DONE] * 2
    assert [len(side.workspace.previews.of(side.partner.slug)) for side in sides] == [1, 1]
    assert len(list(sides[0].folder.iterdir())) == 2
