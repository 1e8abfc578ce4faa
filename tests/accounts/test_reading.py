"""A file is read by what it contains; what is not a list is refused with advice."""

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from accountmap.accounts.read import read_accounts
from accountmap.errors import InputError

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)


def test_the_name_of_the_file_does_not_matter(tmp_path: Path) -> None:
    pq.write_table(pa.table({"name": ["Acme"]}), tmp_path / "list.csv")
    assert read_accounts(str(tmp_path / "list.csv")).table["name"].to_pylist() == ["Acme"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x1f\x8b\x08rest", "a gzip archive"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\xef\xbb\xbf  <html><table>", "an HTML or XML document"),
        (b'[{"name": "Acme"}]', "a JSON document"),
        (b"PK\x03\x04 and no more", "damaged or cut off"),
        (b"PAR1 and no more", "Parquet file is damaged"),
        (OLE, "format of Excel before 2007"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
    ],
)
def test_what_is_no_list_is_refused_with_advice(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_accounts(path)
    assert caught.value.hint


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """One list as a Parquet file and as text in two encodings."""
    file = tmp_path_factory.mktemp("whole") / "list.parquet"
    pq.write_table(pa.table({"name": ["Ärzte", "Globex"] * 9, "amount": [1.5, None] * 9}), file)
    text = 'Name;Amount\n"Ärzte";1.234,5\nGlobex;\n' * 5
    return [file.read_bytes(), text.encode(), text.encode("utf-16")]


@pytest.mark.parametrize("seed", range(100))
def test_nothing_but_an_input_error_escapes_from_damaged_files(
    tmp_path: Path, whole: list[bytes], seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311  The same damage each time, not secrecy.
    content = bytearray(draw.choice(whole))
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(content))
        content[at : at + draw.randint(0, 3)] = draw.choice([b"", b'"', b"\0", b";", b"\n", b"\xff", b"9" * 400])
    path = tmp_path / "list"
    path.write_bytes(content)
    try:
        accounts = read_accounts(path)
    except InputError as error:
        assert error.hint
        assert "Globex" not in str(error) + error.hint
    else:
        assert len(set(accounts.table["account_id"].to_pylist())) == len(accounts)


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        read_accounts(tmp_path / "missing.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_accounts(tmp_path)


def test_a_sheet_of_a_file_without_sheets(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Name\nAcme\n", "utf-8")
    with pytest.raises(InputError, match="not a workbook"):
        read_accounts(path, sheet="One")
