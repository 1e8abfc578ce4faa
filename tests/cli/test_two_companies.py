"""Two companies at their terminals: the way that README shows, with its own words typed."""

import csv
import json
import os
import random
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from accountmap import Preview
from accountmap.workspace.estimates import Estimate
from accountmap_cli.context import Place
from accountmap_cli.map import tell
from accountmap_cli.words import ending, preview_notes, preview_table
from tests.cli.running import accountmap, start
from tests.parties import NOW, Parties

ACME_CSV = """Account ID,Account Name,Website,Type,Account Owner
001,Northwood Bakery GmbH,https://www.northwood-bakery.de,Customer - Direct,Ann Example
002,Silverpine Logistics Inc.,,Prospect,Ben Example
003,Quillstone Analytics,,Prospect,Ann Example
"""
GLOBEX_CSV = """Firma;Web;Art;Betreuer
NORTHWOOD BAKERY;northwood-bakery.de;Interessent;Cleo Muster
Silverpine Logistics;;Kunde;Dora Muster
Ostrich Tyres Oy;;Kunde;Dora Muster
"""
GLOBEX_OPTIONS = ("--map", "name=Firma,domain=Web,segment=Art,owner_name=Betreuer", "--segment", "Kunde=customer")


def meet(folder: Path) -> tuple[Path, Path, Path]:
    """Everything up to the first session, as typed."""
    acme, globex, shared = (folder / name for name in ("acme", "globex", "shared"))
    shared.mkdir()
    accountmap("init", "acme", "--name", "Acme Cloud", "--no-passphrase", cwd=folder)
    accountmap("init", "globex", "--no-passphrase", cwd=folder, stdin="Globex Data\n")
    (acme / "export.csv").write_text(ACME_CSV, encoding="utf-8")
    (globex / "export.csv").write_text(GLOBEX_CSV, encoding="utf-8")
    fingerprints = {}
    for side in (acme, globex):
        card = accountmap("partner", "card", cwd=side)
        fingerprints[side] = re.search(r"(\d{5} ){5}\d{5}", card.stderr).group()
    for side, other in ((acme, globex), (globex, acme)):
        (card_file,) = other.glob("*.card.toml")
        wrong = accountmap("partner", "add", card_file, "--fingerprint", "1 2 3", cwd=side, check=5)
        assert "not the same" in wrong.stderr
        accountmap("partner", "add", card_file, "--fingerprint", fingerprints[other], cwd=side)
    accountmap("accounts", "check", "export.csv", cwd=acme)
    accountmap("accounts", "prepare", "export.csv", cwd=acme)
    accountmap("accounts", "prepare", "export.csv", *GLOBEX_OPTIONS, cwd=globex)
    agreement = shared / "agreement.toml"
    accountmap("agreement", "new", "--with", "globex", "-o", agreement, "--automatic-share", "1", cwd=acme)
    large = accountmap("agreement", "sign", agreement, "--yes", cwd=globex, check=5)
    assert "--confirm-rows 48" in large.stderr, "16 rows a segment are more than ten times three companies"
    refused = accountmap("agreement", "sign", agreement, "--confirm-rows", "48", cwd=globex, check=5)
    assert "Nobody is here to agree" in refused.stderr
    accountmap("agreement", "sign", agreement, "--yes", "--confirm-rows", "48", cwd=globex)
    shown = accountmap("agreement", "show", agreement, cwd=globex).stdout
    assert "Signed by both; both signatures are valid." in shown
    accountmap("agreement", "sign", agreement, "--confirm-rows", "48", cwd=acme)
    return acme, globex, shared


