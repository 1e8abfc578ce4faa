"""The user's weights as a TOML file."""

import tomllib
from pathlib import Path
from typing import Any, Final

from accountmap.errors import InputError
from accountmap.overlap.plays import PLAYS
from accountmap.overlap.tables import SCORE_PARTS
from accountmap.overlap.weights import STANDARD_WEIGHTS, IdealCustomer, Weights

_TABLES: Final = ("points", "worth", "stages", "ideal")
_IDEAL: Final = ("countries", "industries", "employees")
_CELLS: Final = {f"{mine} by {theirs}": (mine, theirs) for mine, theirs in PLAYS}


def read_weights(path: Path) -> Weights:
    """Read weights; what the file does not name stays as it stands.

    The tables are `points` (a number for each of SCORE_PARTS), `worth` (a number from 0 to 1 for a cell, such as
    "prospect by customer"), `stages` (likewise for a stage) and `ideal` (countries, industries, employees).

    Raises:
        InputError: it cannot be read, is no TOML, names what there is not, or a value is not usable.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise InputError("The weights cannot be read as TOML.", "docs/reports.md has an example.") from None
    _only(tables, _TABLES, "table")
    points, worth, stages, ideal = (_table(tables, name) for name in _TABLES)
    _only(points, SCORE_PARTS, "part of the score")
    _only(worth, tuple(_CELLS), "cell")
    _only(ideal, _IDEAL, "thing to ask of the ideal customer")
    return Weights(
        **{part: _number(points[part], part) for part in points},
        worth={**STANDARD_WEIGHTS.worth, **{_CELLS[name]: _number(worth[name], name) for name in worth}},
        stages={name: _number(value, name) for name, value in stages.items()},
        ideal=IdealCustomer(
            countries=_words(ideal, "countries"),
            industries=_words(ideal, "industries"),
            employees=_bounds(ideal.get("employees", [0, 0])),
        ),
    )


def _table(tables: dict[str, Any], name: str) -> dict[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise InputError(f"'{name}' of the weights is not a table.", f"Write [{name}] and its values below it.")
    return table


def _only(given: dict[str, Any], known: tuple[str, ...], what: str) -> None:
    if unknown := sorted(set(given) - set(known)):
        raise InputError(f"The weights name '{unknown[0]}', which is no {what}.", f"Use: {', '.join(known)}.")


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"The weight of '{name}' is not a number.", "Give a number, such as 0.5.")
    return float(value)


def _words(ideal: dict[str, Any], name: str) -> tuple[str, ...]:
    value = ideal.get(name, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise InputError(f"The ideal customer's {name} are not a list of words.", f'Write {name} = ["..."].')
    return tuple(value)


def _bounds(value: object) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2 and all(type(bound) is int for bound in value):
        return value[0], value[1]
    raise InputError("The ideal customer's employees are not two numbers.", "Write employees = [51, 1000].")
