"""What the user writes about a partnership, and the user's own rule for tiers.

A rule is data: names of fields and values to compare them with. Nothing in it is ever run.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from accountmap.accounts.amounts import check_currency
from accountmap.errors import InputError

TYPES: Final = {
    "influence": "helps to win deals that you sell",
    "referral": "names companies that you then sell to",
    "reseller": "sells your product under its own contract",
    "distributor": "supplies resellers",
    "system-integrator": "puts your product to work at the customer",
    "software-vendor": "has a product that works with yours",
    "managed-service": "runs your product for the customer",
    "retention": "keeps customers successful after the sale",
}
"""The types of partners, and what each does. A partner may have several."""

MEASURES: Final = (
    "score",
    "shared",
    "customers",
    "opportunities",
    "targets",
    "pipeline",
    "adds_customers",
    "adds_opportunities",
    "adds_targets",
    "adds_pipeline",
    "introductions_received",
    "introductions_given",
    "sessions",
    "cost",
    "margin",
)
"""What goals and tiers can be measured by: columns of the portfolio's table of partners."""

_MOST_CHARACTERS: Final = 200


@dataclass(frozen=True)
class Goal:
    """A number that a partnership is meant to reach.

    Attributes:
        measure: one of MEASURES.
        target: the number.
        by: the day, or None.
    """

    measure: str
    target: float
    by: date | None = None

    @classmethod
    def parse(cls, text: str) -> "Goal":
        """Read `pipeline=500000@2027-06-30`; the day may be left out.

        Raises:
            InputError: it is not of this form.
        """
        measure, equals, value = text.partition("=")
        target, at, day = value.partition("@")
        try:
            goal = cls(measure.strip(), float(target), date.fromisoformat(day.strip()) if at else None)
        except ValueError:
            equals = ""
            goal = cls("", 0.0)
        if not equals or goal.measure not in MEASURES or not 0 <= goal.target < math.inf:
            raise InputError(
                "A goal is not usable.",
                f"Write it as pipeline=500000@2027-06-30. What can be measured: {', '.join(MEASURES)}.",
            )
        return goal


