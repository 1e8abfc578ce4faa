"""Deals as CRMs export them, and lists of touches."""

import sqlite3
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from accountmap.accounts.deal_findings import account_rows, count_outcomes, deal_findings
from accountmap.accounts.deals import DEALS, DealOptions, read_deals, read_deals_sql, read_touches
from accountmap.accounts.headings import choose_columns
from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList, DealList
from accountmap.errors import InputError

TODAY = date(2026, 6, 1)

SALESFORCE = """Opportunity ID,Opportunity Name,Account ID,Account Name,Amount,Amount Currency,Created Date,\
Close Date,Stage,Won,Closed,Lead Source,Primary Partner
006A,New roof,0015g00000ABCDEAAX,Northwood,"1,200.50",EUR,2025-01-03,2025-05-01,Closed Won,1,1,Partner,Globex
006B,Old roof,0015g00000ABCDF,Silverpine,300,EUR,2025-02-03,2026-06-09,Negotiation/Review,0,0,Web,
006C,No roof,0015g00000ABCDG,Quillstone,,,2025-02-03,2025-04-09,Closed Lost,0,1,,
Grand Total,,,,1500.50,,,,,,,,
"""
HUBSPOT = """Record ID - Deal,Deal Name,Associated Company IDs,Amount in company currency,Create Date,Close Date,\
Deal Stage,Is Closed Won,"Date entered ""Contract Sent (Sales Pipeline)""\",Original Traffic Source
9,Nine,77;78,1200,2025-01-03 10:00,2025-05-01 11:00,Ja klar,true,2025-03-01 09:00,Offline Sources
10,Ten,79,80,2025-01-04 10:00,2025-05-02 11:00,closedlost,false,,Organic Search
"""
DYNAMICS_DE = """(Nicht ändern) Verkaufschance;(Nicht ändern) Zeilenprüfsumme;Thema;Potenzieller Kunde;\
Gesch. Umsatz;Tatsächlicher Umsatz;Währung;Erstellt am;Tatsächliches Abschlussdatum;Status
a-1;x;Dach;Northwood;5.000,00 €;4.500,00 €;Euro;03.01.2025;01.05.2025;Gewonnen
a-2;x;Tor;Silverpine;700,00 €;;Euro;13.01.2025;;Offen
"""
PIPEDRIVE = """Deal - ID,Deal - Title,Deal - Organization,Deal - Value,Deal - Currency of Value,\
Deal - Deal created,Deal - Won time,Deal - Lost time,Deal - Status,Deal - Stage
1,One,Northwood,10,USD,2025-01-01 10:00:00,2025-02-01 10:00:00,,Won,Proposal
2,Two,Silverpine,20,USD,2025-01-01 10:00:00,,2025-03-01 10:00:00,Lost,Proposal
"""
ZOHO = """Record Id,Deal Name,Account Name,Account Name.id,Amount,Closing Date,Created Time,Stage,Lead Source,\
Deal Owner
zcrm_1,One,Northwood,zcrm_9,"₹1,00,000",2025-02-01,2025-01-01 10:00:00,Closed Lost to Competition,Partner,Ann
"""
JAPANESE = """商談 ID,商談名,取引先名,金額,作成日,完了予定日,フェーズ,リードソース
1,屋根,ノースウッド,￥1200,2025/01/03,2025/05/01,受注,パートナー
"""


def read(folder: Path, text: str, options: DealOptions = DealOptions()) -> DealList:  # noqa: B008 it cannot change
    file = folder / "deals.csv"
    file.write_text(text, encoding="utf-8")
    return read_deals(file, options)


def rows(deals: DealList, *names: str) -> list[tuple[object, ...]]:
    return list(zip(*(deals.table[name].to_pylist() for name in names), strict=True))


def test_an_export_of_salesforce_is_read(tmp_path: Path) -> None:
    deals = read(tmp_path, SALESFORCE)
    assert rows(deals, "deal_id", "amount", "currency", "outcome", "closed", "source", "partner", "row") == [
        ("006A", 1200.5, "EUR", "won", date(2025, 5, 1), "Partner", "Globex", "2"),
        ("006B", 300.0, "EUR", "open", None, "Web", None, "3"),
        ("006C", None, None, "lost", date(2025, 4, 9), None, None, "4"),
    ]
    assert "Rows of totals, which are not accounts, left out: 1." in deals.notes


