"""The match keys that are compared, and the rule that says what becomes of a match (account-psi-v2 §4, §8.2).

One table of classes serves all profiles: `balanced` reveals and asks as the table says, `careful` reveals only
sure matches and asks about the other strong ones, `wide` reveals weak matches too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from accountmap.model import Contradiction, MatchProfile, Says, Strength, WeakSlots
from accountmap.trust.term import choice, flag, items, term, whole, words

ALWAYS: Final = 2**63 - 1
"""As a limit of a class: at any room."""

MOST_WEIGHT: Final = 2**62 - 1


@dataclass(frozen=True)
class SlotTerms:
    """One kind of match key.

    Attributes:
        meets_itself: whether a key that both sides have in this slot counts as shared.
    """

    name: str = term("name", words())
    space: str = term("space", words(most_bytes=255))
    weight: int = term("weight", whole(1, MOST_WEIGHT))
    strength: Strength = term("strength", choice({each.label: each for each in Strength}))
    says: Says = term("says", choice({each.value: each for each in Says}))
    meets_itself: bool = term("meets_itself", flag())


@dataclass(frozen=True)
class ClassTerms:
    """One class of the match rule: the first that fits a match decides what becomes of it (account-psi-v2 §8.2).

    Attributes:
        leads: slots; the leading pair counts as one of them.
        companions: slots; some other shared pair counts as one of them. Empty: no other pair is needed.
        tolerates: contradictions that a match may have.
        sure: whether its matches count when the room is computed.
        reveal_up_to, ask_up_to: the greatest room at which its matches are revealed, and asked about; 0 for never,
            ALWAYS for any.
    """

    leads: tuple[str, ...] = term("leads", items(words(), least=1))
    companions: tuple[str, ...] = term("with", items(words()))
    tolerates: tuple[Contradiction, ...] = term(
        "tolerates", items(choice({"country": Contradiction.COUNTRY, "domain": Contradiction.DOMAIN}))
    )
    sure: bool = term("sure", flag())
    reveal_up_to: int = term("reveal_up_to", whole(0, ALWAYS))
    ask_up_to: int = term("ask_up_to", whole(0, ALWAYS))


_COUNTRY: Final = (Contradiction.COUNTRY,)
_DOMAIN: Final = (Contradiction.DOMAIN,)
_BOTH: Final = (Contradiction.COUNTRY, Contradiction.DOMAIN)


class _Class(NamedTuple):
    """A class of all profiles: its terms under `balanced`, and the greatest room at which `wide` reveals."""

    terms: ClassTerms
    wide: int


def _class(
    leads: str, companions: str = "", tolerates: tuple[Contradiction, ...] = (), *, sure: bool = False, room: str
) -> _Class:
    balanced, wide, ask = (ALWAYS if each == "always" else int(each) for each in room.split("/"))
    terms = ClassTerms(tuple(leads.split()), tuple(companions.split()), tolerates, sure, balanced, ask)
    return _Class(terms, wide)


_CLASSES: Final = (
    _class("lei vat duns", "", _BOTH, sure=True, room="always/always/always"),
    _class("domain", "", _COUNTRY, sure=True, room="always/always/always"),
    _class(
        "reference",
        "name name_country short_country common_name label label_country first_two_words stem",
        _BOTH,
        sure=True,
        room="always/always/always",
    ),
    _class("reference", "", _BOTH, sure=True, room="200000/200000/2000000"),
    _class(
        "name",
        "name_country short_country first_two_words label label_country stem",
        sure=True,
        room="2000000/2000000/20000000",
    ),
    _class("name", sure=True, room="500000/500000/2000000"),
    _class("name", "name_country first_two_words", _DOMAIN, sure=True, room="500000/500000/2000000"),
    _class("name", "", _DOMAIN, sure=True, room="250000/250000/1000000"),
    _class("name", "first_two_words", _COUNTRY, room="100000/100000/700000"),
    _class("name", "", _COUNTRY, room="40000/40000/100000"),
    _class("name_country", "common_name", room="200000/200000/700000"),
    _class("name_country", "label label_country first_two_words short_country", room="500000/500000/1000000"),
    _class("name_country", room="25000/60000/500000"),
    _class("short_country", "label label_country first_two_words", room="200000/200000/700000"),
    _class("short_country", room="25000/45000/100000"),
    _class("common_name", room="0/45000/500000"),
    _class("common_name", "", _DOMAIN, room="0/7000/12000"),
    _class("label", "label_country first_two_words stem", room="0/100000/700000"),
    _class("label", room="0/25000/60000"),
    _class("label", "", _DOMAIN, room="0/0/7000"),
    _class("label_country", room="0/45000/400000"),
    _class("first_two_words", "stem", room="0/45000/400000"),
    _class("first_two_words", room="0/45000/100000"),
    _class("stem", room="0/45000/60000"),
)
"""The classes, with limits that were measured (docs/matching.md). `room` has the greatest room at which `balanced`
reveals, that at which `wide` reveals, and that at which both ask. Only `wide` reveals matches by weak slots."""


def weak_slots_of(profile: MatchProfile, *, audited: bool) -> WeakSlots:
    """Return what a profile does with weak slots. They let a cheat test more, so asking needs an audit clause."""
    if profile is MatchProfile.WIDE:
        return WeakSlots.REVEAL
    return WeakSlots.ASK if profile is MatchProfile.BALANCED and audited else WeakSlots.NONE


def classes_of(profile: MatchProfile, slots: Sequence[SlotTerms], weak: WeakSlots) -> tuple[ClassTerms, ...]:
    """Return those classes of a profile that can fit a match, given the slots that are sent."""
    return tuple(_classes(profile, slots, weak))


def _classes(profile: MatchProfile, slots: Sequence[SlotTerms], weak: WeakSlots) -> Iterator[ClassTerms]:
    strong = {slot.name for slot in slots if slot.strength is Strength.STRONG}
    sent = {slot.name for slot in slots} if weak is not WeakSlots.NONE else strong
    for each, wide in _CLASSES:
        leads = tuple(name for name in each.leads if name in sent)
        companions = tuple(name for name in each.companions if name in sent)
        if not leads or (each.companions and not companions):
            continue
        asks_only = profile is MatchProfile.CAREFUL and not each.sure
        leads_weak = weak is not WeakSlots.REVEAL and not strong.issuperset(leads)
        reveal = wide if profile is MatchProfile.WIDE else each.reveal_up_to
        yield replace(
            each, leads=leads, companions=companions, reveal_up_to=0 if asks_only or leads_weak else reveal
        )
