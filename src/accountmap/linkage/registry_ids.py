"""Company numbers: LEI (ISO 17442), VAT and national tax numbers, DUNS; check digits by python-stdnum.

A number that fails its check is not a key. Numbers that name a branch or a tax account within a company are cut to
the part that names the company, so that two lists match whichever of these numbers they have.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from typing import Final, Protocol

from stdnum import get_cc_module
from stdnum import lei as stdnum_lei
from stdnum.ch import uid
from stdnum.fr import siren
from stdnum.no import orgnr

from accountmap.linkage.transliterate import known


class _Numbers(Protocol):
    """What every number module of stdnum has."""

    def compact(self, number: str) -> str: ...
    def is_valid(self, number: str) -> bool: ...


_VALUES: Final = re.compile(r"[;,|:\n]")
_SAME_COMPANY: Final = {"EL": "GR", "XI": "GB", "UK": "GB", "LI": "CH", "MC": "FR"}
"""Prefixes under which another country's numbers are written."""

_SWISS_TAX: Final = re.compile(r"(?:MWST|TVA|IVA|VAT)$")


def _compact(text: str) -> str:
    """Keep capital letters, digits and `&` (which is part of Mexican numbers)."""
    return re.sub(r"[^0-9A-ZÑ&]", "", unicodedata.normalize("NFKC", known(text)).upper())


def _values(text: str | None) -> Iterator[str]:
    """Yield the numbers in a cell, which may have several, or one with a caption."""
    for part in _VALUES.split((text or "")[:1000]):
        number = _compact(part)
        if number and len(set(re.sub(r"\D", "", number))) > 1:  # people type 000000000 to fill a field
            yield number


def lei(text: str | None) -> str | None:
    """Read a Legal Entity Identifier: 20 characters, ISO 7064 MOD 97-10; None if the cell has none."""
    return next((number for number in _values(text) if len(number) == 20 and stdnum_lei.is_valid(number)), None)


def duns(text: str | None) -> str | None:
    """Read a D-U-N-S number: nine digits (without a check digit since 2006); None if the cell has none."""
    plain = (number.removeprefix("DUNS") for number in _values(text))
    return next((n for n in plain if re.fullmatch(r"[0-9]{9}", n) and n != "123456789"), None)


@functools.cache
def _tax_module(country: str) -> _Numbers | None:
    """Return stdnum's module for the number under which companies of a country are taxed, or None."""
    registers: dict[str, _Numbers] = {"CH": uid, "NO": orgnr}
    return registers.get(country) or get_cc_module(country.lower(), "vat")


def _company_part(country: str, number: str) -> str:
    """Cut a valid number to the part that stays the same in all branches of a company."""
    match country:
        case "BR":
            return number[:8]  # CNPJ: root, branch, check digits
        case "CA":
            return number[:9]  # business number, programme account
        case "IN":
            return number[2:12] if len(number) == 15 else number  # GSTIN: state, PAN, registration
        case "CN":
            return number[8:17] if len(number) == 18 else number  # USCC: authority, district, organisation
        case _:
            return number


def _national_forms(country: str, number: str) -> Iterator[str]:
    """Yield what a number may mean: itself, or the register number from which the tax number is made."""
    yield number
    yield number.removeprefix(country)
    if country == "CH":
        yield _SWISS_TAX.sub("", number)
    elif country == "NO":
        yield number.removeprefix(country).removesuffix("MVA")
    elif country == "SE" and len(number) == 10:
        yield number + "01"
    elif country == "FR" and len(number) in {9, 14} and siren.is_valid(number[:9]):
        yield siren.to_tva(number[:9])


def _checked(country: str, number: str) -> str | None:
    country = _SAME_COMPANY.get(country, country)
    module = _tax_module(country)
    if module is None:
        return None
    for form in _national_forms(country, number):
        if module.is_valid(form):
            return country + _company_part(country, _compact(module.compact(form)).removeprefix(country))
    return None


def vat(text: str | None, country: str | None = None) -> str | None:
    """Read the number under which a company is taxed: VAT, GST, CNPJ, UID, ABN and so on.

    Args:
        text: a cell as it was written, with or without the country's prefix.
        country: alpha-2 code of the account, for numbers without a prefix.

    Returns:
        The alpha-2 code (`GR` for `EL`) followed by the number that names the company, or None if no number
        passes its country's check.
    """
    for number in _values(text):
        prefix = number[:2]
        written = _checked(prefix, number[2:]) or _checked(prefix, number) if prefix.isalpha() else None
        found = written or (_checked(country, number) if country else None)
        if found:
            return found
    return None