def test_an_export_of_hubspot_is_read_with_its_stages(tmp_path: Path) -> None:
    deals = read(tmp_path, HUBSPOT, DealOptions(currency="EUR"))
    assert rows(deals, "deal_id", "account_id", "outcome", "currency") == [
        ("9", "77", "won", "EUR"),
        ("10", "79", "lost", "EUR"),
    ]
    assert deals.stages.to_pylist() == [{"deal_id": "9", "stage": "Contract Sent", "entered": date(2025, 3, 1)}]


def test_the_form_of_a_public_sample_is_read_as_it_comes(tmp_path: Path) -> None:
    """The headings and gaps of "CRM Sales Opportunities" (Maven Analytics), with other rows."""
    deals = read(
        tmp_path,
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
        "1A,Ada Wong,Basic,Northwood,Won,2016-10-20,2017-03-01,1054\n"
        "2B,Bo Lind,Pro,Silverpine,Lost,2017-01-02,2017-04-05,0\n"
        "3C,Bo Lind,Pro,Northwood,Engaging,2017-05-06,,\n"
        "4D,Ada Wong,Basic,,Prospecting,,,\n",
        DealOptions(currency="USD"),
    )
    assert rows(deals, "deal_id", "account_name", "outcome", "created", "closed", "amount", "owner_name") == [
        ("1A", "Northwood", "won", date(2016, 10, 20), date(2017, 3, 1), 1054.0, "Ada Wong"),
        ("2B", "Silverpine", "lost", date(2017, 1, 2), date(2017, 4, 5), 0.0, "Bo Lind"),
        ("3C", "Northwood", "open", date(2017, 5, 6), None, None, "Bo Lind"),
        ("4D", None, "open", None, None, None, "Ada Wong"),
    ]


def test_the_actual_amount_comes_before_the_expected_one(tmp_path: Path) -> None:
    deals = read(tmp_path, DYNAMICS_DE)
    assert rows(deals, "name", "amount", "currency", "outcome", "closed") == [
        ("Dach", 4500.0, "EUR", "won", date(2025, 5, 1)),
        ("Tor", 700.0, "EUR", "open", None),
    ]


def test_the_day_of_losing_is_the_day_of_closing(tmp_path: Path) -> None:
    deals = read(tmp_path, PIPEDRIVE)
    assert rows(deals, "outcome", "closed", "account_name") == [
        ("won", date(2025, 2, 1), "Northwood"),
        ("lost", date(2025, 3, 1), "Silverpine"),
    ]


def test_zoho_and_japanese_headings_are_read(tmp_path: Path) -> None:
    zoho = read(tmp_path, ZOHO)
    assert rows(zoho, "account_id", "amount", "currency", "outcome") == [("zcrm_9", 100_000.0, "INR", "lost")]
    japanese = read(tmp_path, JAPANESE.replace("￥", ""), DealOptions(currency="JPY"))
    assert rows(japanese, "name", "amount", "created", "outcome") == [("屋根", 1200.0, date(2025, 1, 3), "won")]


@pytest.mark.parametrize("system", DEALS.known)
def test_every_heading_is_read_as_its_column(system: str) -> None:
    preset = system if system in DEALS.presets else None
    for column, headings in DEALS.known[system].items():
        for heading in headings:
            mapping = {} if column in DEALS.identifying else {"account_name": "Whose"}
            source = choose_columns(["Whose", heading], mapping, preset, kind=DEALS).source
            assert source[column] == heading, (system, column, heading)


@pytest.mark.parametrize(
    ("columns", "outcome"),
    [
        ({"Status": "Gewonnen"}, "won"),
        ({"Status": "Perdue"}, "lost"),
        ({"Stage": "Closed Won", "Is Closed": "true", "Is Won": "false"}, "won"),
        ({"Stage": "Proposal", "Is Won": "true"}, "won"),
        ({"Stage": "Proposal", "Is Closed": "true", "Is Won": "false"}, "lost"),
        ({"Stage": "Proposal", "Is Closed": "false"}, "open"),
        ({"Stage": "Auftrag"}, "won"),
        ({"Status": "Kaputt"}, "open"),
    ],
)
def test_won_lost_or_open_is_found_out(tmp_path: Path, columns: dict[str, str], outcome: str) -> None:
    text = f"Deal ID,Company,{','.join(columns)}\n1,Northwood,{','.join(columns.values())}\n"
    deals = read(tmp_path, text, DealOptions(outcomes={"auftrag": "won"}))
    assert deals.table["outcome"].to_pylist() == [outcome]
    assert ("Kaputt" in columns.values()) == ("unknown_outcome" in {remark.kind for remark in deals.remarks})


