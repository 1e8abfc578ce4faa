"""The import files keep to the rules of the programs that take them in."""

import csv
import io
import re
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from accountmap.account_map import PLAYS, SHARED_COLUMNS, AccountMap, build_map
from accountmap.accounts.schema import SEGMENTS
from accountmap.report.crm import EXPORTS, hubspot_companies, linkedin_audience, salesforce_accounts, sellers_list
from accountmap.report.files import to_csv
from tests.account_map.examples import account_list, one_account_map, prepared_list, session
from tests.report.hostile import HOSTILE

SALESFORCE_15, SALESFORCE_18 = "001Qw0000000001", "001Qw0000000001AAA"


def shared(rows: list[dict[str, Any]], their_segments: list[str], **shown: list[str | None]) -> AccountMap:
    """A map in which every account is shared, in this order of entities."""
    accounts = account_list(rows)
    matches = [{"entity": i, "their_segment": theirs} for i, theirs in enumerate(their_segments)]
    return build_map(accounts, prepared_list(accounts), session(matches, shown))


def every_cell() -> AccountMap:
    cells = list(PLAYS)
    rows = [{"account_id": str(i), "name": f"{a} {b}", "segment": a} for i, (a, b) in enumerate(cells)]
    return shared(rows, [theirs for _, theirs in cells])


def test_salesforce_updates_by_id_and_creates_nothing() -> None:
    ids = [SALESFORCE_15, SALESFORCE_18, "42", "003Qw0000000001", "", "001Qw000000000", f"x{SALESFORCE_15}"]
    rows = [{"account_id": account_id, "name": "Tern"} for account_id in ids]
    table = salesforce_accounts(shared(rows, ["customer"] * len(ids)))
    assert sorted(table["Id"].to_pylist()) == [SALESFORCE_15, SALESFORCE_18]
    assert table.column_names[0] == "Id"


def test_hubspot_updates_by_record_id_and_creates_nothing() -> None:
    ids = ["18000078181", "7", SALESFORCE_15, "-5", "1e5", "١٢"]
    rows = [{"account_id": account_id, "name": "Tern"} for account_id in ids]
    table = hubspot_companies(shared(rows, ["customer"] * len(ids)))
    assert sorted(table["Record ID"].to_pylist()) == ["18000078181", "7"]
    assert table.column_names[0] == "Record ID"


def test_salesforce_headings_are_field_names() -> None:
    names = salesforce_accounts(one_account_map()).column_names
    assert all(re.fullmatch(r"[A-Za-z](_?[A-Za-z0-9])*__c", name) for name in names[1:])
    assert len({name.lower() for name in names}) == len(names)


@pytest.mark.parametrize("export", [salesforce_accounts, hubspot_companies])
def test_a_crm_file_says_what_the_partner_has_and_nothing_else(export: Any) -> None:
    account_id = SALESFORCE_15 if export is salesforce_accounts else "18000078181"
    shown = {"owner_name": "Ines Duarte", "owner_email": "ines@contoso.example"}
    table = export(one_account_map(shown, account_id=account_id, name="Tern", owner_name="Maya", amount=4.0))
    (row,) = table.to_pylist()
    assert list(row.values()) == [
        account_id,
        "Contoso",
        "customer",
        "ask for an introduction",
        "Ines Duarte",
        "ines@contoso.example",
        "0" * 32,
        "2026-03-02",
    ]


def test_linkedin_takes_the_columns_of_its_template() -> None:
    first = b"".join(to_csv(linkedin_audience(every_cell()))).decode().splitlines()[0]
    assert first == (
        "companyname,companywebsite,companyemaildomain,linkedincompanypageurl,stocksymbol,"
        "industry,city,state,companycountry,zipcode"
    )


def test_a_campaign_leaves_open_deals_and_joint_customers_to_others() -> None:
    names = set(linkedin_audience(every_cell())["companyname"].to_pylist())
    assert names == {"prospect prospect", "customer prospect", "prospect customer"}


