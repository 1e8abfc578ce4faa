"""The ideal customer: rules that a person can read, and how well an account fits them.

The score is a sum of whole numbers over fields of the account alone, so that two companies with the same file give
the same account the same score, to the last point and on any machine.
"""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import Rows, mapped
from accountmap.accounts.headings import fold
from accountmap.errors import InputError
from accountmap.linkage.places import country_code

MOST: Final = 100
"""The most points that all rules together can give."""

COUNTRY: Final = "country"
EMPLOYEES: Final = "employees"
FIELDS: Final = (COUNTRY, "region", "industry", EMPLOYEES)

FITS: Final = "fits"
MAY_FIT: Final = "may fit"
NO_FIT: Final = "does not fit"
VERDICTS: Final = (FITS, MAY_FIT, NO_FIT)
"""The verdicts on an account, best first: it may fit if the fields that it leaves blank could make it fit."""

EXAMPLE: Final = """\
# The ideal customer, by fields of the account alone. Each rule gives its points to the accounts that meet it; all
# rules together give at most 100. A blank field meets no rule. What follows is an example: change it.

# An account fits if it has at least this many points.
fits_from = 60

[[rule]]
field = "country"                 # country, region or industry: one of these words; countries also as ISO codes
any_of = ["DE", "AT", "CH"]
points = 30

[[rule]]
field = "industry"                # without regard to case, accents and punctuation
any_of = ["Software", "Information Technology"]
points = 30

[[rule]]
field = "employees"               # at_least, at_most, or both
at_least = 51
at_most = 5000
points = 40
"""
"""The file as `ideal rules` writes it."""

Points = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """One thing to ask of an account.

    Attributes:
        field: one of FIELDS.
        points: what an account that meets it gets, 1 to 100.
        any_of: the words that the field may be; for a country, ISO 3166 codes. Empty for employees.
        at_least, at_most: the number of employees; 0 for no bound.
    """

    field: str
    points: int
    any_of: tuple[str, ...] = ()
    at_least: int = 0
    at_most: int = 0

    def in_words(self) -> str:
        """Say what it asks."""
        if self.field != EMPLOYEES:
            return f"{self.field}: {' or '.join(self.any_of)}"
        if not self.at_most:
            return f"{self.at_least:,} employees or more"
        return (
            f"{self.at_least:,} to {self.at_most:,} employees"
            if self.at_least
            else f"up to {self.at_most:,} employees"
        )


@dataclass(frozen=True)
class IdealCustomer:
    """A profile; without rules it is empty.

    Attributes:
        rules: what gives points.
        fits_from: how many points an account needs to fit.
        text: of the file, as the digest is made from it.
    """

    rules: tuple[Rule, ...] = ()
    fits_from: int = 0
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.rules)

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hex: two lists under one digest are scored alike."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def in_words(self) -> list[str]:
        """Say what it asks, one sentence per rule."""
        said = [f"{rule.points} points for {rule.in_words()}." for rule in self.rules]
        return [*said, f"An account fits if it has at least {self.fits_from} points."]


NO_PROFILE: Final = IdealCustomer()

_MOST_BYTES: Final = 16 * 1024
"""The largest file that is read. It may come from a partner, and the time that `tomllib` takes grows with the
square of the number of parts of a key."""