def overlap(side: Path) -> dict[str, dict[str, str]]:
    (file,) = side.glob("reports/*/overlap.csv")
    with file.open(newline="", encoding="utf-8") as stream:
        return {row["match_id"]: row for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Two companies after one session."""
    acme, globex, shared = meet(tmp_path_factory.mktemp("companies"))
    waiting = accountmap("map", "--with", "acme", "--folder", shared, cwd=globex)
    assert waiting.stdout.startswith("Next: wait for Acme Cloud's file")
    for n in range(12):
        side, other = ((acme, "globex"), (globex, "acme"))[n % 2]
        said = accountmap("map", "--with", other, "--folder", shared, "--approve", cwd=side)
        assert len(said.stdout.strip().splitlines()) == 1, said.stdout
    assert said.stdout.startswith("Done.")
    return acme, globex, shared


def test_both_get_a_report_of_the_same_matches(companies: tuple[Path, Path, Path]) -> None:
    acme, globex, _ = companies
    ours, theirs = overlap(acme), overlap(globex)
    assert ours.keys() == theirs.keys()
    assert len(ours) == 2
    pairs = {(ours[m]["account_id"], theirs[m]["name"]) for m in ours}
    assert pairs == {("001", "NORTHWOOD BAKERY"), ("002", "Silverpine Logistics")}
    assert {(ours[m]["segment"], ours[m]["their_segment"]) for m in ours} == {
        ("customer", "prospect"),
        ("prospect", "customer"),
    }
    for side in (acme, globex):
        (page,) = side.glob("reports/*/report.html")
        assert page.stat().st_size > 10_000
        assert {p.name for p in page.parent.iterdir()} >= {"whitespace.csv", "matrix.csv", "overlap.parquet"}


def test_nothing_that_travels_holds_an_account(companies: tuple[Path, Path, Path]) -> None:
    for file in companies[2].iterdir():
        data = file.read_bytes().lower()
        for word in (b"northwood", b"silverpine", b"quillstone", b"ostrich", b"muster", b"ann example"):
            assert word not in data, file.name


def test_inspect_says_what_a_message_reveals(companies: tuple[Path, Path, Path]) -> None:
    messages = sorted(companies[2].glob("*.amap"))
    assert len(messages) == 10
    for message in messages:
        assert "The recipient learns from it:" in accountmap("inspect", message, cwd=companies[0]).stdout
        about = json.loads(accountmap("inspect", message, "--json", cwd=companies[0]).stdout)
        assert about["complete"]
    wrong = accountmap("inspect", companies[0] / "export.csv", cwd=companies[0], check=7)
    assert "not an accountmap message" in wrong.stderr


def test_json_for_machines(companies: tuple[Path, Path, Path]) -> None:
    acme, _, shared = companies
    outcome = json.loads(accountmap("map", "--with", "globex", "--folder", shared, "--json", cwd=acme).stdout)
    assert outcome["state"] == "done"
    assert Path(outcome["reports"]).name == "globex-data"
    partners = json.loads(accountmap("partner", "list", "--json", cwd=acme).stdout)
    assert [p["name"] for p in partners] == ["Globex Data"]
    profile = json.loads(accountmap("accounts", "check", "export.csv", "--json", cwd=acme).stdout)
    assert profile["accounts"] == 3


def test_without_a_terminal_nothing_is_revealed_unasked(tmp_path: Path) -> None:
    acme, globex, shared = meet(tmp_path)
    sides = {
        acme: ("map", "--with", "globex", "--folder", shared),
        globex: ("map", "--with", "acme", "--folder", shared),
    }
    for side in (acme, globex):
        accountmap(*sides[side], cwd=side)
    for side, messages in ((acme, 2), (globex, 3)):
        for options in ((), ("--yes",)):
            asked = accountmap(*sides[side], *options, cwd=side)
            assert asked.stdout.startswith("Next: decide.")
            assert "no estimate: fewer than 100 companies" in asked.stderr
            assert len(list(shared.glob("*.amap"))) == messages
        if side is acme:
            accountmap(*sides[side], "--approve", cwd=side)
    declined = accountmap(*sides[globex], "--decline", cwd=globex)
    assert declined.stdout.startswith("You declined; no account was revealed.")
    told = accountmap(*sides[acme], cwd=acme)
    assert told.stdout.startswith("Globex Data saw the preview and declined; no account was revealed.")


def test_more_matches_than_expected_wait_for_a_person_who_may_stop(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    for party in (parties.acme, parties.globex) * 2:
        party.map()
    parties.acme.map()
    for party in (parties.acme, parties.globex):
        party.workspace.close()
    globex = tmp_path / "globex"
    command = ("map", "--with", "acme", "--folder", tmp_path / "shared")
    for options in ((), ("--yes",)):
        asked = accountmap(*command, *options, cwd=globex)
        assert asked.stdout.startswith("Next: decide.")
        assert "2 matches of your 2 customers (no estimate for fewer than 100 companies)" in asked.stderr
    assert len(list((tmp_path / "shared").glob("*.amap"))) == 5
    stopped = accountmap(*command, "--decline", cwd=globex)
    assert stopped.stdout.startswith("The session broke off before its end.")
    assert len(list((tmp_path / "shared").glob("*-15.amap"))) == 1


def test_by_mail_it_says_what_to_send(tmp_path: Path) -> None:
    acme, globex, _ = meet(tmp_path)
    offered = accountmap("map", "--with", "globex", cwd=acme)
    (offer,) = (acme / "exchange").glob("*.amap")
    where = "exchange and run this again."
    assert offered.stdout == f"Next: send exchange/{offer.name} to Globex Data; save their answer in {where}\n"
    (globex / "exchange").mkdir()
    (globex / "exchange" / "from-acme.amap").write_bytes(offer.read_bytes())
    answered = accountmap("map", "--with", "acme", cwd=globex)
    assert answered.stdout.startswith("Next: send ")


def test_status_says_who_is_next_and_what_to_type(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    acme, globex = tmp_path / "acme", tmp_path / "globex"
    assert "no session yet" in accountmap("status", cwd=acme).stdout
    (parties.acme.map(), parties.globex.map())
    waits = accountmap("status", cwd=globex).stdout
    assert "message 2 of 10. Waiting for Acme Cloud since 2026-11-22 12:00 UTC." in waits
    assert "List 1. Agreement until 2" in waits
    parties.acme.map(None)
    decide = json.loads(accountmap("status", "--json", cwd=acme).stdout)
    assert [(each["waits_for"], each["command"]) for each in decide] == [
        ("you", "accountmap map --with globex-data")
    ]
    parties.run()
    done = accountmap("status", cwd=acme).stdout
    assert "Globex Data: the last session was finished on 2026-" in done
    assert "Next: accountmap report open --with globex-data" in done
    parties.acme.workspace.save_list(*parties.acme.workspace.load_list(1), "again", NOW)
    newer = accountmap("status", cwd=acme).stdout
    assert "List 1 (a newer one is prepared: 2)" in newer
    assert "Next: accountmap map --with globex-data" in newer


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is of POSIX")
def test_killed_at_random_moments_it_goes_on(tmp_path: Path) -> None:
    acme, globex, shared = meet(tmp_path)
    chance = random.Random(7)  # noqa: S311 moments, not secrets
    contents: dict[str, bytes] = {}
    finished: set[Path] = set()
    killed, lasted = 0, 0.05
    for n in range(60):
        side, other = ((acme, "globex"), (globex, "acme"))[n % 2]
        command, began = start("map", "--with", other, "--folder", shared, "--approve", cwd=side), time.monotonic()
        if chance.random() < 0.5:
            command.process.join(chance.uniform(0, lasted))
            killed += command.process.is_alive()
            command.kill()
        said, _ = command.wait()
        lasted = max(lasted, time.monotonic() - began)
        if said.startswith("Done"):
            finished.add(side)
        for file in shared.glob("*.amap"):
            assert contents.setdefault(file.name, file.read_bytes()) == file.read_bytes()
        if len(finished) == 2:
            break
    assert len(finished) == 2
    assert killed
    assert len(contents) == 10
    assert overlap(acme).keys() == overlap(globex).keys()
    assert not list(shared.glob(".*")), "no unfinished file is left"


def test_the_question_says_all_that_is_revealed() -> None:
    cell = ("customer", "customer")
    all_of_them = Estimate("globex", b"", b"", "customer", 1, 120, 40, 30, 50, NOW)
    preview = Preview(
        estimates=(all_of_them,),
        own_sizes={"customer": 120, "prospect": 7, "opportunity": 0},
        partner_sizes={},
        named=frozenset({cell}),
        shown=("name", "owner_email"),
        totals=False,
        names_unmatched=False,
        asks=False,
        partner_agreed=True,
        automatic=True,
    )

    def notes(**changes: object) -> str:
        return "\n".join(preview_notes(replace(preview, **changes), "Globex"))

    shown = preview_table(preview, "Globex")
    assert "about 40 (30 to 50)" in shown
    assert "no estimate: fewer than 100 companies" in shown
    assert "opportunities" not in shown, "there are none"
    assert "Globex has agreed already" in notes()
    assert "has agreed" not in notes(partner_agreed=False)
    assert "For these companies, Globex sees your name, owner email." in notes()
    assert "Globex sees none of your fields" in notes(shown=())
    assert "other accounts" not in notes().lower()
    assert "noisy totals" not in notes()
    assert "noisy totals of your list" in notes(totals=True)
    assert "THE NAMES OF ALL YOUR OTHER ACCOUNTS" in notes(names_unmatched=True)
    assert "Possible matches are kept apart" in notes(asks=True)


@pytest.mark.parametrize(
    ("turns", "said"),
    [(2, "before anything was revealed"), (3, "broke off before its end"), (8, "broke off before its end")],
)
def test_a_session_that_broke_off_says_how_far_it_came(tmp_path: Path, turns: int, said: str) -> None:
    parties = Parties.make(tmp_path)
    sides = (parties.acme, parties.globex)
    for n in range(turns):
        sides[n % 2].map()
    outcome = sides[(turns - 1) % 2].runner().abandon()
    assert said in ending(outcome, "Globex Data", "globex-data")


def test_whoever_declines_and_whoever_is_told_read_who_it_was(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    for party in (parties.acme, parties.globex, parties.acme):
        party.map()
    declined, told = parties.globex.map(False), parties.acme.map()
    assert ending(declined, "Acme Cloud", "acme-cloud") == "You declined; no account was revealed."
    assert ending(told, "Globex Data", "x").startswith("Globex Data saw the preview and declined; no account")
    status = accountmap("status", cwd=tmp_path / "acme").stdout
    assert "Next: accountmap map --with globex-data --new" in status


def test_a_message_saved_beside_the_folder_is_found(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    globex = parties.globex.workspace.folder
    for party in (parties.acme, parties.globex):
        party.workspace.close()
    (globex / "acme-cloud-0123ab-1.amap").write_bytes(b"sealed")
    said = accountmap("map", "--with", "acme-cloud", cwd=globex).stdout
    assert said.startswith("Next: move acme-cloud-0123ab-1.amap to exchange, if it is Acme Cloud's answer")


def test_notes_on_many_files_do_not_hide_what_comes_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parties = Parties.make(tmp_path)
    for n in range(30):
        (parties.globex.folder / f"{n}.amap").write_bytes(b"something else")
    place = Place(parties.globex.folder, str(parties.globex.folder), travels=False)
    tell(parties.globex.map(), place, "Acme Cloud", "acme-cloud", tmp_path)
    shown = capsys.readouterr()
    assert shown.err.count("passed over") == 10
    assert "And 20 more notes" in shown.err
    assert shown.out.startswith("Next: ")
