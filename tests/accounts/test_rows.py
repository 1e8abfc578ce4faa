"""Rows that are not accounts are left out, with a note; what is one stays."""

import pytest

from accountmap.accounts.schema import AccountList
from tests.accounts.conftest import ReadText


def names(accounts: AccountList) -> list[str]:
    return [str(name) for name in accounts.table["name"].to_pylist()]


def has_note(accounts: AccountList, beginning: str) -> bool:
    return any(note.startswith(beginning) for note in accounts.notes)


@pytest.mark.parametrize(
    "word",
    [
        *(
            "Total",
            "TOTAL:",
            "Grand Total",
            "Grand total (2 records)",
            "Subtotal",
            "Gesamtsumme",
            "Summe",
            "Insgesamt",
        ),
        *(
            "Total général",
            "Somme",
            "Suma",
            "Total general",
            "Totale complessivo",
            "Totaal",
            "Razem",
            "Итого",
            "合計",
        ),
        *("总计", "총합계", "Toplam", "Összesen", "Celkem", "Yhteensä", "Record Count"),
    ],
)
def test_a_row_of_totals_is_no_account(read_text: ReadText, word: str) -> None:
    accounts = read_text(f"Account Name,Website,Amount\nAcme,acme.com,1\nGlobex,globex.com,2\n{word},,3\n")
    assert names(accounts) == ["Acme", "Globex"]
    assert has_note(accounts, "Rows of totals, which are not accounts, left out: 1.")


def test_the_word_for_total_may_stand_in_the_column_of_ids(read_text: ReadText) -> None:
    accounts = read_text("Account ID,Account Name,Amount\n1,Acme,1\nGrand Total,,1\n")
    assert names(accounts) == ["Acme"]


def test_sums_between_the_accounts_are_left_out_too(read_text: ReadText) -> None:
    rows = "".join(f"Acme {at},1\n" for at in range(9))
    accounts = read_text(f"Account Name,Amount\n{rows}Zwischensumme,9\n{rows}Zwischensumme,9\n")
    assert len(accounts) == 18


@pytest.mark.parametrize(
    "row",
    [
        ",Total,total.com,",  # a website
        "7,Total,,",  # an id
        ",Total SE,,5",
        ",Total,,France",  # not a number
        ",Total Gym,,5",
    ],
)
def test_a_company_of_that_name_stays(read_text: ReadText, row: str) -> None:
    accounts = read_text(f"Account ID,Account Name,Website,Amount\n1,Acme,acme.com,5\n{row}\n")
    assert len(accounts) == 2


def test_a_lone_word_for_total_is_left_out_at_the_end_only(read_text: ReadText) -> None:
    rows = "".join(f"Acme {at},1\n" for at in range(9))
    accounts = read_text(f"Account Name,Amount\nTotal,\n{rows}")
    assert names(accounts)[0] == "Total"


def test_rows_that_repeat_the_headings_are_left_out_with_their_title(read_text: ReadText) -> None:
    accounts = read_text(
        "Firma,Web,Land\nAcme,acme.de,DE\nInteressenten,,\nFIRMA,Web ,Land\nGlobex,globex.fr,FR\n"
    )
    assert names(accounts) == ["Acme", "Globex"]
    assert has_note(accounts, "Rows that repeat the headings, left out: 1.")
    assert has_note(accounts, "Titles above such rows, left out: 1.")


def test_a_company_that_is_called_like_a_heading_stays(read_text: ReadText) -> None:
    assert names(read_text("Name,Website\nName,name.com\nAcme,acme.com\n")) == ["Name", "Acme"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ('Account ID,Name\n="007",Acme\n="008",Globex\n', ["007", "008"]),
        ('Account ID,Name\n"=""007""",Acme\n"= ""00,8""",Globex\n', ["007", "00,8"]),
        ("Account ID,Name\n'007,Acme\n'008,Globex\n", ["007", "008"]),
        ("Account ID,Name\n'007,Acme\na8,Globex\na9,Initech\n", ["007", "a8", "a9"]),
        ("Account ID,Name\n'A7,Acme\n'A8,Globex\nA9,Initech\n", ["A7", "A8", "A9"]),
    ],
)
def test_ids_are_unwrapped(read_text: ReadText, text: str, ids: list[str]) -> None:
    accounts = read_text(text)
    assert accounts.table["account_id"].to_pylist() == ids
    assert has_note(accounts, "Cells ")


def test_apostrophes_of_names_stay(read_text: ReadText) -> None:
    accounts = read_text("Name\n't Hart BV\n's-Hertogenbosch NV\n'Quoted'\nAcme\nGlobex\nInitech\nHooli\n")
    assert names(accounts)[:3] == ["'t Hart BV", "'s-Hertogenbosch NV", "'Quoted'"]


def test_html_entities_are_decoded(read_text: ReadText) -> None:
    accounts = read_text("Name,City\nSmith &amp;amp; Sons,K&ouml;ln\nO&#39;Hara,&#x4eac;\nR&D;x & Co,AT&T\n")
    assert names(accounts) == ["Smith & Sons", "O'Hara", "R&D;x & Co"]
    assert accounts.table["city"].to_pylist() == ["Köln", "京", "AT&T"]
    assert has_note(accounts, "Cells with HTML entities such as &amp;, which were decoded: 4.")


@pytest.mark.parametrize(
    ("heading", "of_person", "of_company"),
    [
        ("Is Person Account", "1", "0"),
        ("IsPersonAccount", "true", "false"),
        ("Account Record Type", "Person Account", "Business Account"),
        ("Datensatztyp", "Personenaccount", "Geschäftsaccount"),
        ("Tipo de registro", "Cuenta personal", "Cuenta empresarial"),
        ("レコードタイプ", "個人取引先", "法人取引先"),
    ],
)
def test_private_persons_are_left_out(read_text: ReadText, heading: str, of_person: str, of_company: str) -> None:
    text = f"Account Name,{heading}\nJane Doe,{of_person}\nAcme,{of_company}\nGlobex,\n"
    accounts = read_text(text)
    assert names(accounts) == ["Acme", "Globex"]
    assert has_note(accounts, f"'{heading}': rows that are private persons, left out: 1.")
    assert names(read_text(text, persons="take")) == ["Jane Doe", "Acme", "Globex"]


def test_accounts_with_an_ignored_segment_are_left_out(read_text: ReadText) -> None:
    text = "Name,Type,Note\nAcme,Kunde,a\nRival,Wettbewerber,b\nGlobex,Kunde,c\n"
    accounts = read_text(text, segments={"wettbewerber": "ignore"})
    assert names(accounts) == ["Acme", "Globex"]
    assert accounts.extras["Note"].to_pylist() == ["a", "c"]
    assert has_note(accounts, "'Type': rows with values that you ignore, left out: 1.")