def test_a_company_is_on_the_audience_once_as_linkedin_writes_it() -> None:
    rows = [
        {"account_id": "1"},
        {"account_id": "2", "name": "Tern", "website": "https://www.tern-invented.com/de", "country": "Germany"},
        {"account_id": "3", "name": "Tern Ltd"},
    ]
    accounts = account_list(rows)
    prepared = prepared_list(accounts, [("1", "2", "3")])
    table = linkedin_audience(build_map(accounts, prepared, session([{"entity": 0, "their_segment": "customer"}])))
    (row,) = table.to_pylist()
    assert (row["companyname"], row["companywebsite"]) == ("Tern", "https://www.tern-invented.com/de")
    assert (row["companyemaildomain"], row["companycountry"]) == ("tern-invented.com", "DE")


def test_each_seller_has_his_accounts_together_in_their_order() -> None:
    owners = ["Tom Okafor", None, "Maya Lindqvist"]
    rows = [
        {"account_id": str(i), "name": f"Tern {i}", "owner_name": owners[i % 3], "segment": SEGMENTS[i % 2]}
        for i in range(9)
    ]
    account_map = shared(rows, ["customer"] * 9)
    table = sellers_list(account_map)
    assert table["Owner"].to_pylist() == ["Maya Lindqvist"] * 3 + ["Tom Okafor"] * 3 + [None] * 3
    ranked = account_map.overlap["account_id"].to_pylist()
    for first in (0, 3, 6):
        places = [ranked.index(account_id) for account_id in table["Account ID"].to_pylist()[first : first + 3]]
        assert places == sorted(places)


def test_a_seller_reads_what_to_do() -> None:
    told = {
        (r["Your segment"], r["Their segment"]): r["What to do"] for r in sellers_list(every_cell()).to_pylist()
    }
    assert told == {cell: play.sentence for cell, play in PLAYS.items()}


def test_a_seller_can_copy_the_command() -> None:
    commands = {
        (r["Your segment"], r["Their segment"]): r["Command"] for r in sellers_list(every_cell()).to_pylist()
    }
    match = every_cell().overlap["match_id"][0].as_py()[:8]
    assert {(cell, (command or "").rpartition(" --match")[0]) for cell, command in commands.items()} == {
        (("opportunity", "customer"), "accountmap introduce ask --with contoso"),
        (("prospect", "customer"), "accountmap introduce ask --with contoso"),
        (("customer", "opportunity"), "accountmap introduce offer --with contoso"),
        (("customer", "prospect"), "accountmap introduce offer --with contoso"),
        (("opportunity", "opportunity"), "accountmap deal register --with contoso"),
        *((cell, "") for cell in PLAYS if PLAYS[cell].introduces == "" and cell != ("opportunity",) * 2),
    }
    assert any(command and command.endswith(f"--match {match}") for command in commands.values())


def test_a_partners_name_does_nothing_in_any_shell() -> None:
    named = replace(every_cell(), partner_name="Globex & calc.exe & Co; `id` %PATH% $(id) 'x\"")
    commands = [command for command in sellers_list(named)["Command"].to_pylist() if command]
    assert commands
    for command in commands:
        assert re.fullmatch(
            r"accountmap [a-z ]+ --with globex-calc-exe-co-id-path-id-x --match [0-9a-f]+", command
        )


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_harmless_cells(export: Any, text: str) -> None:
    shown = dict.fromkeys(SHARED_COLUMNS, text)
    own = dict.fromkeys(("name", "website", "country", "city", "industry", "owner_name"), text)
    account_map = one_account_map(shown, account_id=SALESFORCE_15, **own)
    rows = list(csv.reader(io.StringIO(b"".join(to_csv(export(account_map))).decode(), newline="")))
    assert len(rows) == (1 if export is hubspot_companies else 2)
    for cell in rows[-1]:
        assert not cell.startswith(("=", "+", "-", "@"))
        assert cell.isprintable()


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_an_empty_map_makes_an_empty_file(export: Any) -> None:
    accounts = account_list([])
    table: pa.Table = export(build_map(accounts, prepared_list(accounts), session([])))
    assert table.num_rows == 0
    assert b"".join(to_csv(table)).count(b"\r\n") == 1
