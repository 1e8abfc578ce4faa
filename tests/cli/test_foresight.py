"""What is said before anything leaves: the dry run, and an agreement whose sizes grew."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accountmap.session import propose_agreement
from accountmap.trust.terms import COUNTS, Disclosure, JointFilter, Sharing, rectangles_of
from tests.cli.running import accountmap
from tests.parties import LEFT, Parties, share_all
from tests.session.test_changes import prospects, save


@pytest.mark.parametrize(("side", "other"), [("acme", "globex"), ("globex", "acme")])
def test_a_dry_run_says_what_the_partner_will_learn(tmp_path: Path, side: str, other: str) -> None:
    parties = Parties.make(tmp_path)
    for party in (parties.acme, parties.globex):
        party.workspace.close()
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    said = accountmap("map", "--with", other, "--dry-run", cwd=tmp_path / side).stdout
    assert "Padded sizes: 16 customer, 16 opportunity, 16 prospect." in said
    assert "Which of its own entities are on your list, at most 4" in said
    assert "It announced up to 48 entities." in said
    assert "Of those entities: name (you have 4), owner name (you have 0)." in said
    assert said.rstrip().endswith("Nothing was written and nothing has left.")
    about = json.loads(accountmap("map", "--with", other, "--dry-run", "--json", cwd=tmp_path / side).stdout)
    assert len(about["messages"]) == 5
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_an_agreement_whose_sizes_grew_tenfold_is_not_signed_unasked(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    save(parties.acme, [*LEFT, *prospects(150)])
    grown = propose_agreement(
        parties.acme.workspace,
        parties.acme.partner,
        purpose="again",
        sharing=share_all(),
        days=365,
        automatic_share=1.0,
        runs_per_30_days=4,
        now=datetime.now(UTC),
    )
    (tmp_path / "grown.toml").write_text(grown.document, encoding="utf-8")
    globex = tmp_path / "globex"
    warning = "Take care: their sizes grew from 16 to 192 (prospect)"
    assert warning in accountmap("agreement", "show", tmp_path / "grown.toml", cwd=globex).stdout
    assert warning not in accountmap("agreement", "show", tmp_path / "grown.toml", cwd=tmp_path).stdout
    asked = accountmap("agreement", "sign", tmp_path / "grown.toml", cwd=globex, check=5)
    assert warning in asked.stderr
    assert warning in accountmap("agreement", "sign", tmp_path / "grown.toml", "--yes", cwd=globex).stderr


def test_a_dry_run_says_what_is_kept_apart(tmp_path: Path) -> None:
    counts = {("customer", "customer"): Disclosure(COUNTS), ("customer", "prospect"): Disclosure(COUNTS)}
    Parties.make(tmp_path, sharing=Sharing(rectangles_of(counts), joint_filter=JointFilter(countries=("FR",))))
    said = accountmap("map", "--with", "globex", "--dry-run", cwd=tmp_path / "acme").stdout
    assert "2 counts, one for each pair of segments that is compared" in said
    assert "4 entities of yours take no part: outside the joint filter." in said
    assert "Never compared: your customer by their opportunity, your opportunity by their customer" in said
    assert "Both leave without a question" in said
    assert "learn how many of these" in said
    assert "After both consent" not in said