def read_ideal_customer(path: Path) -> IdealCustomer:
    """Read a profile from a file.

    Raises:
        InputError: it cannot be read, or as `parse_ideal_customer`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode().replace("\r\n", "\n")  # mail programs change line ends
    except (OSError, UnicodeDecodeError):
        text, data = "", b""
    if not data or len(data) > _MOST_BYTES:
        raise InputError(
            "The profile of the ideal customer cannot be read.", "accountmap ideal rules writes one to change."
        )
    return parse_ideal_customer(text)


def parse_ideal_customer(text: str) -> IdealCustomer:
    """Read a profile from TOML.

    Raises:
        InputError: it is not TOML, has an unknown name, or a value is not usable.
    """
    try:
        whole = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        raise InputError("The profile is not TOML.", "accountmap ideal rules writes one to change.") from None
    _only(whole, ("fits_from", "rule"), "The profile")
    tables = whole.get("rule", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(each, dict) for each in tables):
        raise InputError("The profile has no rule.", "Write [[rule]], and below it field, any_of and points.")
    rules = tuple(_rule(each) for each in tables)
    most = sum(rule.points for rule in rules)
    if most > MOST:
        raise InputError(f"The rules give {most} points altogether.", f"Let them give at most {MOST}.")
    return IdealCustomer(rules, _whole(whole, "fits_from", 1, most), text)


def _rule(table: Mapping[str, Any]) -> Rule:
    field = table.get("field")
    if field not in FIELDS:
        raise InputError("A rule has no field, or an unknown one.", f"Set field to one of: {', '.join(FIELDS)}.")
    points = _whole(table, "points", 1, MOST)
    if field == EMPLOYEES:
        _only(table, ("field", "points", "at_least", "at_most"), "A rule of employees")
        least, most = (_whole(table, name, 0, 10**9) if name in table else 0 for name in ("at_least", "at_most"))
        if not (least or most) or (most and most < least):
            raise InputError("A rule's employees are not usable.", "Write at_least = 51, at_most = 5000, or both.")
        return Rule(field, points, (), least, most)
    _only(table, ("field", "points", "any_of"), f"A rule of {field}")
    words = table.get("any_of")
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and fold(word) for word in words):
        raise InputError(f"A rule of {field} has no list of words.", 'Write any_of = ["…"].')
    read = tuple(country_code(word) or "" for word in words) if field == COUNTRY else tuple(words)
    if not all(read):
        raise InputError("A rule names an unknown country.", "Write ISO codes, such as DE.")
    return Rule(field, points, read)


def _whole(table: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = table.get(name)
    if type(value) is not int or not least <= value <= most:
        raise InputError(
            f"'{name}' of the profile is not usable.", f"Give a whole number from {least} to {most:,}."
        )
    return value


def _only(table: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    if unknown := sorted(set(table) - set(known)):
        raise InputError(f"{what} cannot have '{unknown[0]}'.", f"Use: {', '.join(known)}.")


@dataclass(frozen=True, repr=False)
class Fit:
    """How well accounts, or companies, fit.

    Attributes:
        points: what each has.
        possible: what each could have if its blank fields were known.
        fits_from: how many points one needs to fit.
    """

    points: Points
    possible: Points
    fits_from: int

    @property
    def verdicts(self) -> pa.Array:
        """One of VERDICTS for each."""
        at = np.where(self.points >= self.fits_from, 0, np.where(self.possible >= self.fits_from, 1, 2))
        return pa.array(VERDICTS).take(pa.array(at))

    def of_entities(self, entity: Rows, entities: int) -> "Fit":
        """Give each company the points of its best account, and the most that any of its accounts could have.

        Args:
            entity: the row of each account's company.
        """
        points, possible = np.zeros(entities, np.int64), np.zeros(entities, np.int64)
        np.maximum.at(points, entity, self.points)
        np.maximum.at(possible, entity, self.possible)
        return Fit(points, possible, self.fits_from)

    def take(self, rows: Rows) -> "Fit":
        """Return the fit of some of them."""
        return Fit(self.points[rows], self.possible[rows], self.fits_from)


def fit_accounts(accounts: pa.Table, ideal: IdealCustomer) -> Fit:
    """Score accounts.

    Args:
        accounts: with territory (ISO 3166 code), region, industry and employees.
    """
    points, possible = np.zeros(len(accounts), np.int64), np.zeros(len(accounts), np.int64)
    for rule in ideal.rules:
        column = accounts["territory" if rule.field == COUNTRY else rule.field]
        met = pc.fill_null(_meets(rule, column), False).to_numpy(zero_copy_only=False)
        points += rule.points * met
        possible += rule.points * (met | column.is_null().to_numpy())
    return Fit(points, possible, ideal.fits_from)


def _meets(rule: Rule, column: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    if rule.field == EMPLOYEES:
        enough = pc.greater_equal(column, rule.at_least)
        return pc.and_(enough, pc.less_equal(column, rule.at_most)) if rule.at_most else enough
    if rule.field == COUNTRY:
        return pc.is_in(column, value_set=pa.array(rule.any_of, pa.string()))
    return pc.is_in(mapped(column, fold), value_set=pa.array([fold(word) for word in rule.any_of], pa.string()))
