"""Reading amounts of money and their currencies as people and spreadsheets write them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.cells import as_text, clean, count_true, read_each
from accountmap.accounts.schema import Remark, currencies
from accountmap.errors import InputError

_CURRENCY: Final = r"(?:[$€£¥￥\\₩₹₽₺₪฿₫₴₦₱円元원]|[A-Z]{1,3}[$€£]|[A-Z]{3}|kr\.?|zł|Kč|Ft|lei|Fr\.|Rs\.?)"
_AMOUNT: Final = re.compile(
    rf"(?!.*[-−].*[-−])(?P<open>\()?\s*(?P<minus>[-−])?\s*{_CURRENCY}?\s*(?P<minus2>[-−])?"
    rf"(?P<digits>\d[\d.,'’ \u00a0\u202f]*)(?P<minus3>[-−])?\s*{_CURRENCY}?\s*(?P<close>\))?"
)
"""Sign, currency and digits; a minus sign may come before or after, or parentheses instead.

A backslash is read as the yen sign, which has its code in Shift-JIS (JIS X 0201).
"""

_SPACES: Final = re.compile(r"['’ \u00a0\u202f]")
_GROUPS: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+")


def _decimal_mark(digits: str) -> str | None:
    """Return which of "." and "," is the decimal mark in a number; None if it may be either or there is none."""
    last = max(digits.rfind("."), digits.rfind(","))
    mark = digits[last] if last >= 0 else ""
    other = {".": ",", ",": "."}.get(mark, "")
    if not mark:
        return None
    if other in digits:
        return mark if digits.count(mark) == 1 else None
    if digits.count(mark) > 1:
        return other
    return None if _GROUPS.fullmatch(digits) and digits[0] != "0" else mark


def _to_number(digits: str, mark: str) -> float | None:
    """Read digits with a known decimal mark, or return None if they are not grouped as thousands."""
    grouping = "," if mark == "." else "."
    whole, _, fraction = digits.partition(mark)
    parts = whole.split(grouping)
    well_grouped = len(parts) == 1 or _is_grouped(parts)
    if not well_grouped or (fraction and not fraction.isdigit()):
        return None
    return float(f"{''.join(parts)}.{fraction or 0}")


def _is_grouped(parts: list[str]) -> bool:
    """Return whether parts between marks are groups of thousands, or of lakh and crore as in India."""
    return 1 <= len(parts[0]) <= 3 and len(parts[-1]) == 3 and all(len(part) in (2, 3) for part in parts[1:-1])


def _is_negative(match: re.Match[str]) -> bool:
    return bool(match["minus"] or match["minus2"] or match["minus3"] or (match["open"] and match["close"]))


@dataclass(frozen=True)
class _Parsed:
    """Distinct cells of a column, read.

    Attributes:
        amounts: one for each cell, None where it is not an amount.
        doubtful: for each cell, whether it may also be read in another way.
        mark: the decimal mark that most cells show, or None.
    """

    amounts: list[float | None]
    doubtful: list[bool]
    mark: str | None


def _parse(cells: list[str]) -> _Parsed:
    matches = [_AMOUNT.fullmatch(cell) for cell in cells]
    numbers = [_SPACES.sub("", match["digits"]) if match else "" for match in matches]
    marks = [_decimal_mark(number) for number in numbers]
    shown = Counter(mark for mark in marks if mark)
    usual = shown.most_common(1)[0][0] if shown else None
    amounts: list[float | None] = []
    doubtful = []
    for match, number, mark in zip(matches, numbers, marks, strict=True):
        thousands = "." if "," in number else ","
        value = _to_number(number, mark or usual or thousands) if match else None
        unsure = mark is None and value is not None and ("." in number or "," in number)
        doubtful.append(unsure and (usual is None or usual in number or len(shown) > 1))
        amounts.append(-value if match and value and _is_negative(match) else value)
    return _Parsed(amounts, doubtful, usual)


def _read_text(cells: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read cleaned text, each distinct cell once."""
    different = cells.drop_null().unique()
    parsed = _parse(different.to_pylist())
    at = pc.index_in(cells, value_set=different)
    amounts = pa.array(parsed.amounts, pa.float64()).take(at)
    doubtful = count_true(pa.array(parsed.doubtful, pa.bool_()).take(at))
    notes = []
    if doubtful:
        how = "as thousands" if parsed.mark is None else f"with the decimal mark '{parsed.mark}'"
        notes.append(
            f"'{heading}': amounts that may be read in two ways, like 1.234 or 1,234, read {how}: {doubtful}."
        )
    if unread := amounts.null_count - cells.null_count:
        notes.append(f"'{heading}': cells that are not amounts, left blank: {unread:,}.")
    return amounts, tuple(notes)


