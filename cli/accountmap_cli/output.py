"""How the program speaks: results on stdout, everything else on stderr; and tables that people fill in."""

import csv
import io
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from accountmap.errors import AccountmapError, InputError

Command = TypeVar("Command", bound=Callable[..., Any])


def write_all_letters(stream: object) -> None:
    """Let any character of a name be printed: on Windows, redirected output has an encoding with few of them.

    A file or another program gets UTF-8. A screen gets the characters that it can show, and codes for the others.
    """
    if isinstance(stream, io.TextIOWrapper):
        encoding = stream.encoding if stream.isatty() else "utf-8"
        stream.reconfigure(encoding=encoding, errors="backslashreplace")


def say(text: str = "", *, bold: bool = False) -> None:
    """Tell the user something that is not the result."""
    shown = harmless(one_stop(text))
    click.echo(click.style(shown, bold=True) if bold else shown, err=True)


def emit(text: str) -> None:
    """Print a result; the lines of CSV, which end with CR LF, end as is usual on this system."""
    click.echo(harmless(one_stop(text.replace("\r\n", "\n"))))


_TWO_STOPS: Final = re.compile(r"(?<=\w)\.\.(?=\s|$)")


def one_stop(text: str) -> str:
    """End a sentence with a single full stop if a company's name before it ends with one already: Ortiz & Co."""
    return _TWO_STOPS.sub(".", text)


def emit_csv(table: bytes) -> None:
    """Print a table; its lines end as usual on a terminal, and not with CR LF as in a file."""
    emit(table.decode().rstrip().replace("\r\n", "\n"))


def write_for_editing(file: Path, text: str) -> None:
    """Write a file for a person to change, and say where it is.

    Raises:
        InputError: there is such a file already, or it cannot be written.
    """
    from accountmap.files import write_atomic

    if file.exists():
        raise InputError(f"{file} is there already.", "Name another file, or delete this one.")
    try:
        write_atomic(file, text.encode())
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}.", "Name another place.") from error
    emit(str(file))


def read_table(file: Path, columns: Sequence[str], hint: str) -> list[dict[str, str]]:
    """Read a table that a person filled in, as Excel or this program writes it.

    Args:
        columns: those that it must have; the first one must be filled in every row.
        hint: where such a table comes from.

    Raises:
        InputError: it is not such a table.
    """
    try:
        text = file.read_text("utf-8-sig")
        separator = max(",;\t", key=text.partition("\n")[0].count)  # Excel writes the one of its language
        reader = csv.DictReader(io.StringIO(text), delimiter=separator)
        found = [{key: value or "" for key, value in row.items() if key} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file} is not a table", "Save it as CSV in UTF-8.") from error
    rows = [row for row in found if any(row.values())]  # spreadsheets also write rows of separators alone
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing or not all(row[columns[0]] for row in rows):
        raise InputError(f"{file} has no column {(*missing, columns[0])[0]}, or a row without one", hint)
    return rows


def emit_json(value: Any) -> None:
    """Print a result for a machine."""
    click.echo(as_json_text(value))


def as_json_text(value: Any) -> str:
    """Write a result for a machine."""
    return harmless(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def harmless(text: str, *, lines: bool = True) -> str:
    r"""Escape the characters that a terminal obeys: \u001b starts a command, \u202e turns text around.

    They are escaped as in JSON, so that JSON means the same afterwards.

    Args:
        lines: whether line breaks are kept.
    """
    return "".join(json.dumps(c)[1:-1] if _is_obeyed(c) and not (lines and c == "\n") else c for c in text)


def _is_obeyed(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def columns_of(text: str) -> int:
    """Count the columns that a text takes on a terminal: two for a wide letter as in Chinese (UAX #11)."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Lay out a small table, with columns of numbers aligned to the right."""
    body = [
        [f"{cell:,}" if isinstance(cell, int) else harmless(str(cell), lines=False) for cell in row]
        for row in rows
    ]
    right = [any(isinstance(row[n], int) for row in rows) for n in range(len(head))]
    widths = [max(columns_of(line[n]) for line in [list(head), *body]) for n in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = (
            " " * (width - columns_of(cell)) + cell if to_right else cell + " " * (width - columns_of(cell))
            for cell, width, to_right in zip(cells, widths, right, strict=True)
        )
        return "  ".join(padded).rstrip()

    return "\n".join([line(head), line(["-" * width for width in widths]), *(line(row) for row in body)])


def plural(count: int, noun: str) -> str:
    """Count something: 1 account, 2 accounts, 2 entities, 2 matches."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2] not in "aeo":
        return f"{count:,} {noun[:-1]}ies"
    return f"{count:,} {noun}es" if noun.endswith(("ch", "sh", "s", "x")) else f"{count:,} {noun}s"


def duration(seconds: float) -> str:
    """Say how long something takes: 45 seconds, 5 minutes, 2 hours."""
    for size, noun in ((3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return plural(int(seconds // size), noun)
    return plural(int(seconds), "second")


def is_interactive() -> bool:
    """Return whether somebody is there to answer."""
    return sys.stdin.isatty()


def ask(question: str, default: str | None, check: Callable[[str], object]) -> str:
    """Ask until the answer can be used."""

    def checked(typed: str) -> str:
        try:
            check(typed)
        except AccountmapError as error:
            raise click.UsageError(f"{error}. {error.hint}") from error
        return typed

    return str(click.prompt(question, default, value_proc=checked, err=True))


def with_options(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Return a decorator that adds arguments and options to a command, in the order in which its help has them."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add
