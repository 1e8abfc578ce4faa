"""Reading the terms of an agreement from what a partner wrote: shape, words and ranges (trust-v1 §4.1)."""

import re
from datetime import date, datetime
from itertools import chain
from typing import Any, Final

from accountmap.errors import TrustError
from accountmap.trust import text
from accountmap.trust.roles import INITIATOR
from accountmap.trust.sharing_reading import check_sharing, read_leads, read_sharing
from accountmap.trust.terms import (
    MOST_CHANGE,
    MOST_GROWTH,
    MOST_RUNS,
    PROTOCOL,
    SlotTerms,
    Terms,
)
from accountmap.trust.visible import MAX_PURPOSE, check_line, check_name

_MOST_SEGMENTS: Final = 16
_MOST_SLOTS: Final = 32
_MOST_WEIGHT: Final = 2**62
_DIGEST: Final = re.compile("[0-9a-f]{64}")


def read_terms(fields: dict[str, Any]) -> Terms:
    """Read the terms from the parsed first part of an agreement, strictly.

    Raises:
        TrustError: a key is missing, unknown, of another type or out of range, or words could mislead on a screen.
    """
    _check_shape(fields)
    parties, matching, disclosure = fields["parties"], fields["matching"], fields["disclosure"]
    terms = Terms(
        created=fields["created"],
        valid_until=fields["valid_until"],
        purpose=fields["purpose"],
        names=_pair(parties["names"]),
        cards=_pair(parties["cards"]),
        canonical=fields["canonical"]["version"],
        data=dict(
            zip(fields["canonical"]["data"], text.strings(fields["canonical"]["data"].values()), strict=True)
        ),
        profile=matching["profile"],
        slots=tuple(SlotTerms(**slot) for slot in fields["slot"]),
        threshold=matching["threshold"],
        segments=text.strings(disclosure["segments"]),
        sharing=read_sharing(fields),
        leads=read_leads(fields["engagement"]),
        automatic_share=disclosure["automatic_share"],
        runs_per_30_days=disclosure["runs_per_30_days"],
        min_change=fields["limits"]["min_change"],
        growth_alarm=fields["limits"]["growth_alarm"],
    )
    _check_words(terms)
    _check_ranges(terms)
    check_sharing(terms)
    return terms


def _check_shape(fields: dict[str, Any]) -> None:
    check = text.check_keys
    top = {"format": str, "created": datetime, "valid_until": date, "purpose": str}
    arrays = dict.fromkeys(("slot", "rectangle"), list)
    names = ("parties", "protocol", "canonical", "matching", "disclosure", "filter", "engagement", "limits")
    tables = dict.fromkeys((*names, INITIATOR), dict)
    check(fields, {**top, **arrays, **tables}, "agreement")
    check(fields["parties"], {"names": list, "cards": list}, "agreement, parties")
    check(fields["canonical"], {"version": str, "data": dict}, "agreement, canonical")
    check(fields["matching"], {"profile": str, "threshold": int}, "agreement, matching")
    shown = {"segments": list, "rest_shown_by": list, "rest_named_by": list, "smallest_cell": int}
    runs = {"automatic_share": float, "runs_per_30_days": int}
    check(fields["disclosure"], {**shown, **runs}, "agreement, disclosure")
    check(fields["limits"], {"min_change": int, "growth_alarm": int}, "agreement, limits")
    for slot in fields["slot"]:
        check(slot, {"name": str, "space": str, "weight": int, "tier": str}, "agreement, slot")
    if fields["protocol"] != PROTOCOL:
        raise TrustError(
            "the agreement asks for another protocol than this version has", "Use the same version on both sides."
        )


def _pair(values: list[Any]) -> tuple[str, str]:
    found = text.strings(values)
    if len(found) != 2:
        raise TrustError("agreement: it is not between two parties")
    return found[0], found[1]


def _check_words(terms: Terms) -> None:
    """Refuse words that could show something else, on the screen on which somebody signs, than they hold."""
    for name in terms.names:
        check_name(name)
    check_line(terms.purpose, "the purpose of an agreement", MAX_PURPOSE)
    slots = chain.from_iterable((slot.name, slot.space, slot.tier) for slot in terms.slots)
    tables = chain.from_iterable(terms.data.items())
    for words in (terms.canonical, terms.profile, *slots, *tables, *terms.segments):
        check_line(words, "agreement: a text")


def _check_ranges(terms: Terms) -> None:
    weights = [slot.weight for slot in terms.slots]
    kept = {
        "names": terms.names[0] != terms.names[1],
        "cards": terms.cards[0] != terms.cards[1] and all(map(_DIGEST.fullmatch, terms.cards)),
        "slot": 1 <= len(terms.slots) <= _MOST_SLOTS,
        "weight": all(1 <= weight < _MOST_WEIGHT for weight in weights),
        "threshold": 1 <= terms.threshold < _MOST_WEIGHT,
        "segments": 1 <= len(terms.segments) == len(set(terms.segments)) <= _MOST_SEGMENTS,
        "automatic_share": 0 <= terms.automatic_share <= 1,
        "runs_per_30_days": 1 <= terms.runs_per_30_days <= MOST_RUNS,
        "min_change": 0 <= terms.min_change <= MOST_CHANGE,
        "growth_alarm": 2 <= terms.growth_alarm <= MOST_GROWTH,
    }
    for key, holds in kept.items():
        if not holds:
            raise TrustError(f"agreement: {key} is out of range")
