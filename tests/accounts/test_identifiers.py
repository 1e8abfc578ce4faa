"""Every account has an id; rows that share one are one account, unless they are clearly not."""

import re

import pytest

from accountmap.errors import InputError
from tests.accounts.conftest import ReadText


def test_missing_ids_are_made_of_names(read_text: ReadText) -> None:
    accounts = read_text("ID,Name\n7,Acme\n,Globex\n")
    given, made = accounts.table["account_id"].to_pylist()
    assert given == "7"
    assert re.fullmatch("no-id-[0-9a-f]{12}", made)
    assert "Accounts without an id, which get one made from their names: 1." in accounts.notes


def test_made_ids_stay_when_rows_move(read_text: ReadText) -> None:
    before = read_text("Name,Country\nAcme,DE\nGlobex,FR\nAcme,IT\nAcme,DE\n")
    after = read_text("Name,Country\nInitech,US\nGLOBEX,fr\nAcme,DE\n")
    ids = dict(
        zip(["Acme DE", "Globex", "Acme IT", "Acme DE 2"], before.table["account_id"].to_pylist(), strict=True)
    )
    assert after.table["account_id"].to_pylist()[1:] == [ids["Globex"], ids["Acme DE"]]
    assert ids["Acme DE 2"] == f"{ids['Acme DE']}-2"
    assert len(set(ids.values())) == 4


def test_columns_that_hold_what_is_missing_are_pointed_out(read_text: ReadText) -> None:
    accounts = read_text(
        "Nom;Adresse du site;Cle;Courrier\nAcme;https://www.acme.example/fr;X1;a@acme.example\nGlobex;globex.example;X2;\n"
    )
    advice = [each.advice for each in accounts.remarks if each.kind == "unread_column"]
    assert [text.partition("--map ")[2] for text in advice] == [
        "'website=Adresse du site'.",
        "'account_id=Cle'.",
        "'owner_email=Courrier'.",
    ]
    plain = read_text("Name;Website;Cle\nAcme;acme.example;no\n")
    assert "unread_column" not in {each.kind for each in plain.remarks}


def test_ids_stay_as_written(read_text: ReadText) -> None:
    assert read_text("ID,Name\n00123,Acme\n").table["account_id"].to_pylist() == ["00123"]


def test_ids_that_a_spreadsheet_has_shortened_are_noted(read_text: ReadText) -> None:
    assert any("1.23E+15" in note for note in read_text("ID,Name\n1.8E+15,Acme\n2,Globex\n").notes)


def test_rows_of_one_account_are_merged(read_text: ReadText) -> None:
    accounts = read_text(
        "Account ID,Account Name,Website,Stage,Amount,Colour\n"
        "a,Acme,,Closed Lost,100,red\n"
        "b,Globex,,Prospecting,,blue\n"
        "a,ACME,acme.example,Negotiation,300,green\n"
        "a,,,Prospecting,200,\n"
    )
    table = accounts.table.select(["account_id", "name", "website", "segment", "amount"]).to_pylist()
    assert table == [
        {"account_id": "a", "name": "Acme", "website": "acme.example", "segment": "opportunity", "amount": 300},
        {"account_id": "b", "name": "Globex", "website": None, "segment": "prospect", "amount": None},
    ]
    assert accounts.extras.to_pydict() == {"Colour": ["red", "blue"]}
    assert any(note.startswith("Rows merged") and note.endswith(": 2.") for note in accounts.notes)


def test_rows_with_one_id_and_different_names_are_refused(read_text: ReadText) -> None:
    with pytest.raises(InputError) as caught:
        read_text("ID,Name\n1,Acme\n2,Initech\n1,Globex\n")
    assert "Rows 2 and 4 have the same account id but different names" in str(caught.value)
    assert "Globex" not in str(caught.value) + caught.value.hint


def test_a_blank_name_does_not_hide_different_ones(read_text: ReadText) -> None:
    with pytest.raises(InputError, match="Rows 3 and 4"):
        read_text("ID,Name\n1,\n1,Acme\n1,Globex\n")


def test_the_schema_holds_after_merging(read_text: ReadText) -> None:
    one = read_text("ID,Name\n1,Acme\n1,Acme\n")
    assert len(one.extras) == len(one) == 1
    assert one.table.schema.equals(read_text("ID,Name\n1,Acme\n").table.schema)


def test_accounts_that_nothing_identifies_are_counted(read_text: ReadText) -> None:
    accounts = read_text("Name,City\nAcme,Rome\n,Paris\n")
    assert accounts.notes[-1] == "Accounts with neither name nor domain nor anything else to match by: 1."
