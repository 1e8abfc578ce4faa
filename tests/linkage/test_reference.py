import csv
import json
import zipfile
from pathlib import Path

import pytest

from accountmap.errors import InputError
from accountmap.linkage.facts import Facts, read_facts
from accountmap.linkage.reference import (
    SHIPPED,
    Entry,
    Reference,
    build_reference,
    load_reference,
    make_reference,
    read_extract,
    read_gleif,
    reference_key,
    shipped_index,
    united,
    useful,
    write_reference,
)

IBM = Entry("wd:Q1", ("US",), ("International Business Machines", "IBM"), ("https://www.ibm.com",))
GLOBEX_DE = Entry("wd:Q2", ("DE",), ("Globex", "Weltweit Handel"))
GLOBEX_FR = Entry("wd:Q3", ("FR",), ("Globex", "Mondial Commerce"))
ROAMING = Entry("wd:Q4", (), ("Initech", "イニテック"))


def facts(name: str = "", **columns: str) -> Facts:
    return read_facts({"name": name, **columns})


def found_in(reference: Reference, account: Facts) -> str | None:
    name = reference_key(account.name) if account.name else None
    return reference.find(name, account.domain, account.country, account.numbers.get("lei"))


@pytest.fixture(params=["made", "read back"])
def reference(request: pytest.FixtureRequest) -> Reference:
    made = Reference([IBM, GLOBEX_DE, GLOBEX_FR, ROAMING], "digest")
    return made if request.param == "made" else Reference.of_index(made.index())


@pytest.mark.parametrize(
    ("account", "found"),
    [
        (facts("IBM Corp.", country="US"), "wd:Q1"),
        (facts("International Business Machines Corporation"), "wd:Q1"),
        (facts(email="jo@de.ibm.com"), "wd:Q1"),
        (facts("IBM", country="India"), None),
        (facts("IBM"), None),
        (facts("IBM", country="US", website="lanternex.com"), None),
        (facts("Globex GmbH", country="Germany"), "wd:Q2"),
        (facts("Mondial Commerce SA"), "wd:Q3"),
        (facts("Globex"), None),
        (facts("Globex", country="Italy"), None),
        (facts("イニテック", country="Japan"), "wd:Q4"),
        (facts("Weltweit Handel", website="ibm.com"), None),
        (facts("Northwind"), None),
        (facts(), None),
    ],
)
def test_leads_names_and_domains_to_one_entry(reference: Reference, account: Facts, found: str | None) -> None:
    assert found_in(reference, account) == found


def test_finds_in_many_accounts_what_it_finds_in_each(reference: Reference) -> None:
    names = ("IBM", "Northwind", "Weltweit Handel", "")
    accounts = [facts(name, website=site) for name in names for site in ("", "ibm.com", "northwind.com")]
    known: list[tuple[str | None, ...]] = [
        (each.name and reference_key(each.name), each.domain, each.country, None) for each in accounts
    ]
    known.append((None, None, None, "213800KUD8LAJWSQ9D15"))
    each = [(at, found) for at, about in enumerate(known) if (found := reference.find(*about))]
    assert list(reference.find_all(known)) == each
    assert len(each) > 2


def test_an_lei_is_its_own_id(reference: Reference) -> None:
    account = read_facts({"name": "IBM"}, {"lei": "213800KUD8LAJWSQ9D15"})
    assert found_in(reference, account) == "lei:213800KUD8LAJWSQ9D15"


def test_neighbours_that_count_as_one_country() -> None:
    reference = Reference([Entry("a:1", ("HK",), ("Acme", "Akme"))], "")
    assert found_in(reference, facts("Acme", country="China")) == "a:1"


def test_a_domain_of_two_entries_leads_nowhere() -> None:
    entries = [Entry("a:1", (), ("Acme",), ("acme.com",)), Entry("a:2", (), ("Acme Steel",), ("acme.com",))]
    assert found_in(Reference(entries, ""), facts(website="acme.com")) is None


def test_keeps_what_joins_and_what_makes_that_ambiguous() -> None:
    entries = [
        IBM,
        Entry("a:1", ("DE",), ("Acme GmbH", "ACME AG")),
        Entry("a:2", ("DE",), ("Northwind",), ("northwind.com",)),
        Entry("a:3", ("FR",), ("IBM",)),
        Entry("a:4", (), ("Northwind Traders",), ("nw.com",)),
        Entry("a:5", (), ("NW",), ("shop.nw.com",)),
    ]
    assert [entry.id for entry in useful(lambda: entries)] == ["wd:Q1", "a:3", "a:4", "a:5"]


def test_entries_of_one_id_become_one() -> None:
    one, other = Entry("a:1", ("DE",), ("A", "B")), Entry("a:1", ("CH",), ("B", "C"), ("a.de",))
    both = Entry("a:1", ("CH", "DE"), ("A", "B", "C"), ("a.de",))
    assert list(united([one], [other, IBM])) == [both, IBM]
    assert list(united([IBM], [one, other])) == [IBM, both]


