"""What partners do for revenue as a workbook and as a JSON document."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from accountmap.influence import Influence
from accountmap.influence.compare import DOES_NOT_SHOW
from accountmap.influence.models import MODELS
from accountmap.report.influence_views import INFLUENCE_VIEWS, influence_tables
from accountmap.report.influence_words import (
    CLASS_MEANINGS,
    balance_sentence,
    board_numbers,
    influence_headline,
    influence_sentences,
    verdict_meanings,
    watch_sentence,
)
from accountmap.report.json_export import encode
from accountmap.report.workbook import Lines, write_book

FORMAT: Final = "accountmap-influence-v1"


def influence_to_json(influence: Influence) -> Iterator[bytes]:
    """Write influence.json, in parts. Within version 1, members may be added; none is renamed or removed."""
    since, until = influence.period
    return encode(
        {
            "format": FORMAT,
            "own_name": influence.own_name,
            "as_of": influence.as_of,
            "since": since,
            "until": until,
            "currency": influence.currency,
            "rule": influence.rules.text,
            "rule_digest": influence.rules.digest,
            "agreed": [asdict(each) for each in influence.agreed],
            "sentences": [influence_headline(influence), *influence_sentences(influence), DOES_NOT_SHOW],
            "numbers": [asdict(number) for number in board_numbers(influence)],
            "sensitivity": {name: list(amounts) for name, amounts in influence.sensitivity.items()},
            "notes": list(influence.notes),
            **influence_tables(influence),
        }
    )


def render_influence_workbook(influence: Influence) -> bytes:
    """Render influence.xlsx: a summary, one sheet a view, the rule, and how to read it."""
    last = {"The rule": _rule(influence), "How to read": _reading(influence)}
    return write_book(INFLUENCE_VIEWS, influence, _summary(influence), last, {})


def _summary(influence: Influence) -> Lines:
    since, until = influence.period
    numbers = [
        f"{number.title}: {number.value} {number.unit}. {number.range} {number.rule}"
        for number in board_numbers(influence)
    ]
    sentences = [
        f"Revenue from {since} to {until}, pipeline of {influence.as_of}; rule {influence.rules.digest}",
        influence_headline(influence),
        *numbers,
        *influence_sentences(influence),
        DOES_NOT_SHOW,
        *influence.notes,
    ]
    return [(f"What partners do for revenue: {influence.own_name}",), *((sentence,) for sentence in sentences)]


def _rule(influence: Influence) -> Lines:
    return [("The rule",), *((line or " ",) for line in influence.rules.text.splitlines())]


def _reading(influence: Influence) -> Lines:
    meanings = CLASS_MEANINGS | MODELS | verdict_meanings(influence)
    said = {"Balance": balance_sentence(influence), "Watching": watch_sentence(influence)}
    terms = {term.capitalize(): meaning for term, meaning in (meanings | said).items() if meaning}
    return [("How to read",), *terms.items()]