def read_amounts(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read a column of amounts such as "$1,234.56", "1.234,56 €", "1 234,56", "(500)", or of numbers.

    An amount that shows its decimal mark is read by it. One that may be read in two ways, such as "1.234", is
    read by the mark that most of the column shows; if none is shown, the mark separates thousands, because amounts
    without cents are written like this. Numbers are taken as they are.

    Returns:
        The amounts, null where a cell is blank or not an amount, and notes.
    """
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = column.cast(pa.float64(), safe=False)
        return pc.if_else(pc.is_finite(numbers), numbers, None), ()
    return _read_text(clean(column)[0], heading)


_IN_USE: Final = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
    """
CODES: Final = frozenset(_IN_USE.split())
"""ISO 4217, currencies in use."""

_WRITTEN: Final = {
    "€": "EUR",
    "£": "GBP",
    "₩": "KRW",
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₪": "ILS",
    "฿": "THB",
    "₫": "VND",
    "₴": "UAH",
    "₦": "NGN",
    "₱": "PHP",
    "zł": "PLN",
    "kč": "CZK",
    "ft": "HUF",
    "lei": "RON",
    "fr": "CHF",
    "rs": "INR",
    "us$": "USD",
    "ca$": "CAD",
    "c$": "CAD",
    "a$": "AUD",
    "au$": "AUD",
    "nz$": "NZD",
    "hk$": "HKD",
    "s$": "SGD",
    "r$": "BRL",
    "mx$": "MXN",
    "nt$": "TWD",
    "円": "JPY",
    "元": "CNY",
    "\\": "JPY",
    "원": "KRW",
    "euro": "EUR",
    "euros": "EUR",
    "us dollar": "USD",
    "u.s. dollar": "USD",
    "us-dollar": "USD",
    "dollar américain": "USD",
    "dólar estadounidense": "USD",
    "british pound": "GBP",
    "pound sterling": "GBP",
    "pfund sterling": "GBP",
    "livre sterling": "GBP",
    "libra esterlina": "GBP",
    "swiss franc": "CHF",
    "schweizer franken": "CHF",
    "franc suisse": "CHF",
    "japanese yen": "JPY",
    "yen": "JPY",
    "日本円": "JPY",
    "人民币": "CNY",
}
"""Signs and words that mean one currency, in lower case."""

_USUAL: Final = {"$": "USD", "¥": "JPY", "￥": "JPY"}
"""Signs that several currencies share, and which currency it is if nothing else is known."""

_AMOUNT_SIGN: Final = re.compile(r"[\d.,'’()\s\u00a0\u202f−-]+")
_CODE: Final = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
_HEADING_END: Final = re.compile(
    r"(?:[(\[]\s*(?P<in>[^()\[\]]{1,4})\s*[)\]]|\bin\s+(?P<after>\S{1,4}))\s*$", re.IGNORECASE
)
_CONVERTED: Final = re.compile(
    r"\s*\((?:converted|umgerechnet|konvertiert|converti|convertido|convertito)\)\s*$", re.IGNORECASE
)


def currency_code(text: str, *, usual: bool = True) -> str | None:
    """Read one currency: "EUR", "EUR - Euro", "€", "US Dollar"; None if it names none, or could be several.

    Args:
        usual: whether "$" and "¥", which several currencies share, mean the most usual of them.
    """
    plain = text.strip().rstrip(".")
    codes = {code for code in _CODE.findall(plain.upper() if len(plain) == 3 else plain) if code in CODES}
    if codes:
        return codes.pop() if len(codes) == 1 else None
    return _WRITTEN.get(plain.lower()) or (_USUAL.get(plain) if usual else None)


def heading_currency(heading: str) -> str | None:
    """Read the currency that a heading names at its end: "Amount (EUR)", "Umsatz in €"."""
    match = _HEADING_END.search(heading)
    return currency_code(match["in"] or match["after"]) if match else None


def without_currency(heading: str) -> str:
    """Remove a currency, or the remark that amounts were converted, from the end of a heading."""
    bare = _CONVERTED.sub("", heading)
    return _HEADING_END.sub("", bare).strip() if heading_currency(bare) else bare


def check_currency(text: str | None) -> str | None:
    """Check a currency that the user names.

    Raises:
        InputError: it is not a currency.
    """
    if text is None:
        return None
    if (code := currency_code(text)) is None:
        raise InputError(f"There is no currency '{text}'.", "Use its ISO 4217 code, such as EUR, USD, GBP or JPY.")
    return code


def read_currencies(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read a column of currencies.

    Returns:
        ISO 4217 codes, null where a cell is blank or names no currency, and notes.
    """
    cells, _ = clean(as_text(column))
    found = read_each(cells, currency_code, pa.string())
    if unread := found.null_count - cells.null_count:
        return found, (f"'{heading}': cells that do not name a currency, left blank: {unread:,}.",)
    return found, ()


def currencies_in_amounts(column: pa.ChunkedArray, *, usual: bool) -> pa.ChunkedArray:
    """Read the currencies beside amounts, such as "€ 1.234" or "USD 500"; null where there is none.

    Args:
        usual: as in `currency_code`.
    """
    if not pa.types.is_string(column.type):
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    return read_each(column, lambda cell: currency_code(_AMOUNT_SIGN.sub(" ", cell), usual=usual), pa.string())


def find_currencies(
    table: pa.Table, amounts: Sequence[str], column: pa.ChunkedArray | None, wanted: str | None
) -> pa.ChunkedArray:
    """Find the currency of each row: from its column, the amount's cell or heading, or what the user named.

    Args:
        table: the list as it came.
        amounts: headings of its amounts.
        column: what `read_currencies` read, if the list has a column of currencies.
        wanted: the currency of amounts that do not say theirs.
    """
    found = [] if column is None else [column]
    found += [currencies_in_amounts(table[heading], usual=wanted is None) for heading in amounts]
    codes = [code for heading in amounts if (code := heading_currency(heading))]
    for code in (*codes[:1], wanted):
        found.append(pa.chunked_array([pa.repeat(pa.scalar(code, pa.string()), table.num_rows)]))
    return pc.coalesce(*found)


def mixed_currencies(table: pa.Table) -> tuple[Remark, ...]:
    """Remark that the amounts are in several currencies, or partly in an unknown one."""
    found = currencies(table)
    if len(found) < 2:
        return ()
    counts = pc.fill_null(table["currency"].filter(pc.is_valid(table["amount"])), "").value_counts().to_pylist()
    of = {each["values"]: each["counts"] for each in counts}
    return (
        Remark(
            "mixed_currencies",
            "Amounts in several currencies, or partly in an unknown one; they are not added up.",
            "Export one currency, such as the converted amount, or name the unknown one: --currency EUR.",
            sum(of.values()),
            tuple(f"{code or 'unknown'}: {of[code]:,}" for code in found),
        ),
    )