@dataclass(frozen=True)
class PartnerProfile:
    """What the user wrote about a partnership.

    Attributes:
        types: of TYPES.
        tier: set by hand; empty to let the rule decide.
        owner, their_owner: who looks after the partnership on either side.
        cost: what it costs in a year.
        currency: of the cost, as its ISO 4217 code; empty for the one that most deals or accounts have.
        margin: what the partner keeps of a sale, in percent.
        goals: what it is meant to reach.
        note: anything else.

    Raises:
        InputError: a value is not usable.
    """

    types: tuple[str, ...] = ()
    tier: str = ""
    owner: str = ""
    their_owner: str = ""
    cost: float | None = None
    currency: str = ""
    margin: float | None = None
    goals: tuple[Goal, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "currency", check_currency(self.currency or None) or "")
        if unknown := sorted(set(self.types) - set(TYPES)):
            raise InputError(f"There is no type of partner {unknown[0]}.", f"Types: {', '.join(TYPES)}.")
        if self.cost is not None and not 0 <= self.cost < math.inf:
            raise InputError("The cost of a partnership is not usable.", "Give a number from 0 up.")
        if self.margin is not None and not 0 <= self.margin <= 100:
            raise InputError("A partner's margin is not usable.", "Give percent, from 0 to 100.")
        if any(len(text) > _MOST_CHARACTERS or "\n" in text for text in self._texts):
            raise InputError(
                "A text of the profile is too long.", f"Write one line of up to {_MOST_CHARACTERS} characters."
            )

    @property
    def _texts(self) -> tuple[str, ...]:
        return self.tier, self.owner, self.their_owner, self.note

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, which `from_json` reads."""
        goals = [[goal.measure, goal.target, goal.by.isoformat() if goal.by else None] for goal in self.goals]
        return vars(self) | {"types": list(self.types), "goals": goals}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> "PartnerProfile":
        """Read what `to_json` returned.

        Raises:
            ValueError, TypeError: it is something else.
        """
        goals = tuple(
            Goal(measure, target, date.fromisoformat(by) if by else None)
            for measure, target, by in written["goals"]
        )
        return cls(**{**written, "types": tuple(written["types"]), "goals": goals})


_WORDS: Final = {"type": "types", "state": "state"}
"""Fields of a rule that hold words, and the facts that they are compared with."""

_KEYS: Final = ("field", "at_least", "at_most", "is")


@dataclass(frozen=True)
class Condition:
    """One thing that a partner needs for a tier.

    Attributes:
        field: one of MEASURES, or "type" or "state".
        at_least, at_most: bounds of a number.
        words: for a field that holds words: it must hold one of these.
    """

    field: str
    at_least: float = -math.inf
    at_most: float = math.inf
    words: frozenset[str] = frozenset()

    def holds(self, partner: Mapping[str, Any]) -> bool:
        """Return whether it holds; with a number that is not known, it does not.

        Args:
            partner: a row of the portfolio's table of partners.
        """
        if self.field in _WORDS:
            return bool(self.words & set((partner[_WORDS[self.field]] or "").split(", ")))
        value = partner[self.field]
        return value is not None and self.at_least <= value <= self.at_most


@dataclass(frozen=True)
class TierRule:
    """A tier, and what a partner needs for it: every condition of `every`, and one of `some` if there are any."""

    name: str
    every: tuple[Condition, ...] = ()
    some: tuple[Condition, ...] = ()

    def holds(self, partner: Mapping[str, Any]) -> bool:
        """Return whether a partner belongs to it."""
        enough = not self.some or any(condition.holds(partner) for condition in self.some)
        return enough and all(condition.holds(partner) for condition in self.every)


def tier_of(partner: Mapping[str, Any], rules: Sequence[TierRule]) -> str:
    """Return the first tier whose rule holds for a partner, or an empty text."""
    return next((rule.name for rule in rules if rule.holds(partner)), "")


def read_tiers(path: Path) -> tuple[TierRule, ...]:
    """Read the user's rule for tiers: TOML with a table `[[tier]]` for each, the best first.

    Each has a `name`, and conditions in `all` and in `any`: inline tables with a `field`, and `at_least`,
    `at_most` or `is`. docs/portfolio.md has an example.

    Raises:
        InputError: it cannot be read, is not of this form, or has an unknown name.
    """
    try:
        written = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        raise InputError("The tiers cannot be read as TOML.", "docs/portfolio.md has an example.") from None
    tiers = written.get("tier")
    if set(written) != {"tier"} or not isinstance(tiers, list) or not tiers:
        raise InputError("The file has no tiers.", "Write [[tier]] and a name for each, the best first.")
    return tuple(_tier(tier) for tier in tiers)


def _tier(written: object) -> TierRule:
    if not isinstance(written, dict) or not set(written) <= {"name", "all", "any"}:
        raise InputError("A tier is not of the right form.", "It has name, all and any.")
    name = written.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= _MOST_CHARACTERS:
        raise InputError("A tier has no name.", 'Write name = "gold".')
    parts = {key: written.get(key, []) for key in ("all", "any")}
    if not all(isinstance(part, list) for part in parts.values()) or not any(parts.values()):
        raise InputError("A tier has no conditions.", "Write all = [{ field = ..., at_least = ... }].")
    return TierRule(name, tuple(map(_condition, parts["all"])), tuple(map(_condition, parts["any"])))


def _condition(written: object) -> Condition:
    if not isinstance(written, dict) or not set(written) <= set(_KEYS):
        raise InputError("A condition of a tier is not of the right form.", f"It has {', '.join(_KEYS)}.")
    name = written.get("field")
    bounds = {key: written[key] for key in ("at_least", "at_most") if key in written}
    if name in _WORDS and not bounds:
        return Condition(str(name), words=_words(written.get("is")))
    numbers = all(type(bound) in (int, float) and math.isfinite(bound) for bound in bounds.values())
    if name in MEASURES and bounds and numbers and "is" not in written:
        least, most = bounds.get("at_least", -math.inf), bounds.get("at_most", math.inf)
        return Condition(str(name), float(least), float(most))
    raise InputError(
        "A condition of a tier compares what cannot be compared.",
        f"Numbers, with at_least and at_most: {', '.join(MEASURES)}. Words, with is: {', '.join(_WORDS)}.",
    )


def _words(value: object) -> frozenset[str]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed or not all(isinstance(word, str) for word in listed):
        raise InputError("A condition of a tier has no words to compare with.", 'Write is = ["reseller"].')
    return frozenset(listed)
