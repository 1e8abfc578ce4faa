"""The currency of amounts: from a column, the cells, the heading, or as the user names it."""

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.cells import as_text, clean
from accountmap.errors import InputError

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
"""Signs that several currencies share, and which it is if nothing else is known."""

_AMOUNT_SIGN: Final = re.compile(r"[\d.,'’()\s\u00a0\u202f−-]+")
_CODE: Final = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
_HEADING_END: Final = re.compile(
    r"(?:[(\[]\s*(?P<in>[^()\[\]]{1,4})\s*[)\]]|\bin\s+(?P<after>\S{1,4}))\s*$", re.IGNORECASE
)
_CONVERTED: Final = re.compile(
    r"\s*\((?:converted|umgerechnet|konvertiert|converti|convertido|convertito)\)\s*$", re.IGNORECASE
)


def currency_code(text: str, *, usual: bool = True) -> str | None:
    """Read one currency: "EUR", "EUR - Euro", "€", "US Dollar"; None if it is none or may be several.

    Args:
        usual: whether "$" and "¥", which several currencies share, are those that they mean most often.
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
    """Take a currency, or the remark that amounts were converted, from the end of a heading."""
    bare = _CONVERTED.sub("", heading)
    return _HEADING_END.sub("", bare).strip() if heading_currency(bare) else bare


def check_currency(text: str | None) -> str | None:
    """Check what the user names.

    Raises:
        InputError: it is no currency.
    """
    if text is None:
        return None
    if (code := currency_code(text)) is None:
        raise InputError(f"There is no currency '{text}'.", "Use its ISO 4217 code, such as EUR, USD, GBP or JPY.")
    return code


def read_currencies(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read a column of currencies.

    Returns:
        ISO 4217 codes, null where a cell is blank or names none, and notes.
    """
    cells, _ = clean(as_text(column))
    different = cells.drop_null().unique()
    codes = pa.array([currency_code(cell) for cell in different.to_pylist()], pa.string())
    found = codes.take(pc.index_in(cells, value_set=different))
    if unread := found.null_count - cells.null_count:
        return found, (f"'{heading}': cells that name no currency, left blank: {unread:,}.",)
    return found, ()


def currencies_in_amounts(column: pa.ChunkedArray, *, usual: bool) -> pa.ChunkedArray:
    """Read the currencies that stand beside amounts, such as "€ 1.234" or "USD 500"; null where none does.

    Args:
        usual: as in `currency_code`.
    """
    if not pa.types.is_string(column.type):
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    different = column.drop_null().unique()
    codes = [currency_code(_AMOUNT_SIGN.sub(" ", cell), usual=usual) for cell in different.to_pylist()]
    return pa.array(codes, pa.string()).take(pc.index_in(column, value_set=different))
