"""What CSV files hold in practice is read; what cannot be read is refused with its row."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accountmap.errors import InputError
from tests.accounts.conftest import ReadText, rows_of

HEADINGS = ["Account ID", "Account Name", "Website", "Billing Country"]
ROWS = [["1", "Acme, Inc.", "acme.example", "US"], ["2", 'The "Globex" Co; KG | Sons', "", "DE"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(read_text: ReadText, delimiter: str, line_end: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows([HEADINGS, *ROWS])
    accounts = read_text(text.getvalue())
    assert accounts.table["name"].to_pylist() == [row[1] for row in ROWS]
    assert accounts.table["country"].to_pylist() == ["US", "DE"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(
        st.tuples(*[st.text(st.sampled_from('ab ,;\t|"\n'), max_size=6).map(lambda text: f"x{text}x")] * 2),
        min_size=1,
        max_size=8,
    ),
    delimiter=st.sampled_from(",;\t|"),
)
def test_whatever_a_csv_writer_writes_is_read(
    read_text: ReadText, cells: list[tuple[str, str]], delimiter: str
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([("Company Name", "City"), *cells])
    table = read_text(text.getvalue()).table
    in_one_line = [tuple(cell.replace("\n", " ").replace("\t", " ") for cell in row) for row in cells]
    collapsed = [tuple(" ".join(cell.split(" ")) for cell in row) for row in in_one_line]
    read = list(zip(table["name"].to_pylist(), table["city"].to_pylist(), strict=True))
    assert [tuple(squeeze(cell) for cell in row) for row in read] == [
        tuple(squeeze(cell) for cell in row) for row in collapsed
    ]


def squeeze(cell: str) -> str:
    return " ".join(cell.split())


def test_a_line_that_names_the_delimiter_is_obeyed(read_text: ReadText, tmp_path: Path) -> None:
    accounts = read_text("sep=;\nName;City\nAcme, Globex;Rome\n")
    assert accounts.table["name"].to_pylist() == ["Acme, Globex"]
    assert rows_of(tmp_path / "list.csv") == ["3"]


def test_titles_above_the_headings_and_blank_rows_are_passed_over(read_text: ReadText, tmp_path: Path) -> None:
    accounts = read_text("My accounts\n\nCompany Name,City\nAcme,Rome\n,\n\nGlobex,Paris\n")
    assert accounts.table["name"].to_pylist() == ["Acme", "Globex"]
    assert rows_of(tmp_path / "list.csv") == ["4", "7"]


def test_one_column_needs_no_delimiter(read_text: ReadText) -> None:
    assert read_text("Domain\nacme.example\nglobex.example\n").table["domain"].to_pylist() == [
        "acme.example",
        "globex.example",
    ]


def test_one_column_of_names_with_commas(read_text: ReadText) -> None:
    text = "Company Name\nAcme, Inc.\nGlobex, Initech, and Sons\n"
    assert read_text(text).table["name"].to_pylist() == ["Acme, Inc.", "Globex, Initech, and Sons"]


def test_unknown_headings_do_not_hide_the_delimiter(read_text: ReadText) -> None:
    text = "Alpha;Beta\nAcme, Inc.;1,5\nGlobex;2,5\n"
    assert read_text(text, mapping={"name": "Alpha"}).extras.to_pydict() == {"Beta": ["1,5", "2,5"]}


def test_blank_cells_beyond_the_headings_do_no_harm(read_text: ReadText) -> None:
    assert len(read_text("Name,City\nAcme,Rome,,\n")) == 1


def test_a_report_footer_is_left_out_and_noted(read_text: ReadText) -> None:
    accounts = read_text("Account Name,Type\nAcme,Prospect\n\nReport by Ada Example\nConfidential\n")
    assert len(accounts) == 1
    assert any("row 4" in note for note in accounts.notes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Name,City\nAcme,Rome\nGlobex\n", "Row 3 has too few cells: 1, where the headings have 2."),
        ("Name,City\nAcme,Rome,IT\n", "Row 2 has too many cells: 3, where the headings have 2."),
        (
            'Name,City\n"Acme\nInc",Rome\nGlobex\n',
            "Row 3 (line 4) has too few cells: 1, where the headings have 2.",
        ),
        (
            'Name,City\nAcme,Rome\n"Globex,Paris\nInitech,Oslo\n',
            "Row 3 cannot be read: a quotation mark is opened but not closed before the end of the file.",
        ),
        (
            'Name,City\n"Acme" Inc,Rome\n',
            "Row 2 cannot be read: text follows a closing quotation mark.",
        ),
        (
            'Name,City\n"' + "Acme\n" * 30_000,
            "Row 2 cannot be read: a cell is longer than 131,072 characters; "
            "probably a quotation mark is not closed.",
        ),
        ("", "The file is empty."),
        ("\n\n,\n", "The file is empty."),
        ("Name,City\n", "The list has headings but no accounts."),
    ],
    ids=[
        "too few",
        "too many",
        "after a line break",
        "open",
        "after closing",
        "endless",
        "nothing",
        "blank",
        "header",
    ],
)
def test_refused_with_row_and_reason(read_text: ReadText, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_text(text)
    assert str(caught.value) == message
    assert caught.value.hint
    assert "Acme" not in caught.value.hint + message
