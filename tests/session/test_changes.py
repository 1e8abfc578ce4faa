"""Lists that differ by few accounts, and lists that grew too much: refused or flagged by one side alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from accountmap.channels import FolderChannel
from accountmap.errors import TrustError, WorkspaceError
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES, Prepared
from accountmap.session import (
    Outcome,
    SessionRunner,
    concerns_of,
    propose_agreement,
    renew_agreement,
    sign_agreement,
    write_agreement,
)
from accountmap.session.admission import changed_entities, changed_since_earlier, check_change
from accountmap.trust.agreement import Agreement, OwnSizes
from accountmap.trust.limits import Concern
from accountmap.trust.sharing import Sharing
from tests.parties import CURVE, LEFT, NOW, Parties, Party, Row, account_list, answers, share_all

PROFILE = next(iter(PROFILES.values()))
LATER = NOW + timedelta(days=60)


def prepared(rows: Sequence[Row]) -> Prepared:
    return prepare_accounts(account_list(rows), PROFILE)


def prospects(count: int) -> list[Row]:
    return [(f"n{n}", f"Wexley {n:05} Brewery", f"wexley-{n:05}.example.org", "prospect") for n in range(count)]


def save(party: Party, rows: Sequence[Row]) -> int:
    return party.workspace.save_list(account_list(rows), prepared(rows), "later", NOW).id


def begin(party: Party, list_id: int | None = None) -> Outcome:
    steps = SessionRunner(
        party.workspace, party.partner, FolderChannel(party.folder), CURVE, lambda: NOW, list_id=list_id
    )
    return steps.advance(answers(), new=True)


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    """Two companies after one session."""
    return Parties.after_a_session(tmp_path)


@pytest.mark.parametrize(
    ("after", "changed"),
    [
        (LEFT, {}),
        (LEFT[::-1], {}),
        ([*LEFT, *prospects(1)], {"prospect": 1}),
        (LEFT[1:], {"customer": 1}),
        ([("a1", "Northwood Bakery GmbH", "other.example.org", "customer"), *LEFT[1:]], {"customer": 1}),
        ([(*LEFT[0][:3], "prospect"), *LEFT[1:]], {"customer": 1, "prospect": 1}),
        ([*LEFT[:3], *prospects(3)], {"prospect": 3}),
    ],
    ids=["same", "other order", "one came", "one went", "other key", "other segment", "one went, three came"],
)
def test_changes_are_counted_by_segment(after: Sequence[Row], changed: dict[str, int]) -> None:
    assert changed_entities(prepared(LEFT), prepared(after)) == changed


def test_a_list_that_changed_by_one_is_refused_and_the_last_one_taken(parties: Parties) -> None:
    save(parties.acme, [*LEFT, *prospects(1)])
    with pytest.raises(TrustError, match="1 prospect; the agreement asks for at least 5") as refused:
        begin(parties.acme)
    assert "--list 1" in refused.value.hint
    assert begin(parties.acme, list_id=1).sent
    assert parties.acme.workspace.sessions(parties.acme.partner)[0].list_id == 1


def test_a_list_that_changed_by_as_many_as_agreed_is_taken(parties: Parties) -> None:
    save(parties.acme, [*LEFT, *prospects(5)])
    assert begin(parties.acme).sent


def test_the_rule_can_be_agreed_away(parties: Parties) -> None:
    later = save(parties.acme, [*LEFT, *prospects(1)])
    agreement = parties.acme.workspace.agreements(parties.acme.partner)[0]
    bare = replace(agreement, terms=replace(agreement.terms, min_change=0))
    check_change(parties.acme.workspace, parties.acme.partner, bare, later)
    found = changed_since_earlier(parties.acme.workspace, parties.acme.partner, bare, later)
    assert (found.list_id, found.by_segment) == (1, {"prospect": 1})


def test_what_is_not_compared_is_no_change(parties: Parties) -> None:
    """Fields are shown of matches only, and totals are those of the sketch, which stays as it is."""
    accounts = account_list(LEFT)
    at = accounts.table.column_names.index("industry")
    table = accounts.table.set_column(at, "industry", pa.array(["Food", None, None, None]))
    parties.acme.workspace.save_list(replace(accounts, table=table), prepared(LEFT), "with an industry", NOW)
    assert begin(parties.acme).sent


def test_an_agreement_without_a_rule_warns(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path, min_change=0)
    parties.run()
    save(parties.acme, [*LEFT, *prospects(1)])
    begun = begin(parties.acme)
    assert begun.sent
    assert begun.notes[0].startswith("Only 1 prospect changed since an earlier session")
    assert begin(parties.acme).notes == (), "it is said once"


def test_a_session_that_showed_nothing_does_not_count(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    parties.acme.map()
    parties.acme.runner().abandon()
    save(parties.acme, [*LEFT, *prospects(1)])
    assert begin(parties.acme).sent


def test_a_list_that_is_not_there_is_a_clear_error(parties: Parties) -> None:
    with pytest.raises(WorkspaceError, match="there is no list 99"):
        begin(parties.acme, list_id=99)


def propose(party: Party, rows: Sequence[Row], now: datetime = LATER) -> Agreement:
    save(party, rows)
    return propose_agreement(
        party.workspace,
        party.partner,
        purpose="again",
        sharing=share_all(),
        days=365,
        automatic_share=1.0,
        sessions_per_30_days=4,
        now=now,
    )


def growth(party: Party, agreement: Agreement, now: datetime = LATER) -> list[tuple[int, int]]:
    """The rows of the partner that grew too much: before and after."""
    found = concerns_of(party.workspace, agreement, now)
    return [(c.compared_with, c.rows) for c in found if c.concern is Concern.GROWTH and not c.of_sketch]


def test_a_list_that_grew_fourfold_is_flagged(parties: Parties) -> None:
    grown = propose(parties.acme, [*LEFT, *prospects(90)])
    assert growth(parties.globex, grown) == [(48, 224)]
    assert growth(parties.acme, grown) == [], "they have not signed yet"


def test_a_list_that_grew_less_is_not(parties: Parties) -> None:
    assert growth(parties.globex, propose(parties.acme, [*LEFT, *prospects(40)])) == []


def test_the_first_agreement_has_nothing_to_grow_from(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path, left=[*LEFT, *prospects(90)])
    (agreement,) = parties.globex.workspace.agreements(parties.globex.partner)
    assert growth(parties.globex, agreement) == []


def test_the_initiator_sees_the_growth_of_the_responder(parties: Parties) -> None:
    draft = propose(parties.acme, LEFT)
    save(parties.globex, prospects(190))
    signed = sign_agreement(parties.globex.workspace, draft.document.encode(), LATER, sizes_confirmed=True)
    assert growth(parties.acme, signed) == [(48, 416)]


def test_no_date_of_the_partner_hides_the_growth(parties: Parties) -> None:
    for now in (NOW - timedelta(days=100), NOW, LATER):
        grown = propose(parties.acme, [*LEFT, *prospects(90)], now)
        assert growth(parties.globex, grown) == [(48, 224)]


def test_growth_is_counted_from_the_smallest_size_of_a_year(parties: Parties) -> None:
    """Step by step does not get past it, and a size that was small once cannot be forgotten sooner."""
    globex = parties.globex.workspace
    for rows, flagged in ((40, []), (0, []), (50, []), (90, [(48, 224)])):
        draft = propose(parties.acme, [*LEFT, *prospects(rows)])
        assert growth(parties.globex, draft) == flagged
        signed = sign_agreement(globex, draft.document.encode(), LATER, sizes_confirmed=True)
        assert growth(parties.globex, signed) == flagged, "it stays flagged when signed"
    year = NOW + timedelta(days=366)
    assert (
        growth(parties.globex, propose(parties.acme, [*LEFT, *prospects(90)]), LATER + timedelta(days=366)) == []
    )
    assert growth(parties.globex, propose(parties.acme, [*LEFT, *prospects(90)]), year), "48 rows again since"


def test_an_agreement_renewed_after_more_than_a_year_is_compared_with_the_last_one(parties: Parties) -> None:
    later = NOW + timedelta(days=400)
    for own in (parties.acme, parties.globex):
        save(own, prospects(90))
    grown = renew_agreement(parties.acme.workspace, parties.acme.partner, now=later)
    assert growth(parties.globex, grown, later) == [(48, 224)]
    with pytest.raises(TrustError, match="a person has to confirm"):
        sign_agreement(parties.globex.workspace, grown.document.encode(), later)


def test_sizes_that_need_a_person_are_not_signed_by_a_program(parties: Parties) -> None:
    globex = parties.globex.workspace
    grown = propose(parties.acme, [*LEFT, *prospects(90)])
    concerns = {(c.concern, c.of_sketch) for c in concerns_of(globex, grown, LATER)}
    assert (Concern.ABOVE_OWN, False) in concerns, "224 rows are more than ten times four companies"
    with pytest.raises(TrustError, match="a person has to confirm"):
        sign_agreement(globex, grown.document.encode(), LATER)
    save(parties.globex, prospects(100))
    assert growth(parties.globex, grown) == [(48, 224)], "own lists do not hide growth"
    globex.set_row_limit(100)
    assert Concern.ABOVE_LIMIT in {c.concern for c in concerns_of(globex, grown, LATER)}
    assert sign_agreement(globex, grown.document.encode(), LATER, sizes_confirmed=True).complete


def test_new_keys_do_not_hide_the_growth(parties: Parties) -> None:
    for party, other in ((parties.acme, parties.globex), (parties.globex, parties.acme)):
        rotation = party.workspace.rotate(NOW)
        other.partner = other.workspace.renew_partner(rotation, "test", NOW)
    grown = propose(parties.acme, [*LEFT, *prospects(90)])
    assert growth(parties.globex, grown) == [(48, 224)]


@pytest.mark.parametrize(
    ("created", "said"),
    [(LATER + timedelta(days=2), "in the future"), (NOW - timedelta(seconds=1), "older than the one")],
)
def test_an_agreement_out_of_its_order_is_not_signed(parties: Parties, created: datetime, said: str) -> None:
    draft = propose(parties.acme, LEFT, created)
    with pytest.raises(TrustError, match=said):
        sign_agreement(parties.globex.workspace, draft.document.encode(), LATER)


def sizes(parties: Parties, segments: tuple[str, ...]) -> OwnSizes:
    agreement = parties.acme.workspace.agreements(parties.acme.partner)[0]
    return OwnSizes(agreement.sketches[0], dict.fromkeys(segments, 16))


@pytest.mark.parametrize("segments", [("customer", "prospect", "opportunity"), ("customer", "prospect", "lead")])
def test_an_agreement_on_other_segments_is_not_signed(parties: Parties, segments: tuple[str, ...]) -> None:
    terms = replace(parties.acme.workspace.agreements(parties.acme.partner)[0].terms, segments=segments)
    terms = replace(terms, sharing=Sharing.uniform(segments, ((), ())))
    draft = Agreement.propose(terms, sizes(parties, segments), parties.acme.workspace.identity)
    with pytest.raises(TrustError, match="other segments"):
        sign_agreement(parties.globex.workspace, draft.document.encode(), NOW)


def test_an_agreement_under_another_name_is_not_signed(parties: Parties) -> None:
    terms = parties.acme.workspace.agreements(parties.acme.partner)[0].terms
    borrowed = replace(terms, names=("Initech", terms.names[1]))
    draft = Agreement.propose(borrowed, sizes(parties, terms.segments), parties.acme.workspace.identity)
    with pytest.raises(TrustError, match="a card or a company"):
        sign_agreement(parties.globex.workspace, draft.document.encode(), NOW)


def test_an_agreement_that_cannot_be_written_leaves_what_was_there(parties: Parties, tmp_path: Path) -> None:
    (agreement,) = parties.globex.workspace.agreements(parties.globex.partner)
    file = tmp_path / "agreement.toml"
    write_agreement(agreement, file)
    assert Agreement.parse(file.read_bytes()) == agreement
    with pytest.raises(WorkspaceError, match="cannot be written"):
        write_agreement(agreement, tmp_path)
    assert [path for path in tmp_path.parent.iterdir() if path.suffix == ".part"] == []
