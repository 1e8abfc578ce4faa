"""The headings that the program knows, and which column of a list is read as what.

A `ListKind` has the headings of one kind of list: that of accounts is here, those of deals and touches are in
`deals`.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import chain
from typing import Final

from accountmap.accounts.amounts import without_currency
from accountmap.accounts.schema import ACCOUNT_SCHEMA, PERSON_ACCOUNT
from accountmap.errors import InputError

Headings = Mapping[str, tuple[str, ...]]
"""For each column of the account list, the headings that it may be read from, best first."""


TITLES: Final = {
    "salesforce": "Salesforce",
    "hubspot": "HubSpot",
    "dynamics": "Dynamics 365",
    "pipedrive": "Pipedrive",
    "zoho": "Zoho",
    "sap": "SAP",
}
"""The names of the presets, for people."""

_WORD_INSIDE: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_WORD: Final = re.compile(r"[\W_]+")
_BESIDE_IDEOGRAPH: Final = re.compile("(?<=[\u1100-\u11ff\u2e80-\uffdc]) | (?=[\u1100-\u11ff\u2e80-\uffdc])")
"""Spaces beside Chinese, Japanese and Korean letters, which some people write and others do not."""


def fold(text: str) -> str:
    """Reduce a heading or a stage to what its spellings have in common: "BillingCountry", "billing_country"."""
    parted = _WORD_INSIDE.sub(" ", text)
    letters = unicodedata.normalize("NFKD", parted.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _BESIDE_IDEOGRAPH.sub("", _NOT_WORD.sub(" ", bare)).strip()


_SIGNS: Final = "signs"
"""The table's name for headings that are not read, but by which a system is recognised."""

_GENERAL: Final = "general"
"""The table's name for headings that do not belong to one CRM."""


