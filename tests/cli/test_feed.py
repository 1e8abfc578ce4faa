"""What systems for partners import: of one partner alone, as text that stays text, counted where it leaves."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pytest

from accountmap.accounts.schema import DEAL_SCHEMA, DealList
from accountmap.influence import InfluenceRules
from accountmap.model import Step, Topic
from accountmap.portfolio import PartnerProfile
from accountmap.report.feeds import FEEDS, campaign_feed, feed_document, feed_schema, learners_feed
from accountmap.report.files import to_csv
from accountmap.session.influence import credit_rule
from accountmap.workspace.user_files import save_deals, save_profile
from tests.account_map.examples import one_account_map
from tests.cli.running import accountmap
from tests.cli.test_digest import NAMES, receiver  # noqa: F401 a fixture
from tests.parties import NOW
from tests.portfolio.made import portfolio
from tests.session.test_influence import agree
from tests.talking import Talker, settle

BAKERY, QUILLSTONE = 1, 4
PAGE = (Path(__file__).parents[2] / "docs" / "feeds.md").read_text("utf-8")
SAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "feeds"


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def register(acme: Talker, globex: Talker) -> None:
    """Each registers a deal of its own; Acme's CRM has the one with the bakery."""
    globex.say(BAKERY, Topic.DEAL, Step.REGISTERED)
    acme.say(QUILLSTONE, Topic.DEAL, Step.REGISTERED)
    settle(acme, globex)
    rows = [
        {"deal_id": "D1", "account_id": "a1", "amount": 100.0, "currency": "EUR", "outcome": "open",
         "created": (NOW + timedelta(days=7)).date(), "row": "1"},
        {"deal_id": "D2", "account_id": "a2", "amount": 100.0, "currency": "EUR", "outcome": "won", "row": "2",
         "created": date(2026, 1, 1), "closed": date(2026, 2, 1)},
    ]  # fmt: skip
    deals = DealList(pa.Table.from_pylist(rows, schema=DEAL_SCHEMA), source="deals.csv")
    save_deals(acme.workspace, deals, NOW + timedelta(days=30))


def test_both_sides_have_the_same_registrations_and_the_credit_follows_the_agreed_rule(
    talking: tuple[Talker, Talker], tmp_path: Path
) -> None:
    acme, globex = talking
    register(acme, globex)
    agree(acme, globex, InfluenceRules())
    acme_folder, globex_folder = (each.workspace.folder for each in talking)
    ours = rows_of(accountmap("-w", acme_folder, "feed", "deals", "--with", "globex", cwd=tmp_path).stdout)
    theirs = rows_of(accountmap("-w", globex_folder, "feed", "deals", "--with", "acme", cwd=tmp_path).stdout)
    same = ("Number", "Registered by", "Registered on", "State")
    assert len(ours) == 2
    for both in ours, theirs:
        both.sort(key=lambda row: row["Number"])
    assert [[row[name] for name in same] for row in ours] == [[row[name] for name in same] for row in theirs]
    assert {row["Counts"] for row in ours + theirs} == {"yes"}
    credited = {row["Registered by"]: (row["Deal"], row["Credit"], row["Credit rule"]) for row in ours}
    digest = credit_rule(InfluenceRules()).digest
    assert credited == {"Globex Data": ("D1", "sourced", digest), "Acme Cloud": ("", "", "")}
    (acme_folder / "influence.toml").write_text('[partners]\n"Globex Data" = "Globex"\n', "utf-8")
    named = rows_of(accountmap("-w", acme_folder, "feed", "deals", "--with", "globex", cwd=tmp_path).stdout)
    assert sorted(named, key=lambda row: row["Number"]) == ours, "the rule calls the partner by another name"
    assert "Initech" not in json.dumps(ours + theirs)


