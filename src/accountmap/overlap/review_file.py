"""The user's decisions about matches as a CSV file: `review.csv` of a report, or any table of it, filled in."""

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from accountmap.errors import InputError
from accountmap.overlap.review import MatchDecision

REVIEW_COLUMNS: Final = ("account_id", "evidence", "their_segment", "decision")
_ANSWERS: Final = {"keep": True, "reject": False, "open": None, "": None}
_FORMULA: Final = re.compile(r"^('*\s*[=+\-@＝＋－＠])")
_GUARDED: Final = re.compile(r"^'('*\s*[=+\-@＝＋－＠])")
"""What the tables of a report put an apostrophe before, so that no spreadsheet runs it (docs/reports.md)."""

_HINT: Final = f"Give a CSV file in UTF-8 with the columns {', '.join(REVIEW_COLUMNS)}: review.csv, for example."


def read_reviews(path: Path) -> tuple[tuple[MatchDecision, ...], frozenset[tuple[str, str, str]]]:
    """Read a file as `parse_reviews` does.

    Raises:
        InputError: it cannot be read, or is not of this form.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError("The review cannot be read.", _HINT) from None
    return parse_reviews(text)


def parse_reviews(text: str) -> tuple[tuple[MatchDecision, ...], frozenset[tuple[str, str, str]]]:
    """Read decisions: `keep`, `reject`, `open` to take one back, or blank to leave it as it is.

    Args:
        text: of the file; further columns are not read.

    Returns:
        The decisions, and the subjects of those that are taken back.

    Raises:
        InputError: it is not of this form, or says two things of one match.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    decided: dict[tuple[str, str, str], MatchDecision | None] = {}
    try:
        if not set(REVIEW_COLUMNS) <= set(reader.fieldnames or ()):
            raise InputError("The review has other columns.", _HINT)
        for number, row in enumerate(reader, start=2):
            subject, answer = _read(number, row)
            if not answer:
                continue
            keep = _ANSWERS[answer]
            decision = None if keep is None else MatchDecision(*subject, keep)
            if decided.setdefault(subject, decision) != decision:
                raise InputError(
                    f"Row {number} says another thing of a match than a row above.", "Keep one of them."
                )
    except csv.Error:
        raise InputError("The review cannot be read.", _HINT) from None
    taken_back = frozenset(subject for subject, decision in decided.items() if decision is None)
    return tuple(sorted(decision for decision in decided.values() if decision)), taken_back


def _read(number: int, row: dict[str, str | None]) -> tuple[tuple[str, str, str], str]:
    account_id, evidence, their_segment, answer = ((row[name] or "").strip() for name in REVIEW_COLUMNS)
    if answer.lower() not in _ANSWERS or not account_id or not evidence:
        raise InputError(
            f"Row {number} of the review is no decision.",
            "Leave account_id and evidence as they are, and write keep, reject or open as the decision.",
        )
    return (_GUARDED.sub(r"\1", account_id), evidence, their_segment), answer.lower()


def format_reviews(decisions: Iterable[MatchDecision]) -> str:
    """Write decisions so that equal sets give equal text, which `parse_reviews` reads back."""
    to = io.StringIO(newline="")
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(REVIEW_COLUMNS)
    for each in sorted(set(decisions)):
        answer = "keep" if each.keep else "reject"
        writer.writerow((_FORMULA.sub(r"'\1", each.account_id), each.evidence, each.their_segment, answer))
    return to.getvalue()