def test_a_deal_that_stands_several_times_is_kept_once(tmp_path: Path) -> None:
    text = "Deal ID,Company,Amount,Product\n1,Northwood,10,Nails\n1,Northwood,20,Screws\n2,Silverpine,5,Nails\n"
    deals = read(tmp_path, text)
    assert rows(deals, "deal_id", "amount") == [("1", 10.0), ("2", 5.0)]
    (remark,) = deals.remarks
    assert (remark.kind, remark.count) == ("repeated_deal", 1)
    assert "In 1 of them the amount differs" in remark.what


def test_deals_are_read_from_a_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "crm.db") as database:
        database.execute("CREATE TABLE d (deal_id TEXT, customer_id TEXT, amount REAL, status TEXT, created TEXT)")
        database.execute("INSERT INTO d VALUES ('1', 'A', 10.5, 'won', '2025-01-01')")
    deals = read_deals_sql("SELECT * FROM d", f"sqlite:///{tmp_path / 'crm.db'}")
    assert rows(deals, "deal_id", "account_id", "amount", "outcome") == [("1", "A", 10.5, "won")]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("Deal ID,Amount\n1,2\n", DealOptions(), "which account"),
        ("Deal ID,Company\n", DealOptions(), "no deals"),
        ("Deal ID,Company\n1,A\n", DealOptions(outcomes={"x": "victory"}), "no outcome 'victory'"),
        ("Deal ID,Company\n1,A\n", DealOptions(stage_dates={"Sent": "Nowhere"}), "no such heading"),
        ("Deal ID,Company\n1,A\n", DealOptions(mapping={"worth": "Company"}), "no column 'worth'"),
        ("Deal ID,Company\n1,A\n", DealOptions(currency="shells"), "no currency"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, text: str, options: DealOptions, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, text, options)


def accounts(*rows: dict[str, str]) -> AccountList:
    table = pa.Table.from_pylist([{"segment": "prospect", **row} for row in rows], schema=ACCOUNT_SCHEMA)
    return AccountList(table, pa.table({}))


def test_an_account_is_found_by_id_or_by_a_name_that_only_one_has() -> None:
    own = accounts(
        {"account_id": "0015g00000ABCDEAAX", "name": "Northwood"},
        {"account_id": "B", "name": "Twin"},
        {"account_id": "C", "name": "Twin"},
        {"account_id": "D", "name": "Silverpine"},
    )
    deals = pa.table(
        {
            "account_id": pa.array(["0015g00000ABCDE", None, None, "B", "gone"], pa.string()),
            "account_name": pa.array([None, "TWIN", "silverpine", "Silverpine", None], pa.string()),
        }
    )
    assert account_rows(deals, own.table).to_pylist() == [0, None, 3, 1, None]


def test_the_findings_name_what_spoils_a_number(tmp_path: Path) -> None:
    text = """Deal ID,Account ID,Amount,Created,Closed,Status
1,A,10 EUR,2025-03-01,2025-02-01,Won
2,A,-5 EUR,2025-03-01,2025-04-01,Won
3,A,,2020-03-01,,Open
4,Z,7,,2027-01-01,Won
5,A,7 USD,2025-03-01,,Won
"""
    deals = read(tmp_path, text)
    found = {r.kind: r.count for r in deal_findings(deals, accounts({"account_id": "A"}), TODAY)}
    assert found == {
        "no_outcome": 5,
        "created_missing": 1,
        "closed_missing": 1,
        "closed_before_created": 1,
        "in_future": 1,
        "old_open": 1,
        "amount_missing": 1,
        "amount_negative": 1,
        "currencies": 4,
        "account_unknown": 1,
        "no_partner_fields": 5,
    }
    assert count_outcomes(deals) == {"won": 4, "lost": 0, "open": 1}


def test_touches_are_read_and_those_that_are_not_whole_left_out(tmp_path: Path) -> None:
    file = tmp_path / "touches.csv"
    file.write_text(
        "Opportunity;Partner;Art;Datum;Aktivitäts-ID\n006A;Globex;Meeting;03.04.2025;T1\n;;;;\n"
        "006B;Globex;Call;;T2\n",
        encoding="utf-8",
    )
    (row,) = read_touches(file).to_pylist()
    assert row == {
        "deal_id": "006A",
        "account_id": None,
        "partner": "Globex",
        "kind": "Meeting",
        "date": date(2025, 4, 3),
        "record": "touches.csv, row 2, T1",
    }
    file.write_text("Partner,Date\nGlobex,2025-01-01\n")
    with pytest.raises(InputError, match="needs columns"):
        read_touches(file)
    file.write_text("Deal ID,Partner,Type,Date\n1,,Call,2025-01-01\n2,Globex,Call,\n")
    with pytest.raises(InputError, match="No row"):
        read_touches(file)
