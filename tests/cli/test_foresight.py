"""What is said before anything leaves: the dry run, and an agreement whose sizes grew."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accountmap.session import Change, propose_agreement, too_few_changed
from accountmap.trust.sharing import Fields, JointFilter, Sharing, rectangles_of
from accountmap.workspace import Workspace
from tests.cli.running import accountmap
from tests.parties import LEFT, Parties, Party, share_all
from tests.session.test_changes import prospects, save


@pytest.mark.parametrize(("side", "other"), [("acme", "globex"), ("globex", "acme")])
def test_a_dry_run_says_what_the_partner_will_learn(tmp_path: Path, side: str, other: str) -> None:
    parties = Parties.make(tmp_path)
    for party in (parties.acme, parties.globex):
        party.workspace.close()
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    said = accountmap("map", "--with", other, "--dry-run", cwd=tmp_path / side).stdout
    assert "A blurred copy of your list (epsilon 1)" in said
    assert "Padded sizes (16 customers, 16 open opportunities, 16 prospects)" in said
    assert "Which of its own companies are on your list, at most 4" in said
    assert "For the companies that match: name (you have 4), owner name (you have 0)." in said
    first, asked = ("1", "3") if side == "acme" else ("2", "4")
    assert f"Message {first} leaves without asking you. You are asked before message {asked}." in said
    assert ("It can test up to 480 names" in said) == (side == "acme")
    assert said.rstrip().endswith("Nothing was written, and nothing has left this machine.")
    about = json.loads(accountmap("map", "--with", other, "--dry-run", "--json", cwd=tmp_path / side).stdout)
    assert len(about["messages"]) == 5
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_an_agreement_whose_sizes_grew_fourfold_is_not_signed_unasked(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    save(parties.acme, [*LEFT, *prospects(90)])
    grown = propose_agreement(
        parties.acme.workspace,
        parties.acme.partner,
        purpose="again",
        sharing=share_all(),
        days=365,
        automatic_share=1.0,
        sessions_per_30_days=4,
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
    assert "No fields of the companies that match." in said
    assert "Nothing was written, and nothing has left this machine." in said


def answer(monkeypatch: pytest.MonkeyPatch, *typed: str) -> None:
    """Have a person be here, who types this."""
    answers = iter(typed)
    monkeypatch.setattr("accountmap_cli.map.is_interactive", lambda: True)
    monkeypatch.setattr("accountmap_cli.map.click.prompt", lambda *_, **__: next(answers))


@pytest.fixture
def hardly_changed(tmp_path: Path) -> Path:
    """The workspace of Acme, whose list has one prospect more than at the session that is over."""
    parties = Parties.after_a_session(tmp_path)
    save(parties.acme, [*LEFT, *prospects(1)])
    change = too_few_changed(parties.acme.workspace, parties.acme.partner, None, datetime.now(UTC))
    assert change == Change(1, {"prospect": 1})
    for party in (parties.acme, parties.globex):
        party.workspace.close()
    return parties.acme.workspace.folder


def list_of_last_session(workspace: Path) -> int:
    (status,) = json.loads(accountmap("status", "--json", cwd=workspace).stdout)
    return int(status["list_id"])


@pytest.mark.parametrize(("typed", "list_id"), [("new", 2), ("old", 1)])
def test_a_person_chooses_the_list_where_little_has_changed(
    hardly_changed: Path, monkeypatch: pytest.MonkeyPatch, typed: str, list_id: int
) -> None:
    answer(monkeypatch, typed)
    begun = accountmap("map", "--with", "globex", cwd=hardly_changed)
    assert "only 1 prospect of yours was added, removed or changed" in begun.stderr
    assert begun.stdout.startswith("Next: send ")
    assert list_of_last_session(hardly_changed) == list_id


def test_a_yes_is_for_the_list_that_was_shown(hardly_changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare_another(*_: object, **__: object) -> str:
        workspace = Workspace.open(hardly_changed)
        party = Party(workspace, workspace.partner("globex"), hardly_changed)
        save(party, [*LEFT, *prospects(2)])
        workspace.close()
        return "new"

    monkeypatch.setattr("accountmap_cli.map.is_interactive", lambda: True)
    monkeypatch.setattr("accountmap_cli.map.click.prompt", prepare_another)
    accountmap("map", "--with", "globex", cwd=hardly_changed)
    assert list_of_last_session(hardly_changed) == 2, "of list 3 nobody has said anything"


def test_whoever_answers_later_begins_nothing(hardly_changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "later")
    assert accountmap("map", "--with", "globex", cwd=hardly_changed).stdout.startswith("Done.")


def test_a_program_does_not_give_a_single_company_away(hardly_changed: Path) -> None:
    refused = accountmap("map", "--with", "globex", "--yes", cwd=hardly_changed, check=5)
    assert "too few companies changed to hide which ones: 1 prospect" in refused.stderr
    assert "--list 1" in refused.stderr
    accountmap("map", "--with", "globex", "--approve", cwd=hardly_changed)
    assert list_of_last_session(hardly_changed) == 2, "--approve speaks for a person"


def csv_of(folder: Path, prospects: int) -> Path:
    rows = [f"P{n},Prospect {n},p{n}.example,prospect" for n in range(prospects)]
    file = folder.parent / "export.csv"
    file.write_text("\n".join(["id,name,website,segment", *rows]), encoding="utf-8")
    return file


def test_an_agreement_that_is_nearly_full_is_renewed_before_it_stops_anybody(tmp_path: Path) -> None:
    """16 prospects are agreed on: 15 nearly fill it, 17 have outgrown it."""
    parties = Parties.make(tmp_path)
    for party in (parties.acme, parties.globex):
        party.workspace.close()
    acme = tmp_path / "acme"
    renew = "accountmap agreement renew --with globex"

    checked = accountmap("accounts", "check", csv_of(acme, 3), cwd=acme)
    assert "13 prospects more" in next(line for line in checked.stdout.splitlines() if "room for" in line)
    assert renew not in checked.stdout

    told = accountmap("accounts", "prepare", csv_of(acme, 15), cwd=acme)
    assert "room for 16 customers, 16 open opportunities, 1 prospect more;" in told.stderr
    assert renew in told.stderr
    status = accountmap("status", cwd=acme).stdout
    assert "nearly fills it (prospects)" in status
    assert "Next: accountmap map --with globex" in status

    told = accountmap("accounts", "prepare", csv_of(acme, 17), cwd=acme)
    assert "has outgrown the agreement with Globex" in told.stderr
    assert f"Next: {renew}" in accountmap("status", cwd=acme).stdout


def test_an_outgrown_agreement_is_renewed_with_three_commands(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    save(parties.acme, prospects(17))
    for party in (parties.acme, parties.globex):
        party.workspace.close()
    acme, globex = tmp_path / "acme", tmp_path / "globex"
    refused = accountmap("map", "--with", "globex", cwd=acme, check=5)
    assert "accountmap agreement renew --with globex" in refused.stderr
    renewed = accountmap("agreement", "renew", "--with", "globex", "-o", "again.toml", cwd=acme)
    assert "Padded size of Acme Cloud, prospect: 16, now 48." in renewed.stderr
    signing = accountmap("agreement", "sign", acme / "again.toml", "--yes", "--confirm-rows", "80", cwd=globex)
    assert "Padded size of Acme Cloud, prospect: 16, now 48." in signing.stderr
    accountmap("agreement", "sign", "again.toml", cwd=acme)
    accountmap("map", "--with", "globex", cwd=acme)


def test_the_responder_can_renew_too(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    for party in (parties.acme, parties.globex):
        party.workspace.close()
    told = accountmap("agreement", "renew", "--with", "acme", "-o", "again.toml", cwd=tmp_path / "globex")
    assert "Roles: Globex Data now begins sessions, and no longer Acme Cloud." in told.stderr
    accountmap(
        "agreement",
        "sign",
        tmp_path / "globex" / "again.toml",
        "--yes",
        "--confirm-rows",
        "48",
        cwd=tmp_path / "acme",
    )


def test_whoever_declines_is_not_asked_about_the_list(
    hardly_changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accountmap_cli.map.is_interactive", lambda: True)
    declined = accountmap("map", "--with", "globex", "--decline", cwd=hardly_changed)
    assert "added, removed or changed" not in declined.stderr
    assert declined.stdout.startswith("Done.")