def test_another_partner_is_in_no_file_of_one_partner(talking: tuple[Talker, Talker], tmp_path: Path) -> None:
    acme, globex = talking
    register(acme, globex)
    save_profile(acme.workspace, "globex-data", PartnerProfile(types=("reseller",), tier="gold"))
    own = acme.workspace.folder
    for kind in ("deals", "campaign", "learners"):
        text = accountmap("-w", own, "feed", kind, "--with", "globex", "--names", "--json", cwd=tmp_path).stdout
        document = json.loads(text)
        jsonschema.validate(document, feed_schema(kind))
        assert document["partner"] == "Globex Data"
        assert "Initech" not in text
    everybody = rows_of(accountmap("-w", own, "feed", "partners", cwd=tmp_path).stdout)
    assert {row["Name"] for row in everybody} == {"Globex Data", "Initech Systems"}
    assert {row["Name"]: row["Partner tier"] for row in everybody}["Globex Data"] == "gold"
    accountmap("-w", own, "feed", "partners", "--with", "globex", cwd=tmp_path, check=2)
    accountmap("-w", own, "feed", "campaign", cwd=tmp_path, check=2)


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise, before Python 3.13
def test_what_is_sent_is_counted_and_named_only_if_asked_and_in_the_ledger(
    talking: tuple[Talker, Talker],
    tmp_path: Path,
    receiver: Any,  # noqa: F811 the fixture
) -> None:
    acme, globex = talking
    register(acme, globex)
    own, address = acme.workspace.folder, f"json://127.0.0.1:{receiver.server_port}/s3cret"
    said = accountmap("-w", own, "feed", "campaign", "--with", "globex", "--send", address, cwd=tmp_path)
    assert "counted only" in said.stderr
    assert "s3cret" not in said.stderr + said.stdout
    message = json.loads(receiver.got[0][1])["message"]
    document = json.loads(message)
    jsonschema.validate(document, feed_schema("campaign"))
    assert document["rows"] == sum(document["counts"]["Segment"].values()) > 0
    assert "records" not in document
    assert not any(name in message for name in NAMES)
    accountmap("-w", own, "feed", "campaign", "--with", "globex", "--names", "--send", address, cwd=tmp_path)
    named = json.loads(json.loads(receiver.got[1][1])["message"])
    jsonschema.validate(named, feed_schema("campaign"))
    assert len(named["records"]) == named["rows"]
    accountmap("-w", own, "feed", "partners", "--send", address, cwd=tmp_path)
    receiver.status = 500
    accountmap("-w", own, "feed", "deals", "--with", "globex", "--send", address, cwd=tmp_path, check=6)
    entries = [each.facts for each in acme.workspace.ledger().entries if each.facts["event"] == "feed"]
    assert [(each["feed"], each["partner"], each["names"]) for each in entries] == [
        ("campaign", "Globex Data", False),
        ("campaign", "Globex Data", True),
        ("partners", "Globex Data", False),
        ("partners", "Initech Systems", False),
        ("deals", "Globex Data", False),
    ], "also what then did not arrive everywhere"
    shown = accountmap("-w", own, "ledger", "show", "--with", "globex", cwd=tmp_path).stdout
    assert "You sent the feed campaign: " in shown
    assert "with names" in shown


def test_text_from_outside_is_no_formula_and_people_are_listed_once() -> None:
    found = one_account_map()
    hostile = "=cmd|' /C calc'!A0"
    rows = found.overlap.num_rows
    overlap = found.overlap
    for name, value in (("their_owner_email", "Ann@Globex.example"), ("their_owner_name", f"{hostile} Lee")):
        at = overlap.column_names.index(name)
        overlap = overlap.set_column(at, overlap.schema.field(name), pa.array([value] * rows, pa.string()))
    slug = portfolio().partners["partner"][0].as_py()
    table = learners_feed(replace(found, overlap=overlap), slug, portfolio())
    (person,) = table.to_pylist()
    assert (person["username"], person["cohort1"]) == ("ann@globex.example", f"partner-{slug}")
    (written,) = rows_of(b"".join(to_csv(table)).decode())
    assert written["firstname"].startswith("'=")
    campaign = campaign_feed(found, "701")
    assert campaign.num_rows == found.campaign.num_rows
    assert set(campaign["CampaignId"].to_pylist()) <= {"701"}
    assert campaign["Company"].to_pylist() == found.campaign["name"].to_pylist()


