import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.report.safe_text import spreadsheet_column, visible


def in_spreadsheet(text: str | None) -> str | None:
    result: str | None = spreadsheet_column(pa.chunked_array([[text]], pa.string()))[0].as_py()
    return result


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Müller & Söhne 株式会社", "Müller & Söhne 株式会社"),
        ("two\r\nlines\tand tab", "two lines and tab"),
        ("a\x00b\x7fc\x9bd", "a[U+0000]b[U+007F]c[U+009B]d"),
        ("exe.\u202egnp\u2066", "exe.[U+202E]gnp[U+2066]"),
        ("\ufeffname", "[U+FEFF]name"),
        ("a\u2028b\u0085c", "a b c"),
    ],
)
def test_controls_are_shown(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert in_spreadsheet(text) == shown


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t=", " =", "\r@"])
def test_formulas_become_text(sign: str) -> None:
    shown = in_spreadsheet(sign + "cmd")
    assert shown is not None
    assert shown.startswith("'")


@pytest.mark.parametrize("text", ["-5", "+49301234", "-1,234.5", "'s-Hertogenbosch", "a=b", "", "3M", "-", None])
def test_what_no_spreadsheet_runs_stays(text: str | None) -> None:
    expected = "'-" if text == "-" else text
    assert in_spreadsheet(text) == expected


@given(st.text(alphabet="'=+-@＝ a1", max_size=6))
def test_the_documented_way_back_is_exact(text: str) -> None:
    shown = in_spreadsheet(text)
    assert shown is not None
    assert re.sub(r"^'(?='*\s*[=+\-@＝＋－＠])", "", shown) == text
