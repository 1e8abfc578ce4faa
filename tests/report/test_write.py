import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from accountmap.account_map import AccountMap
from accountmap.errors import InputError
from accountmap.report import files, write_reports
from accountmap.report.crm import EXPORTS
from accountmap.report.files import WRITTEN
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
    assert {path.name for path in written} == FILES
    assert {path.name for path in (tmp_path / "a" / "b").iterdir()} == FILES | {WRITTEN}


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


def times(folder: Path) -> dict[str, int]:
    """Return when each file was written; none is written twice within the clock's finest step."""
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_the_same_map_is_written_once(tmp_path: Path) -> None:
    write_reports(two_months(), tmp_path)
    before = times(tmp_path)
    assert {path.name for path in write_reports(two_months(), tmp_path)} == FILES
    assert times(tmp_path) == before


def missing(folder: Path, map_: AccountMap) -> AccountMap:
    (folder / "review.parquet").unlink()
    return map_


def edited(folder: Path, map_: AccountMap) -> AccountMap:
    (folder / "overlap.csv").write_text("mine")
    return map_


def edited_and_dated_back(folder: Path, map_: AccountMap) -> AccountMap:
    file = folder / "overlap.csv"
    before = file.stat()
    file.write_bytes(b"x" * before.st_size)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    return map_


def damaged_note(folder: Path, map_: AccountMap) -> AccountMap:
    (folder / WRITTEN).write_text("{")
    return map_


def other_row(_: Path, map_: AccountMap) -> AccountMap:
    return replace(map_, overlap=map_.overlap.slice(1))


def other_note(_: Path, map_: AccountMap) -> AccountMap:
    return replace(map_, notes=("Half of the list has no country.",))


def test_all_is_written_again_when_anything_has_changed(tmp_path: Path) -> None:
    map_ = two_months()
    write_reports(map_, tmp_path)
    for change in (missing, edited, edited_and_dated_back, damaged_note, other_row, other_note):
        before = times(tmp_path)
        map_ = change(tmp_path, map_)
        write_reports(map_, tmp_path)
        after = times(tmp_path)
        assert after.keys() == before.keys(), change
        assert all(after[name] > before[name] for name in after), change
        assert (tmp_path / "overlap.csv").read_bytes().startswith(b"match_id,"), change


def test_the_mark_for_excel_is_a_change(tmp_path: Path) -> None:
    write_reports(two_months(), tmp_path)
    write_reports(two_months(), tmp_path, excel=True)
    assert (tmp_path / "overlap.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_what_was_interrupted_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_reports(one_account_map(name="Lumen Bakery"), tmp_path)

    def stop(_: AccountMap) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(files, "render_workbook", stop)
        write_reports(one_account_map(name="Orchard Steel"), tmp_path)
    assert not (tmp_path / WRITTEN).exists()
    write_reports(one_account_map(name="Lumen Bakery"), tmp_path)
    assert "Orchard Steel" not in (tmp_path / "report.html").read_text("utf-8")


def test_every_process_describes_a_map_alike() -> None:
    described = (
        "import sys; sys.path.insert(0, '.');"
        "from accountmap.report.files import _described; from tests.account_map.examples import two_months;"
        "print(_described(two_months()))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", described],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(found) == 1


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
