"""What the program prints: nothing that a terminal would obey."""

import json
from pathlib import Path

import pytest

from accountmap.errors import InputError
from accountmap_cli.output import emit, emit_json, harmless, plural, read_table, say, table

HOSTILE = "a\x1b[2Jb\u202ec\x9bd\u2028e\ud800f\x7fg"


def test_what_a_terminal_obeys_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    shown = r"a\u001b[2Jb\u202ec\u009bd\u2028e\ud800f\u007fg"
    for print_it in (say, emit):
        print_it(f"{HOSTILE}\nnext")
        assert "".join(capsys.readouterr()) == f"{shown}\nnext\n"
    assert table(["x"], [[f"{HOSTILE}\nnext"]]).splitlines()[2:] == [rf"{shown}\nnext"]


def test_a_name_that_ends_in_a_full_stop_ends_the_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    say("This is from Ortiz & Co.. Wait for Ortiz & Co..\ncd ../acme... cd ..")
    assert capsys.readouterr().err == "This is from Ortiz & Co. Wait for Ortiz & Co.\ncd ../acme... cd ..\n"


def test_json_means_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"name": HOSTILE + "\U000e0041\n\t"}
    emit_json(value)
    printed = capsys.readouterr().out
    assert json.loads(printed) == value
    assert printed.replace("\n", "").isascii()


@pytest.mark.parametrize("text", ["Ächim & Söhne", "株式会社オーク", "two\nlines", "100 % – “so”"])
def test_other_text_stays(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("noun", "several"),
    [("account", "accounts"), ("company", "companies"), ("match", "matches"), ("day", "days"), ("key", "keys")],
)
def test_nouns_are_counted_as_english_has_them(noun: str, several: str) -> None:
    assert (plural(1, noun), plural(1000, noun)) == (f"1 {noun}", f"1,000 {several}")


def test_a_filled_in_table_is_read_as_spreadsheets_write_it(tmp_path: Path) -> None:
    file = tmp_path / "questions.csv"
    file.write_text("\ufeffmatch_id;answer;\n3fa9;same;x\n;;\n9c1d;\n", encoding="utf-8")
    rows = read_table(file, ["match_id", "answer"], "Write one.")
    assert rows == [{"match_id": "3fa9", "answer": "same"}, {"match_id": "9c1d", "answer": ""}]


@pytest.mark.parametrize(
    ("text", "lacks"), [("", "match_id"), ("match_id\n3fa9\n", "answer"), ("match_id,answer\n,same\n", "match_id")]
)
def test_a_table_without_a_column_or_with_a_row_that_lacks_it_is_refused(
    tmp_path: Path, text: str, lacks: str
) -> None:
    file = tmp_path / "questions.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=f"has no column {lacks}, or a row without one") as caught:
        read_table(file, ["match_id", "answer"], "Write one.")
    assert caught.value.hint == "Write one."
