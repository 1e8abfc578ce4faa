"""Amounts have a currency, own turnover is not an open amount, and mixed currencies are remarked on."""

import pyarrow as pa
import pytest

from accountmap.accounts.amounts import CODES, currency_code, heading_currency
from accountmap.accounts.read import read_accounts
from accountmap.accounts.schema import AccountList, currencies
from accountmap.errors import InputError
from tests.accounts.conftest import ReadText


def of(accounts: AccountList) -> list[str | None]:
    return list(accounts.table["currency"].to_pylist())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("EUR", "EUR"),
        ("eur", "EUR"),
        ("EUR - Euro", "EUR"),
        ("US Dollar (USD)", "USD"),
        ("€", "EUR"),
        ("US$", "USD"),
        ("$", "USD"),
        ("kr", None),
        ("EUR USD", None),
        ("Acme", None),
        ("ABC", None),
        ("Schweizer Franken", "CHF"),
    ],
)
def test_currencies_are_read(text: str, code: str | None) -> None:
    assert currency_code(text) == code


def test_the_codes_are_those_of_iso_4217() -> None:
    assert {"EUR", "USD", "GBP", "JPY", "CNY", "CHF"} <= CODES
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CODES)


@pytest.mark.parametrize(
    ("heading", "code"),
    [("Amount (EUR)", "EUR"), ("Umsatz in €", "EUR"), ("Betrag [CHF]", "CHF"), ("Amount", None)],
)
def test_headings_name_currencies(heading: str, code: str | None) -> None:
    assert heading_currency(heading) == code


def test_own_turnover_is_no_amount(read_text: ReadText) -> None:
    accounts = read_text("Accountname,Jahresumsatz,Betrag\nAcme,1000000,5\n")
    assert accounts.table.select(["amount", "annual_revenue"]).to_pylist() == [
        {"amount": 5.0, "annual_revenue": 1000000.0}
    ]
    assert read_text("Account Name,Annual Revenue\nAcme,9\n").table["amount"].to_pylist() == [None]


def test_the_column_goes_before_the_cell_the_heading_and_the_users_word(read_text: ReadText) -> None:
    text = "Name,Amount (CHF),Currency\nAcme,1 €,USD\nGlobex,2 €,\nInitech,3,\n"
    assert of(read_text(text, currency="GBP")) == ["USD", "EUR", "CHF"]
    assert of(read_text("Name,Amount\nAcme,1\n", currency="gbp")) == ["GBP"]
    assert of(read_text("Name,Amount\nAcme,1\n")) == [None]


def test_a_lone_dollar_sign_is_what_the_user_says(read_text: ReadText) -> None:
    text = "Name,Amount\nAcme,$1\nGlobex,US$ 2\n"
    assert of(read_text(text)) == ["USD", "USD"]
    assert of(read_text(text, currency="CAD")) == ["CAD", "USD"]


def test_mixed_currencies_are_remarked_on(read_text: ReadText) -> None:
    accounts = read_text("Name,Amount\nAcme,1 €\nGlobex,$2\nInitech,3 €\nHooli,4\nUmbrella,\n")
    (remark,) = [each for each in accounts.remarks if each.kind == "mixed_currencies"]
    assert (remark.count, remark.examples) == (4, ("EUR: 2", "unknown: 1", "USD: 1"))
    assert currencies(accounts.table) == ("EUR", "", "USD")


@pytest.mark.parametrize("text", ["Name,Amount\nAcme,1 €\nGlobex,\n", "Name,Amount\nAcme,1\nGlobex,2\n"])
def test_one_currency_or_none_is_no_remark(read_text: ReadText, text: str) -> None:
    assert "mixed_currencies" not in {remark.kind for remark in read_text(text).remarks}


def test_rows_of_one_account_are_not_mixed(read_text: ReadText) -> None:
    accounts = read_text("Account ID,Name,Amount\n1,Acme,1 €\n1,Acme,$900\n1,Acme,5 €\n")
    assert accounts.table.select(["amount", "currency"]).to_pylist() == [{"amount": 5.0, "currency": "EUR"}]
    assert any("in another currency than the account's first row, left out: 1" in note for note in accounts.notes)


def test_an_unknown_currency_is_refused(read_text: ReadText) -> None:
    with pytest.raises(InputError, match="no currency 'Taler'"):
        read_text("Name\nAcme\n", currency="Taler")


def test_amounts_that_are_numbers_have_no_sign() -> None:
    accounts = read_accounts(pa.table({"name": ["Acme"], "amount": [1.5], "currency": ["SEK"]}))
    assert of(accounts) == ["SEK"]