def test_a_list_is_the_same_for_the_same_entries(tmp_path: Path) -> None:
    paths = tmp_path / "one", tmp_path / "other"
    digests = [write_reference(paths[0], [IBM, ROAMING]), write_reference(paths[1], [ROAMING, IBM])]
    assert digests[0] == digests[1]
    assert load_reference(paths[0], digests[0]).digest == digests[0]
    assert found_in(load_reference(paths[1]), facts("IBM", country="US")) == "wd:Q1"


def test_another_list_than_agreed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list"
    digest = write_reference(path, [IBM])
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(InputError, match="agreed"):
        load_reference(path, digest)


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", "1", '{"id": "a", "countries": 1, "names": [], "domains": []}', "\x00"]
)
def test_a_damaged_list_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "list"
    path.write_text(line + "\n", "utf-8")
    with pytest.raises(InputError, match="Line 1"):
        load_reference(path)


def test_a_missing_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        load_reference(tmp_path / "none")


GLEIF_COLUMNS = [
    "LEI",
    "Entity.LegalName",
    "Entity.OtherEntityNames.OtherEntityName.1",
    "Entity.TransliteratedOtherEntityNames.TransliteratedOtherEntityName.1",
    "Entity.LegalAddress.Country",
    "Entity.HeadquartersAddress.Country",
    "Entity.EntityCategory",
    "Registration.RegistrationStatus",
]


def write_csv(path: Path, *rows: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture
def golden_copy(tmp_path: Path) -> Path:
    return write_csv(
        tmp_path / "lei2.csv",
        GLEIF_COLUMNS,
        ["L1", "Acme Holding AG", "Old Acme AG", "", "CH", "DE", "GENERAL", "ISSUED"],
        ["L2", "Acme Fund", "", "", "LU", "LU", "FUND", "ISSUED"],
        ["L3", "Acme AG, Zweigniederlassung", "", "", "CH", "CH", "BRANCH", "ISSUED"],
        ["L4", "Acme AG", "", "", "CH", "CH", "GENERAL", "DUPLICATE"],
        ["L5", "株式会社アクメ", "", "Acme KK", "JP", "JP", "GENERAL", "LAPSED"],
    )


def test_gleif_golden_copy(golden_copy: Path) -> None:
    assert list(read_gleif(golden_copy)) == [
        Entry("lei:L1", ("CH", "DE"), ("Acme Holding AG", "Old Acme AG")),
        Entry("lei:L5", ("JP",), ("株式会社アクメ", "Acme KK")),
    ]


def test_gleif_golden_copy_in_its_archive(golden_copy: Path) -> None:
    archive = golden_copy.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(golden_copy, "lei2.csv")
    assert list(read_gleif(archive)) == list(read_gleif(golden_copy))


def test_extract(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "extract.csv",
        ["id", "country", "name", "domain", "lei"],
        ["wd:Q1", "US", "Acme", "https://acme.com", ""],
        ["wd:Q1", "US", "アクメ", "https://acme.com", ""],
        ["wd:Q2", "", "Globex", "", "213800KUD8LAJWSQ9D15"],
    )
    assert list(read_extract(path)) == [
        Entry("wd:Q1", ("US",), ("Acme", "アクメ"), ("https://acme.com",)),
        Entry("lei:213800KUD8LAJWSQ9D15", (), ("Globex",)),
    ]


def test_build_unites_sources(golden_copy: Path, tmp_path: Path) -> None:
    extract = write_csv(
        tmp_path / "extract.csv",
        ["id", "country", "name", "domain", "lei"],
        ["wd:Q1", "US", "International Business Machines", "ibm.com", ""],
    )
    output = tmp_path / "list"
    built = build_reference(output, golden_copy, [extract])
    ids = [json.loads(line)["id"] for line in output.read_text("utf-8").splitlines()]
    assert ids == ["lei:L1", "lei:L5", "wd:Q1"]
    assert built.entries == 3
    reference = load_reference(output, built.digest)
    assert found_in(reference, facts("Old Acme", country="Germany")) == "lei:L1"


def test_other_files_are_no_sources(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="column"):
        list(read_gleif(write_csv(tmp_path / "a.csv", ["LEI", "name"])))
    broken = tmp_path / "b.csv"
    broken.write_bytes(b"id,country,name,domain,lei\n\xff\xfe")
    with pytest.raises(InputError):
        list(read_extract(broken))
    with pytest.raises(InputError):
        list(read_extract(tmp_path / "none.csv"))


def test_the_shipped_list_joins_what_no_rule_does() -> None:
    reference = load_reference()
    for one, other, country in [
        ("中国工商银行", "Industrial and Commercial Bank of China", "CN"),
        ("Wyndham Destinations, Inc.", "Travel & Leisure Co.", "US"),
        ("Leucadia National Corp", "Jefferies Financial Group Inc.", None),
    ]:
        found = {found_in(reference, facts(name, country=country)) for name in (one, other)}
        assert len(found - {None}) == len(found) == 1


def test_the_shipped_keys_are_those_of_the_shipped_list() -> None:
    """After a change to the list or the rules: `python tools/build_reference_index.py`."""
    made = make_reference(SHIPPED.read_bytes())
    assert shipped_index().equals(made.index(), check_metadata=True)
