"""What is said before anything leaves: the dry run, and an agreement whose sizes grew."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accountmap.session import propose_agreement
from accountmap.trust.sharing import Fields, JointFilter, Sharing, rectangles_of
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
    assert "A blurred copy of your list (epsilon 1)" in said
    assert "Padded sizes (16 customer, 16 opportunity, 16 prospect)" in said
    assert "Which of its own companies are on your list, at most 4" in said
    assert "Of the companies that match: name (you have 4), owner name (you have 0)." in said
    first, asked = ("1", "3") if side == "acme" else ("2", "4")
    assert f"Message {first} leaves without a question. You are asked before message {asked}." in said
    assert ("It can test up to 480 names" in said) == (side == "acme")
    assert said.rstrip().endswith("Nothing was written and nothing has left.")
    about = json.loads(accountmap("map", "--with", other, "--dry-run", "--json", cwd=tmp_path / side).stdout)
    assert len(about["messages"]) == 5
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_an_agreement_whose_sizes_grew_fourfold_is_not_signed_unasked(tmp_path: Path) -> None:
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
    globex, file = tmp_path / "globex", tmp_path / "grown.toml"
    asked = accountmap("agreement", "sign", file, "--yes", cwd=globex, check=5)
    assert "--confirm-rows 224" in asked.stderr
    other = accountmap("agreement", "sign", file, "--yes", "--confirm-rows", "48", cwd=globex, check=5)
    assert "That is not the number of companies" in other.stderr
    accountmap("agreement", "sign", file, "--yes", "--confirm-rows", "224", cwd=globex)


def test_a_dry_run_says_what_is_kept_apart(tmp_path: Path) -> None:
    shown: dict[tuple[str, str], tuple[Fields, Fields]] = {
        ("customer", "customer"): ((), ()),
        ("customer", "prospect"): ((), ()),
    }
    joint = JointFilter(countries=("FR",))
    Parties.make(tmp_path, sharing=Sharing(rectangles=rectangles_of(shown), joint_filter=joint))
    said = accountmap("map", "--with", "globex", "--dry-run", cwd=tmp_path / "acme").stdout
    assert "4 companies of yours take no part: outside the joint filter." in said
    assert "Never compared: your customers by their open opportunities, your open opportunities by" in said
    assert "No field of the companies that match." in said
    assert "Nothing was written and nothing has left." in said
