"""The headings that the program knows, and which of a list's columns is read as which column."""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain
from typing import Final

from accountmap.accounts.currencies import without_currency
from accountmap.accounts.schema import ACCOUNT_SCHEMA, PERSON_ACCOUNT
from accountmap.errors import InputError

Headings = Mapping[str, tuple[str, ...]]
"""For each column of the account list the headings it may be read from, best first."""


TITLES: Final = {
    "salesforce": "Salesforce",
    "hubspot": "HubSpot",
    "dynamics": "Dynamics 365",
    "pipedrive": "Pipedrive",
    "zoho": "Zoho",
    "sap": "SAP",
}
"""The presets' names for people."""

_WORD_INSIDE: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_WORD: Final = re.compile(r"[\W_]+")
_BESIDE_IDEOGRAPH: Final = re.compile("(?<=[\u1100-\u11ff\u2e80-\uffdc]) | (?=[\u1100-\u11ff\u2e80-\uffdc])")
"""Spaces beside Chinese, Japanese and Korean letters, which some write and others leave out."""


def fold(text: str) -> str:
    """Reduce a heading or a stage to what its spellings share: "BillingCountry", "billing_country" alike."""
    parted = _WORD_INSIDE.sub(" ", text)
    letters = unicodedata.normalize("NFKD", parted.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _BESIDE_IDEOGRAPH.sub("", _NOT_WORD.sub(" ", bare)).strip()


_SIGNS: Final = "signs"
"""In the table, headings that are not read and by which a system is recognised."""

_TABLE: Final = tomllib.loads(files("accountmap.accounts").joinpath("headings.toml").read_text("utf-8"))
"""System, column, language, headings; two languages may share a heading."""


def _distinct(headings: Iterable[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for heading in headings:
        first.setdefault(fold(heading), heading)
    return tuple(first.values())


KNOWN_HEADINGS: Final[Mapping[str, Headings]] = {
    system: {column: _distinct(chain(*by.values())) for column, by in columns.items() if column != _SIGNS}
    for system, columns in _TABLE.items()
}
"""By system; "general" holds what is not of one CRM."""

PRESETS: Final = tuple(system for system in KNOWN_HEADINGS if system != "general")
"""The CRMs whose exports are recognised, in the order in which a tie between them is decided."""

_OBJECTS: Final = frozenset(
    fold(each)
    for each in (
        *("Organization", "Organisation", "Organización", "Organização", "Organizzazione", "Organisatie"),
        *("Organizacja", "Organisaatio", "Организация", "組織", "组织", "조직", "Account", "Company", "Customer"),
        *(
            "Unternehmen",
            "Firma",
            "Kunde",
            "Entreprise",
            "Compte",
            "Empresa",
            "Cuenta",
            "Conta",
            "Azienda",
            "Bedrijf",
        ),
    )
)
"""What some exports put in front of every heading: "Organization - Name", "Company: City"."""

_OBJECT_IN_FRONT: Final = re.compile(r"^([^:\-]+?)\s*(?: - | ?: )\s*(?=\S)")


def bare_heading(heading: str) -> str:
    """Take from a heading the name of the object in front and a currency at the end."""
    match = _OBJECT_IN_FRONT.match(heading)
    own = heading[match.end() :] if match and fold(match[1]) in _OBJECTS else heading
    return without_currency(own) or heading


_COLUMNS: Final = (*ACCOUNT_SCHEMA.names, PERSON_ACCOUNT)


@dataclass(frozen=True)
class Choice:
    """Which heading each column is read from.

    Attributes:
        source: column of the account list -> heading.
        notes: what was decided, one sentence each.
    """

    source: dict[str, str]
    notes: tuple[str, ...]


def _quote(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _folded(system: str) -> dict[str, list[str]]:
    return {column: [fold(each) for each in headings] for column, headings in KNOWN_HEADINGS[system].items()}


_FOLDED: Final = {system: _folded(system) for system in KNOWN_HEADINGS}
_GENERAL: Final = {heading for headings in _FOLDED["general"].values() for heading in headings}
_ALL: Final = {heading for table in _FOLDED.values() for headings in table.values() for heading in headings}


def known_counter(mapping: Mapping[str, str] | None) -> Callable[[Sequence[str]], int]:
    """Return a function that counts the cells of a row that are known or mapped headings."""
    known = _ALL | {fold(heading) for heading in (mapping or {}).values()}
    known.discard("")

    def count(cells: Sequence[str]) -> int:
        return sum(fold(cell) in known or fold(bare_heading(cell)) in known for cell in cells)

    return count


def _find_preset(folded: set[str]) -> str | None:
    """Find the CRM with most headings of its own, that is, headings that no other list would have."""

    def own(system: str) -> int:
        headings = {heading for each in _FOLDED[system].values() for heading in each}
        signs = {fold(each) for by in _TABLE[system].get(_SIGNS, {}).values() for each in by}
        return len(((headings - _GENERAL) | signs) & folded)

    best = max(PRESETS, key=own)
    return best if own(best) else None


def _check_preset(preset: str) -> str:
    if preset not in PRESETS:
        raise InputError(f"There is no preset '{preset}'.", f"Use one of: {', '.join(PRESETS)}.")
    return preset


def _mapped(headings: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str | None]:
    """Resolve what the user has mapped: column -> heading of the list, or None where it shall not be read.

    Raises:
        InputError: an unknown column, or a heading that the list does not have.
    """
    by_fold = {fold(heading): heading for heading in reversed(headings)}
    resolved: dict[str, str | None] = {}
    for column, wanted in mapping.items():
        if column not in _COLUMNS:
            raise InputError(f"There is no column '{column}' to map.", f"Columns: {', '.join(_COLUMNS)}.")
        heading = wanted if wanted in headings else by_fold.get(fold(wanted))
        if wanted and heading is None:
            raise InputError(
                f"The column '{column}' cannot be read from '{wanted}': the list has no such heading.",
                _found(headings),
            )
        resolved[column] = heading if wanted else None
    return resolved


_OF_AN_ACCOUNT: Final = re.compile(r"@|\d{3}|^\d+$|\w\.[a-zA-Z]{2,}(?:/|$)")
"""What cells of accounts hold and headings do not: addresses, numbers."""


def _found(headings: Sequence[str]) -> str:
    """List the first row, unless it seems to be an account, which no error may show."""
    known = any(fold(each) in _ALL or fold(bare_heading(each)) in _ALL for each in headings)
    if known or not any(_OF_AN_ACCOUNT.search(each) for each in headings):
        return f"The headings found are: {_quote(headings)}."
    return "The list needs a row of headings above the accounts."


def _require_identity(source: Mapping[str, str], headings: Sequence[str]) -> None:
    if not {"name", "domain", "website", "email"} & set(source):
        raise InputError(
            "No column with company names, domains, websites or e-mail addresses was recognised.",
            f"Say which it is, such as --map name=HEADING. {_found(headings)}",
        )


def _free(headings: Sequence[str]) -> dict[str, str]:
    """Give the headings by how they are compared: as they are, and without what stands before and behind."""
    bare = {fold(bare_heading(each)): each for each in reversed(headings)}
    return bare | {fold(each): each for each in reversed(headings)}


def _take(
    wanted: Sequence[str], free: dict[str, str], tables: Sequence[Mapping[str, Sequence[str]]]
) -> dict[str, str]:
    """Take for each wanted column the best heading that is still free, from the first table that has one.

    Args:
        free: folded heading -> heading of the list; those taken are removed.
    """
    source: dict[str, str] = {}
    for table in tables:
        for column in wanted:
            found = next((each for each in table.get(column, ()) if each in free), None)
            if column not in source and found is not None:
                source[column] = free[found]
                for each in [key for key, heading in free.items() if heading == source[column]]:
                    del free[each]
    return source


def _share_stage(
    source: Mapping[str, str], wanted: Sequence[str], tables: Sequence[Mapping[str, Sequence[str]]]
) -> dict[str, str]:
    """Read stage and segment from one heading, that of a stage, if the list has no other for one of them."""
    of_stage = {each for table in tables for each in table.get("stage", ())}
    if "segment" in wanted and "segment" not in source and "stage" in source:
        return {"segment": source["stage"]}
    if "stage" in wanted and "stage" not in source and fold(source.get("segment", "")) in of_stage:
        return {"stage": source["segment"]}
    return {}


def _note_passed_over(
    source: Mapping[str, str], free: Mapping[str, str], tables: Sequence[Mapping[str, Sequence[str]]]
) -> list[str]:
    """Say which headings might have been read as a column, but were not."""
    notes = []
    for column, heading in source.items():
        known = dict.fromkeys(each for table in tables for each in table.get(column, ()))
        if others := list(dict.fromkeys(free[each] for each in known if each in free)):
            notes.append(f"'{column}' is read from '{heading}'; not from {_quote(others)}.")
    return notes


def choose_columns(
    headings: Sequence[str],
    mapping: Mapping[str, str] | None = None,
    preset: str | None = None,
    blank: Collection[str] = (),
) -> Choice:
    """Decide which heading each column is read from.

    The user's mapping comes first; then the headings of the CRM that the list comes from; then the general
    ones; within each, in the order of the tables. A heading serves one column only, unless the user says so; but
    a stage may tell the segment too.

    Args:
        headings: the list's own, distinct.
        mapping: column -> heading; an empty heading means that the column shall not be read.
        preset: the CRM, or None to recognise it.
        blank: headings with nothing below; only the mapping reads them.

    Raises:
        InputError: the mapping or preset does not fit, or nothing that identifies a company was found.
    """
    mapped = _mapped(headings, mapping or {})
    source = {column: heading for column, heading in mapped.items() if heading is not None}
    free = _free([each for each in headings if each not in {*source.values(), *blank}])
    system = _find_preset({fold(each) for each in headings}) if preset is None else _check_preset(preset)
    tables = [_FOLDED[each] for each in (system, "general") if each is not None]
    wanted = [column for column in _COLUMNS if column not in mapped]
    recognised = _take(wanted, free, tables)
    source |= recognised
    source |= _share_stage(source, wanted, tables)
    _require_identity(source, headings)
    notes = [] if system is None else [f"The headings are read as those of a {TITLES[system]} export."]
    notes += _note_passed_over(recognised, free, tables)
    return Choice({column: source[column] for column in _COLUMNS if column in source}, tuple(notes))
