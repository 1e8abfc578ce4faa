"""What the program prints: nothing that a terminal would obey."""

import json

import pytest

from accountmap_cli.output import emit, emit_json, harmless, plural, say, table

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
