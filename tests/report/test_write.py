import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from accountmap.errors import InputError
from accountmap.report import write_reports
from accountmap.report.files import EXPORTS
from accountmap.report.views import VIEWS
from tests.account_map.examples import one_account_map, two_months

FILES = {
    "report.html",
    "report.json",
    "report.xlsx",
    *(f"{view.name}.{kind}" for view in VIEWS for kind in ("csv", "parquet")),
    *EXPORTS,
}


def test_all_files_are_written_and_named(tmp_path: Path) -> None:
    written = write_reports(one_account_map(), tmp_path / "a" / "b")
    assert {path.name for path in written} == FILES == {path.name for path in (tmp_path / "a" / "b").iterdir()}


def test_parquet_holds_the_exact_values(tmp_path: Path) -> None:
    result = one_account_map(name="=1+1\tInc", amount=0.1)
    write_reports(result, tmp_path)
    assert pq.read_table(tmp_path / "overlap.parquet").equals(result.overlap)
    assert pq.read_table(tmp_path / "matrix.parquet").equals(result.matrix)


def test_the_history_is_written_as_it_is(tmp_path: Path) -> None:
    history = two_months().history
    write_reports(two_months(), tmp_path)
    assert pq.read_table(tmp_path / "sessions.parquet").equals(history.sessions)
    assert pq.read_table(tmp_path / "changes.parquet").equals(history.changes)
    first, second = csv.DictReader((tmp_path / "sessions.csv").read_text("utf-8").splitlines())
    assert (first["finished"], first["new"]) == ("2026-01-02T00:00:00Z", "")
    assert (second["overlap"], second["new"], second["moved"], second["gone"]) == ("3", "1", "1", "1")


def test_writing_again_replaces(tmp_path: Path) -> None:
    write_reports(one_account_map(name="Lumen Bakery"), tmp_path)
    write_reports(one_account_map(name="Orchard Steel"), tmp_path)
    text = (tmp_path / "overlap.csv").read_text("utf-8")
    assert "Orchard Steel" in text
    assert "Lumen Bakery" not in text


def test_a_failure_leaves_no_part_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "overlap.csv").mkdir()
    with pytest.raises(InputError, match="cannot be written") as caught:
        write_reports(one_account_map(), tmp_path)
    assert caught.value.hint
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.html",
        "report.json",
        "report.xlsx",
        "overlap.csv",
        *(f"{name}.{kind}" for name in ("matrix", "estimates") for kind in ("csv", "parquet")),
    }


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match="cannot be written"):
        write_reports(one_account_map(), tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_what_people_open_in_excel_says_that_it_is_utf_8(tmp_path: Path) -> None:
    def marked() -> set[str]:
        return {path.name for path in tmp_path.glob("*.csv") if path.read_bytes().startswith(b"\xef\xbb\xbf")}

    write_reports(one_account_map(name="Müller"), tmp_path)
    assert marked() == {"sellers.csv", "review.csv"}
    write_reports(one_account_map(name="Müller"), tmp_path, excel=True)
    assert marked() == {f"{view.name}.csv" for view in VIEWS} | {"sellers.csv"}, "no file that is imported"
