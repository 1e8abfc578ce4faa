"""All usual encodings give the same list; damaged files are refused with the line."""

from pathlib import Path

import pytest

from accountmap.accounts.encoding import text_encoding
from accountmap.errors import InputError
from tests.accounts.conftest import ReadText

WESTERN = "Firma;Ort\r\nMüller & Söhne;Köln\r\nCafé Noël;Liège\r\n"
ALL_SCRIPTS = "Name;City\n庄や;東京\nТерминал;Москва\nΤερκενλής;Θεσσαλονίκη\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings_give_the_same_list(read_text: ReadText, encoding: str) -> None:
    names = read_text(WESTERN, encoding).table["name"].to_pylist()
    assert names == ["Müller & Söhne", "Café Noël"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_encodings_hold_all_scripts(read_text: ReadText, encoding: str) -> None:
    cities = read_text(ALL_SCRIPTS, encoding).table["city"].to_pylist()
    assert cities == ["東京", "Москва", "Θεσσαλονίκη"]


def test_windows_1252_is_noted(read_text: ReadText) -> None:
    (note,) = [each for each in read_text(WESTERN, "cp1252").notes if "Windows-1252" in each]
    assert note.startswith("The file was read as Windows-1252, since it is not UTF-8.")


def test_a_letter_far_down_decides(read_text: ReadText) -> None:
    text = "Name\n" + "Plain\n" * 300_000 + "Ärzte\n"
    assert read_text(text, "cp1252").table["name"][-1].as_py() == "Ärzte"


def damaged(tmp_path: Path, data: bytes) -> InputError:
    path = tmp_path / "list.csv"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        text_encoding(path)
    return caught.value


def test_utf_8_with_a_bad_byte_is_not_taken_for_windows_1252(tmp_path: Path) -> None:
    error = damaged(tmp_path, "Name\nMüller\nPlain\n".encode() + b"M\xfcller\n")
    assert str(error) == "The file is UTF-8, but line 4 is damaged."
    assert "UTF-8" in error.hint


def test_utf_8_cut_within_a_letter_is_refused(tmp_path: Path) -> None:
    assert "line 3" in str(damaged(tmp_path, "Name\nMüller\nSöhne\n".encode()[:-5]))


def test_utf_16_cut_within_a_letter_is_refused(tmp_path: Path) -> None:
    assert "UTF-16, but line 2" in str(damaged(tmp_path, "Name\nAcme\n".encode("utf-16")[:-1]))


def test_nul_characters_are_refused_with_their_line(tmp_path: Path) -> None:
    assert "Line 3 has a NUL" in str(damaged(tmp_path, b"Name,City\nAcme,Rome\nGlo\0bex,Paris\n"))


def test_an_encoded_letter_across_two_reads_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"Name\n" + b"x" * ((1 << 20) - 6) + "ü\n".encode())
    assert text_encoding(path) == "utf-8"