def _distinct(headings: Iterable[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for heading in headings:
        first.setdefault(fold(heading), heading)
    return tuple(first.values())


@dataclass(frozen=True)
class ListKind:
    """A kind of list: its columns, and the headings that each may be read from.

    Attributes:
        rows: what its rows are, for messages.
        file: TOML in this package: system, column, language, headings; two languages may share a heading.
        columns: the columns that can be read, in their order.
        identifying: those of which a list needs at least one.
        needs: the message for a list that has none of them.
        objects: what some exports put in front of every heading: "Organization - Name", "Company: City".
    """

    rows: str
    file: str
    columns: tuple[str, ...]
    identifying: frozenset[str]
    needs: str
    objects: tuple[str, ...]

    @cached_property
    def table(self) -> dict[str, dict[str, dict[str, list[str]]]]:
        """The file."""
        return tomllib.loads(files("accountmap.accounts").joinpath(self.file).read_text("utf-8"))

    @cached_property
    def known(self) -> dict[str, Headings]:
        """For each system and column, the headings, best first."""
        return {
            system: {column: _distinct(chain(*by.values())) for column, by in columns.items() if column != _SIGNS}
            for system, columns in self.table.items()
        }

    @property
    def presets(self) -> tuple[str, ...]:
        """The CRMs whose exports are recognised; if there is a tie, the first wins."""
        return tuple(system for system in self.known if system != _GENERAL)

    @cached_property
    def folded(self) -> dict[str, dict[str, list[str]]]:
        """The same as `known`, folded."""
        return {
            system: {column: [fold(each) for each in headings] for column, headings in columns.items()}
            for system, columns in self.known.items()
        }

    @cached_property
    def all(self) -> frozenset[str]:
        """Every heading, folded."""
        return frozenset(chain.from_iterable(chain.from_iterable(t.values()) for t in self.folded.values()))

    @cached_property
    def _folded_objects(self) -> frozenset[str]:
        return frozenset(map(fold, self.objects))

    def bare(self, heading: str) -> str:
        """Remove from a heading the name of the object in front and a currency at the end."""
        match = _OBJECT_IN_FRONT.match(heading)
        own = heading[match.end() :] if match and fold(match[1]) in self._folded_objects else heading
        return without_currency(own) or heading


_COMPANY_WORDS: Final = (
    *("Organization", "Organisation", "Organización", "Organização", "Organizzazione", "Organisatie"),
    *("Organizacja", "Organisaatio", "Организация", "組織", "组织", "조직", "Account", "Company", "Customer"),
    *("Unternehmen", "Firma", "Kunde", "Entreprise", "Compte", "Empresa", "Cuenta", "Conta", "Azienda", "Bedrijf"),
)

ACCOUNTS: Final = ListKind(
    rows="accounts",
    file="headings.toml",
    columns=(*ACCOUNT_SCHEMA.names, PERSON_ACCOUNT),
    identifying=frozenset({"name", "domain", "website", "email"}),
    needs="No column with company names, domains, websites or e-mail addresses was recognised.",
    objects=_COMPANY_WORDS,
)

_OBJECT_IN_FRONT: Final = re.compile(r"^([^:\-]+?)\s*(?: - | ?: )\s*(?=\S)")


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


def known_counter(mapping: Mapping[str, str] | None, kind: ListKind = ACCOUNTS) -> Callable[[Sequence[str]], int]:
    """Return a function that counts the cells of a row that are known or mapped headings."""
    known = kind.all | {fold(heading) for heading in (mapping or {}).values()}
    known -= {""}

    def count(cells: Sequence[str]) -> int:
        return sum(fold(cell) in known or fold(kind.bare(cell)) in known for cell in cells)

    return count


def _find_preset(kind: ListKind, folded: set[str]) -> str | None:
    """Find the CRM with the most headings of its own, that is, headings that no other list would have."""
    general = {heading for headings in kind.folded[_GENERAL].values() for heading in headings}

    def own(system: str) -> int:
        headings = {heading for each in kind.folded[system].values() for heading in each}
        signs = {fold(each) for by in kind.table[system].get(_SIGNS, {}).values() for each in by}
        return len(((headings - general) | signs) & folded)

    best = max(kind.presets, key=own, default=None)
    return best if best and own(best) else None


def _check_preset(kind: ListKind, preset: str) -> str:
    if preset not in kind.presets:
        raise InputError(f"There is no preset '{preset}'.", f"Use one of: {', '.join(kind.presets)}.")
    return preset


def _mapped(kind: ListKind, headings: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str | None]:
    """Resolve what the user has mapped: column -> heading of the list, or None if it is not to be read.

    Raises:
        InputError: a column is unknown, or the list does not have a heading.
    """
    by_fold = {fold(heading): heading for heading in reversed(headings)}
    resolved: dict[str, str | None] = {}
    for column, wanted in mapping.items():
        if column not in kind.columns:
            raise InputError(f"There is no column '{column}' to map.", f"Columns: {', '.join(kind.columns)}.")
        heading = wanted if wanted in headings else by_fold.get(fold(wanted))
        if wanted and heading is None:
            raise InputError(
                f"The column '{column}' cannot be read from '{wanted}': the list has no such heading.",
                _found(kind, headings),
            )
        resolved[column] = heading if wanted else None
    return resolved


_OF_AN_ACCOUNT: Final = re.compile(r"@|\d{3}|^\d+$|\w\.[a-zA-Z]{2,}(?:/|$)")
"""What is found in cells of accounts but not in headings: addresses, numbers."""


def _found(kind: ListKind, headings: Sequence[str]) -> str:
    """Quote the headings, unless they seem to be an account, which no error may show."""
    known = any(fold(each) in kind.all or fold(kind.bare(each)) in kind.all for each in headings)
    if known or not any(_OF_AN_ACCOUNT.search(each) for each in headings):
        return f"The headings found are: {_quote(headings)}."
    return f"The list needs a row of headings above the {kind.rows}."


def _require_identity(kind: ListKind, source: Mapping[str, str], headings: Sequence[str]) -> None:
    if not kind.identifying & set(source):
        example = next(column for column in kind.columns if column in kind.identifying)
        raise InputError(kind.needs, f"Say which it is, such as --map {example}=HEADING. {_found(kind, headings)}")


def _free(kind: ListKind, headings: Sequence[str]) -> dict[str, str]:
    """Return the headings as they are compared: whole, and without the object in front and the currency."""
    bare = {fold(kind.bare(each)): each for each in reversed(headings)}
    return bare | {fold(each): each for each in reversed(headings)}


def _take(
    wanted: Sequence[str], free: dict[str, str], tables: Sequence[Mapping[str, Sequence[str]]]
) -> dict[str, str]:
    """Choose for each wanted column the best heading that is still free, from the first table that has one.

    Args:
        free: folded heading -> heading of the list; those chosen are removed.
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
    """Read both stage and segment from the heading of a stage, if the list has no other for one of them."""
    of_stage = {each for table in tables for each in table.get("stage", ())}
    if "segment" in wanted and "segment" not in source and "stage" in source:
        return {"segment": source["stage"]}
    if "stage" in wanted and "stage" not in source and fold(source.get("segment", "")) in of_stage:
        return {"stage": source["segment"]}
    return {}


def _note_passed_over(
    source: Mapping[str, str], free: Mapping[str, str], tables: Sequence[Mapping[str, Sequence[str]]]
) -> list[str]:
    """Say which headings could have been read as a column, but were not."""
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
    kind: ListKind = ACCOUNTS,
) -> Choice:
    """Decide which heading each column is read from.

    The user's mapping comes first, then the headings of the CRM that the list comes from, then the general ones;
    each in the order of the tables. A heading is used for one column only, unless the user says otherwise; but the
    segment may be read from the heading of a stage too.

    Args:
        headings: the list's own, distinct.
        mapping: column -> heading; an empty heading means that the column is not to be read.
        preset: the CRM, or None to recognise it.
        blank: headings with nothing below them, which are used only if they are mapped.
        kind: the kind of list.

    Raises:
        InputError: the mapping or preset does not fit, or nothing that identifies a company was found.
    """
    mapped = _mapped(kind, headings, mapping or {})
    source = {column: heading for column, heading in mapped.items() if heading is not None}
    free = _free(kind, [each for each in headings if each not in {*source.values(), *blank}])
    folded = {fold(each) for each in headings}
    system = _find_preset(kind, folded) if preset is None else _check_preset(kind, preset)
    tables = [kind.folded[each] for each in (system, _GENERAL) if each is not None]
    wanted = [column for column in kind.columns if column not in mapped]
    recognised = _take(wanted, free, tables)
    source |= recognised
    source |= _share_stage(source, wanted, tables)
    _require_identity(kind, source, headings)
    notes = [] if system is None else [f"The headings are read as those of a {TITLES[system]} export."]
    notes += _note_passed_over(recognised, free, tables)
    return Choice({column: source[column] for column in kind.columns if column in source}, tuple(notes))
