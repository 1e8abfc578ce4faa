"""Exports in the languages of the CRMs are read without a mapping."""

import pytest

from accountmap.accounts.headings import ACCOUNTS, choose_columns
from accountmap.errors import InputError


@pytest.mark.parametrize(
    ("headings", "columns"),
    [
        (
            "取引先 ID,取引先名,請求先都道府県,国(請求先),取引先 所有者,年間売上",
            "account_id,name,region,country,owner_name,annual_revenue",
        ),
        (
            "계정 ID,계정 이름,웹사이트,청구 국가,계정 소유자,직원 수",
            "account_id,name,website,country,owner_name,employees",
        ),
        (
            "客户 ID,客户名称,网站,客户所有人,年收入,行业",
            "account_id,name,website,owner_name,annual_revenue,industry",
        ),
        ("帳戶名稱,網站,帳單國家/地區,類型", "name,website,country,segment"),
        ("ID account,Nome account,Paese di fatturazione,Titolare account", "account_id,name,country,owner_name"),
        ("Nome da conta,Cidade de cobrança,Receita anual,Funcionários", "name,city,annual_revenue,employees"),
        ("Accountnaam,Website,Jaaromzet,Accounteigenaar", "name,website,annual_revenue,owner_name"),
        ("Nazwa konta,Witryna,Właściciel konta,Liczba pracowników", "name,website,owner_name,employees"),
        ("Kontonamn,Webbplats,Bransch,Anställda", "name,website,industry,employees"),
        ("Название компании,Сайт,Страна,Ответственный,Валюта", "name,website,country,owner_name,currency"),
        ("Record ID,Nome azienda,Paese/Area geografica,Fase del ciclo di vita", "account_id,name,country,segment"),
        ("ID do registro,Nome da empresa,Nome de domínio da empresa", "account_id,name,domain"),
        ("Record-ID,Bedrijfsnaam,Land/regio,Levenscyclusfase", "account_id,name,country,segment"),
        ("取引先企業名,住所 1: 国/地域,関係の種類", "name,country,segment"),
        ("(Niet wijzigen) Account,Accountnaam,Adres 1: land/regio,Relatietype", "account_id,name,country,segment"),
        ("Organización - ID,Organización - Nombre,Organización - Sitio web", "account_id,name,website"),
        ("Organisation - Name,Organisation - Land der Adresse,Organisation - Besitzer", "name,country,owner_name"),
        ("Record Id,Account Name,Billing Code,Account Owner", "account_id,name,postal_code,owner_name"),
        ("KUNNR,NAME1,LAND1,ORT01,STCEG", "account_id,name,country,city,vat"),
        ("Geschäftspartner,Name 1,Länderschlüssel,Debitorenkontengruppe", "account_id,name,country,segment"),
    ],
)
def test_exports_are_read_in_the_language_of_the_user(headings: str, columns: str) -> None:
    source = choose_columns(headings.split(",")).source
    assert source == dict(zip(columns.split(","), headings.split(","), strict=True))


@pytest.mark.parametrize(
    ("heading", "bare"),
    [
        ("Organization - Website", "Website"),
        ("Organisation - Adresse - Land", "Adresse - Land"),
        ("Company: City", "City"),
        ("Umsatz (EUR)", "Umsatz"),
        ("Betrag in €", "Betrag"),
        ("Amount (converted)", "Amount"),
        ("Annual Revenue (USD) (converted)", "Annual Revenue"),
        ("Address 1: City", "Address 1: City"),
        ("E-Mail", "E-Mail"),
        ("Umsatz (TEUR)", "Umsatz (TEUR)"),
        ("Revenue (prev)", "Revenue (prev)"),
        ("(EUR)", "(EUR)"),
    ],
)
def test_what_stands_around_a_heading_is_taken_off(heading: str, bare: str) -> None:
    assert ACCOUNTS.bare(heading) == bare


def test_the_heading_of_the_crm_goes_before_a_general_one() -> None:
    choice = choose_columns(["Organization - Name", "Name", "Organization - City"])
    assert choice.source == {"name": "Organization - Name", "city": "Organization - City"}
    assert "'name' is read from 'Organization - Name'; not from 'Name'." in choice.notes


@pytest.mark.parametrize("headings", [["αα", "ββ"], ["ชชช", "ญญญ"], ["見出し", "欄"]])
def test_unknown_headings_are_listed_in_any_script(headings: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        choose_columns(headings)
    assert f"The headings found are: '{headings[0]}', '{headings[1]}'." in caught.value.hint
    assert "mapping=" not in caught.value.hint


@pytest.mark.parametrize("row", [["Acme", "acme.example"], ["Acme", "jo@acme"], ["Acme", "12345"], ["Acme", "7"]])
def test_a_row_that_looks_like_an_account_is_not_shown(row: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        choose_columns(row)
    assert "cme" not in caught.value.hint