def sample(kind: str) -> list[dict[str, str]]:
    return rows_of((SAMPLES / f"{kind}.csv").read_text("utf-8"))


MOODLE = {"username", "email", "institution", "department", "firstname", "lastname"}
"""Of the fields of tool_uploaduser that are used here; it also takes cohort and a number."""

SALESFORCE = {"CampaignId": "701", "AccountId": "001"}
"""What can be set of a campaign member that is an account, and how ids of what it refers to begin."""

SERVICENOW = {
    "deals": {"Number", "Channel partner", "State", "Account", "Estimated deal size"},
    "partners": {"Name", "Enterprise partner manager", "Partner manager"},
}
TAKEN = {"Status", "Type", "Active", "Company", "Business function", "Submitted by", "Description", "Contact"}
"""Labels of these tables that mean something else than anything here."""


def check_as_moodle(rows: list[dict[str, str]]) -> None:
    """Refuse what Moodle refuses when users are uploaded."""
    for row in rows:
        assert {name for name in row if not re.fullmatch(r"cohort\d+", name)} <= MOODLE
        assert row["firstname"] and row["lastname"] and "@" in row["email"]
        assert re.fullmatch(r"[-.@_a-z0-9]+", row["username"]), "an invalid user name"
    assert len({row["username"] for row in rows}) == len(rows)


def test_samples_are_what_the_systems_take() -> None:
    check_as_moodle(sample("learners"))
    for row in sample("campaign"):
        for name, begin in SALESFORCE.items():
            assert row[name].startswith(begin) and row[name] == with_check_letters(row[name])
    for kind, labels in SERVICENOW.items():
        columns = set(FEEDS[kind].columns)
        assert labels <= columns and not TAKEN & columns


def with_check_letters(identifier: str) -> str:
    """Make the 18 characters of a Salesforce id: five letters each give one that says which are capitals."""
    parts = [identifier[at : at + 5] for at in (0, 5, 10)]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    return identifier[:15] + "".join(letters[sum(c.isupper() << n for n, c in enumerate(part))] for part in parts)


def test_addresses_that_are_no_user_names_are_made_ones() -> None:
    found = one_account_map()
    shown = found.overlap
    for name, value in (("their_owner_email", "Jürgen+CRM o'X@Globex.example"), ("their_owner_name", "Jürgen")):
        at = shown.column_names.index(name)
        shown = shown.set_column(at, shown.schema.field(name), pa.array([value] * shown.num_rows, pa.string()))
    slug = portfolio().partners["partner"][0].as_py()
    table = learners_feed(replace(found, overlap=shown), slug, portfolio())
    check_as_moodle(rows_of(b"".join(to_csv(table)).decode()))


@pytest.mark.parametrize("kind", FEEDS)
def test_every_feed_has_a_sample_and_every_column_is_documented(kind: str, tmp_path: Path) -> None:
    for name, about in FEEDS[kind].columns.items():
        assert f"| `{name}` | {about} |" in PAGE
    with (SAMPLES / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(FEEDS[kind].columns)
    document = json.loads((SAMPLES / f"{kind}.json").read_text("utf-8"))
    jsonschema.validate(document, feed_schema(kind))
    own, partner = document["own_name"], document["partner"]
    table = FEEDS[kind].table([{k: v or None for k, v in row.items()} for row in rows])
    assert (
        feed_document(kind, own, partner, NOW, table, names="records" in document) | {"made": document["made"]}
        == document
    )
    assert json.loads(accountmap("feed", kind, "--schema", cwd=tmp_path).stdout) == feed_schema(kind)
