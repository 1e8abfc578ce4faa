"""A workspace learns from its deals and sessions as far as the agreement allows, and keeps the model sealed."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from accountmap import Workspace, read_account_map, read_portfolio
from accountmap.account_map.ideal import IdealCustomer, parse_ideal_customer
from accountmap.accounts.schema import DEAL_SCHEMA, DealList
from accountmap.errors import InputError, TrustError, WorkspaceError
from accountmap.model import Models
from accountmap.propensity import Effort
from accountmap.session import propose_agreement, sign_agreement
from accountmap.session.qualification import (
    allowed_to_models,
    count_fitting,
    drop_profile,
    known_snapshots,
    likelihood,
    load_propensity,
    train_propensity,
    use_profile,
)
from accountmap.trust.sharing import Sharing, rectangles_of
from accountmap.trust.terms import ScoringTerms
from accountmap.workspace.user_files import save_deals
from tests.cli.running import accountmap
from tests.parties import NOW, Parties, Row, share_all

COMPANIES = 160
QUICK = Effort(bags=1, rounds=800, folds=3)
PREPARED = NOW + timedelta(days=1_200)
PROFILE = 'fits_from = 1\n[[rule]]\nfield = "country"\nany_of = ["DE"]\npoints = 1\n'


def lists() -> tuple[list[Row], list[Row]]:
    """Half of our prospects are their customers; the others are ours alone."""
    left = [(f"l{n}", f"Wexley {n:05} Brewery", f"wexley-{n:05}.de", "prospect") for n in range(COMPANIES)]
    right = [(f"r{n}", f"WEXLEY {n:05} BREWERY", f"wexley-{n:05}.de", "customer") for n in range(0, COMPANIES, 2)]
    return left, right


def deals() -> DealList:
    """Deals created after the session: those with shared companies are won in 70 of 100 cases, others in 15."""
    draw = np.random.default_rng(5)
    rows = []
    for at in range(640):
        company = int(draw.integers(0, COMPANIES))
        created = NOW.date() + timedelta(days=1 + int(draw.integers(0, 1_000)))
        won = draw.random() < (0.15 if company % 2 else 0.7)
        rows.append(
            {"deal_id": f"D{at}", "account_id": f"l{company}", "created": created, "row": str(at),
             "closed": created + timedelta(days=60), "outcome": "won" if won else "lost"}
        )  # fmt: skip
    return DealList(pa.Table.from_pylist(rows, schema=DEAL_SCHEMA), source="deals.csv")


@pytest.fixture(scope="module")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    parties = Parties.make(folder, *lists(), sharing=share_all("name", "owner_name"))
    parties.run()
    save_deals(parties.acme.workspace, deals(), PREPARED)
    train_propensity(parties.acme.workspace, "globex", NOW, horizon_days=120, effort=QUICK)
    for each in (parties.acme, parties.globex):
        each.workspace.close()
    return folder


@pytest.fixture
def folder(trained_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained_folder, tmp_path / "copy"))


@pytest.fixture
def acme(folder: Path) -> Iterator[Workspace]:
    with Workspace.open(folder / "acme") as workspace:
        yield workspace


def agree(folder: Path, acme: Workspace, scoring: ScoringTerms) -> None:
    """Both sign another agreement."""
    draft = propose_agreement(
        acme, acme.partner("globex"), purpose="co-selling", sharing=share_all("name"), scoring=scoring,
        days=73_000, now=NOW + timedelta(days=1),
    )  # fmt: skip
    with Workspace.open(folder / "globex") as globex:
        later = NOW + timedelta(days=1)
        signed = sign_agreement(globex, draft.document.encode(), later, sizes_confirmed=True)
        sign_agreement(acme, signed.document.encode(), later, sizes_confirmed=True)


def test_a_model_is_kept_sealed_and_judges_the_shared_accounts(folder: Path, acme: Workspace) -> None:
    kept = load_propensity(acme, acme.partner("globex"))
    assert kept is not None and kept.trained.is_better and kept.trained.uses_their_segment
    raw = (folder / "acme" / "models" / "globex-data").read_bytes()
    assert not any(word in raw for word in (b"points", b"customer", b"pickle"))
    found = read_account_map(acme, "globex")
    assert "propensity" in found.score_parts
    (note,) = [note for note in found.notes if "was learned from 640 of your deals" in note]
    assert "that it rated highest" in note
    assert ("use them to rank" in note) is kept.trained.is_off
    assert found.qualification.num_rows == COMPANIES // 2
    assert all("customer of Globex Data (odds ×" in each for each in found.qualification["reasons"].to_pylist())
    every = likelihood(acme, "globex").to_pylist()
    shared = [row["probability"] for row in every if int(row["account_id"][1:]) % 2 == 0]
    others = [row["probability"] for row in every if int(row["account_id"][1:]) % 2]
    assert min(shared) > 0.4 > max(others)


def test_of_the_partner_only_the_segment_reaches_the_training_table(acme: Workspace) -> None:
    (snapshot,) = known_snapshots(acme, acme.partner("globex"))
    assert set(snapshot.their_segment.tolist()) == {"customer", "not on their list"}
    assert snapshot.accounts.column_names == ["account_id", "name", "country", "industry", "employees"]
    shown = set(read_account_map(acme, "globex").overlap["their_name"].to_pylist())
    assert len(shown) == COMPANIES // 2, "the agreement lets them show names"
    held = {str(value) for column in snapshot.accounts.columns for value in column.to_pylist()}
    assert not shown & held


def test_what_the_agreement_hides_is_unknown_to_the_model(tmp_path: Path) -> None:
    """Northwood is customer by prospect; Silverpine and Harbour lie in pairs that are not compared."""
    sharing = Sharing(rectangles=rectangles_of({("customer", "prospect"): ((), ())}))
    parties = Parties.make(tmp_path, sharing=sharing)
    parties.run()
    (snapshot,) = known_snapshots(parties.acme.workspace, parties.acme.partner)
    assert snapshot.their_segment.tolist() == ["prospect", "", "", ""]


def test_an_agreement_that_lets_no_model_learn_is_kept_to(folder: Path, acme: Workspace) -> None:
    partner = acme.partner("globex")
    kept = load_propensity(acme, partner)
    assert kept is not None and allowed_to_models(acme, partner) is Models.SEGMENT
    agree(folder, acme, ScoringTerms(Models.NONE))
    assert allowed_to_models(acme, partner) is Models.NONE
    (snapshot,) = known_snapshots(acme, partner)
    assert set(snapshot.their_segment.tolist()) == {""}
    found = read_account_map(acme, "globex")
    assert "propensity" not in found.score_parts
    assert any("which the agreement does not allow any more" in note for note in found.notes)
    with pytest.raises(InputError, match="does not allow") as caught:
        likelihood(acme, "globex")
    assert "propensity train" in caught.value.hint
    made = train_propensity(acme, "globex", NOW, horizon_days=120, effort=QUICK)
    assert not made.uses_their_segment
    with pytest.raises(InputError, match="which deals the partner touched"):
        train_propensity(acme, "globex", NOW, touched=True, effort=QUICK)
    earlier = replace(kept.trained, model=made.model, touched=True)
    acme.sealed("models/globex-data").write_json({"made": NOW.isoformat(), "trained": earlier.to_json()})
    with pytest.raises(InputError, match="partner's touches, which the agreement does not allow any more"):
        likelihood(acme, "globex")


def test_too_few_outcomes_and_a_damaged_model_are_said(folder: Path, acme: Workspace) -> None:
    with pytest.raises(InputError, match="too few outcomes"):
        train_propensity(acme, "globex", NOW, touched=True, effort=QUICK)
    assert load_propensity(acme, acme.partner("globex")) is not None, "the model that was there stays"
    acme.sealed("models/globex-data").write_json({"made": NOW.isoformat(), "trained": {"model": []}})
    with pytest.raises(WorkspaceError, match="damaged"):
        likelihood(acme, "globex")
    (folder / "acme" / "models" / "globex-data").unlink()
    with pytest.raises(InputError, match="no model"):
        likelihood(acme, "globex")


def test_a_profile_is_agreed_by_its_digest(folder: Path, acme: Workspace) -> None:
    ideal = parse_ideal_customer(PROFILE)
    with pytest.raises(TrustError, match="no profile of the ideal customer is agreed"):
        use_profile(acme, ideal, "globex", theirs=False)
    agree(folder, acme, ScoringTerms(ideal_customer=ideal.digest))
    with pytest.raises(TrustError, match="is not the profile that is agreed"):
        use_profile(acme, parse_ideal_customer(f"# Ours.\n{PROFILE}"), "globex", theirs=False)
    scores = []
    with Workspace.open(folder / "globex") as globex:
        for side, partner in ((acme, "globex"), (globex, "acme")):
            use_profile(side, ideal, partner, theirs=False)
            table = read_account_map(side, partner).qualification.sort_by("match_id")
            scores.append(table.select(["match_id", "agreed_fit", "agreed_points"]).to_pylist())
    assert scores[0] == scores[1], "the same companies, scored alike on both sides"
    assert {row["agreed_points"] for row in scores[0]} == {1}
    agree(folder, acme, ScoringTerms())
    found = read_account_map(acme, "globex").qualification
    assert found["agreed_fit"].null_count == len(found), "another agreement holds now"


def test_own_profiles_are_kept_apart_and_can_be_dropped(acme: Workspace) -> None:
    ideal = parse_ideal_customer(PROFILE)
    other = parse_ideal_customer(PROFILE.replace("DE", "FR"))
    use_profile(acme, ideal, None, theirs=False)
    use_profile(acme, other, "globex", theirs=True)
    found = read_account_map(acme, "globex").qualification
    assert pc.all(pc.equal(found["disagreement"], "fits your profile only")).as_py()
    assert count_fitting(acme, ideal) == {"fits": COMPANIES, "may fit": 0, "does not fit": 0}
    assert not any("no ideal customer" in note for note in read_portfolio(acme).notes)
    drop_profile(acme, None, theirs=False)
    found = read_account_map(acme, "globex").qualification
    assert (found["own_fit"].null_count, found["their_fit"].null_count) == (len(found), 0)
    assert not IdealCustomer()


def test_the_commands_show_what_the_library_keeps(folder: Path) -> None:
    shown = accountmap("-w", "acme", "propensity", "show", "--with", "globex", cwd=folder).stdout
    assert "It was better than the base rate in months that it had not seen." in shown
    assert "customer of Globex Data" in shown
    model = json.loads(
        accountmap("-w", "acme", "propensity", "show", "--with", "globex", "--json", cwd=folder).stdout
    )
    assert model["is_better"] is True
    listed = accountmap("-w", "acme", "propensity", "apply", "--with", "globex", cwd=folder).stdout
    assert len(listed.splitlines()) == COMPANIES + 1 and "\r" not in listed
    accountmap("-w", "acme", "propensity", "apply", "--with", "globex", "-o", "likely.csv", cwd=folder)
    head, first, *rest = (folder / "likely.csv").read_text("utf-8").splitlines()
    assert head == "account_id,probability,reasons"
    assert "customer of Globex Data" in first and len(rest) == COMPANIES - 1
    said = accountmap("-w", "globex", "propensity", "apply", "--with", "acme", cwd=folder, check=3).stderr
    assert "accountmap propensity train --with acme" in said
    accountmap("ideal", "rules", cwd=folder)
    assert "is there already" in accountmap("ideal", "rules", cwd=folder, check=3).stderr
    said = accountmap("-w", "acme", "ideal", "show", "ideal.toml", cwd=folder).stdout
    assert "An account fits if it has at least 60 points." in said
    assert f"{COMPANIES} of your companies: may fit" in said
    assert "An account fits" in accountmap("ideal", "show", "ideal.toml", cwd=folder).stdout, "without a workspace"
    (folder / "broken").mkdir()
    (folder / "broken" / "accountmap.db").write_bytes(b"rubbish")
    accountmap("-w", "broken", "ideal", "show", "ideal.toml", cwd=folder, check=4)
    accountmap("-w", "acme", "ideal", "use", "ideal.toml", cwd=folder)
    assert (
        "Name it with --with" in accountmap("-w", "acme", "ideal", "drop", "--theirs", cwd=folder, check=3).stderr
    )
    accountmap("-w", "acme", "report", "build", "--with", "globex", "-o", "reports", cwd=folder)
    page = (folder / "reports" / "report.html").read_text("utf-8")
    assert "Likely to buy, and ideal" in page and "0 of 80 shared companies fit your own profile" in page
    accountmap("-w", "acme", "ideal", "drop", cwd=folder)
    proposed = accountmap(
        *("-w", "acme", "agreement", "new", "--with", "globex", "-o", "next.toml"),
        *("--models", "none", "--ideal-customer", "ideal.toml"),
        cwd=folder,
    )
    digest = parse_ideal_customer((folder / "ideal.toml").read_text("utf-8")).digest
    assert f'ideal_customer = "{digest}"' in (folder / "next.toml").read_text("utf-8")
    said = " ".join(proposed.stderr.split())
    assert f"the file with the digest {digest}; no score leaves" in said
    assert "may learn nothing from matches" in said
    said = accountmap("-w", "acme", "ideal", "learn", "learned.toml", cwd=folder, check=3).stderr
    assert "more than by chance" in said and not (folder / "learned.toml").exists()
