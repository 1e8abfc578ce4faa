"""The written rule by which revenue is credited to partners: `influence.toml`."""

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from accountmap.accounts.amounts import check_currency
from accountmap.accounts.headings import fold
from accountmap.errors import InputError
from accountmap.model import Sourcing

INTRODUCTION: Final = Sourcing.INTRODUCTION.value
REGISTERED: Final = Sourcing.REGISTERED.value
SOURCE_FIELD: Final = Sourcing.SOURCE_FIELD.value
PARTNER_FIELD: Final = "partner field"
SOURCING: Final = tuple(each.value for each in Sourcing)
"""The kinds of touch by which a deal can be sourced."""

DEFAULT_RULES: Final = """\
# How revenue is credited to partners. If you doubt a number in the report, start here: every number follows from
# this file, the deals and the dated touches. Days are calendar days.

[sourced]
# A deal is sourced by the partner with the earliest of these; it is never sourced by two.
by = ["introduction", "registered deal", "source field"]
# An introduction counts if the partner agreed to make it at most this many days before the deal was created.
introduction_days = 180
# A registration counts if it came at most this many days after the deal was created: people register late.
registration_days = 14
# What the source field of the CRM says if a partner brought the deal. The partner field must name the partner.
source_values = ["Partner", "Partner Referral", "Channel", "Channel Partner", "Referral", "Reseller", "Alliance"]

[influenced]
# A deal is influenced by each partner with a touch of one of these kinds, besides the one that sources it. The
# first three are as above; the others are kinds in your list of touches. "partner field" would count a deal as
# soon as a field names a partner, without a date or an act: leave it out if the number is to survive a review.
kinds = ["introduction", "registered deal", "source field", "meeting", "call", "demo", "workshop", "reference",
         "joint proposal"]
# A touch counts from this many days before the deal was created,
before_days = 90
# up to the day on which it closed, or entered one of these stages: what comes later changes little.
not_after_stages = []

[period]
# Won revenue is that of deals closed from `since` to `until`, both included; without them, the last twelve months.
# since = 2026-01-01
# until = 2026-12-31

[models]
# Time decay: a touch counts half as much as one this many days later.
half_life_days = 30
# Position: the shares of the first touch, of all in between, and of the last.
position = [0.4, 0.2, 0.4]

[comparison]
# Deals with and without a partner are compared from this many days after their creation: only what had happened by
# then decides which deals are "with" a partner, and only deals that were still open then are compared. Otherwise a
# deal that lives longer would have more time to meet a partner.
landmark_days = 30
# A deal is a success if it is won within this many days after that; younger deals are left out of rates.
horizon_days = 180
# With fewer deals on either side, or fewer that were won or not won, nothing is claimed.
least_deals = 20
least_outcomes = 5
# How often an interval is to hold the true value.
confidence = 0.9

[partners]
# Other names of partners in your CRM: "Globex Corp." = "Globex"

[return]
# What is left of a unit of revenue before sales and partner costs; without it, the return is counted in revenue.
# gross_margin = 0.7

# What a partner costs in the period, all in one currency: programme and people, marketing money, and the part of
# its sourced revenue that it keeps or is paid. For partners that are not here, the cost and the margin in their
# profile count: accountmap partner profile globex --cost 40000 --currency EUR --margin 15
# [costs.Globex]
# currency = "EUR"
# programme = 40000
# marketing = 15000
# share = 0.15
"""
"""The file as `influence rules` writes it; what it leaves out is the default."""


_SOURCE_VALUES: Final = (
    "Partner",
    "Partner Referral",
    "Channel",
    "Channel Partner",
    "Referral",
    "Reseller",
    "Alliance",
)
_KINDS: Final = (*SOURCING, "meeting", "call", "demo", "workshop", "reference", "joint proposal")


@dataclass(frozen=True)
class Cost:
    """What a partner costs in the period.

    Attributes:
        currency: ISO 4217 code.
        programme, marketing: in that currency.
        share: the part of its sourced revenue that it keeps or is paid, 0 to 1.
    """

    currency: str
    programme: float = 0.0
    marketing: float = 0.0
    share: float = 0.0


@dataclass(frozen=True)
class InfluenceRules:
    """The rule, as DEFAULT_RULES explains it.

    Attributes:
        text: that of the file it was read from.
    """

    sourced_by: tuple[str, ...] = SOURCING
    introduction_days: int = 180
    registration_days: int = 14
    source_values: tuple[str, ...] = _SOURCE_VALUES
    kinds: tuple[str, ...] = _KINDS
    before_days: int = 90
    not_after_stages: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    half_life_days: int = 30
    position: tuple[float, float, float] = (0.4, 0.2, 0.4)
    landmark_days: int = 30
    horizon_days: int = 180
    least_deals: int = 20
    least_outcomes: int = 5
    confidence: float = 0.9
    partners: Mapping[str, str] = field(default_factory=dict)
    gross_margin: float | None = None
    costs: Mapping[str, Cost] = field(default_factory=dict)
    text: str = DEFAULT_RULES

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hex: two reports with the same digest follow the same rule."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def period(self, as_of: date) -> tuple[date, date]:
        """Return the first and the last day of the period, as of a day."""
        until = self.until or as_of
        return self.since or until - timedelta(days=364), until

    def scaled(self, factor: float) -> "InfluenceRules":
        """Return the rule with every window this many times as long, to see how much depends on them."""
        return replace(
            self,
            introduction_days=round(self.introduction_days * factor),
            registration_days=round(self.registration_days * factor),
            before_days=round(self.before_days * factor),
        )

    def counts_for_source(self, value: str) -> bool:
        """Return whether a value of the source field says that a partner brought the deal."""
        return fold(value) in {fold(each) for each in self.source_values}


@dataclass(frozen=True)
class AgreedRule:
    """The credit rule of an agreement with a partner, compared with that of a report.

    Attributes:
        partner: the partner's name.
        signed: the day of the agreement.
        digest: that of the agreed rule, in hex, the same in the partner's report.
        differs: where the rule of the report differs, such as "before_days 90, agreed 60".
    """

    partner: str
    signed: date
    digest: str
    differs: tuple[str, ...] = ()


CREDIT: Final = ("sourced", "influenced", "models")
"""The tables of a rule on which partners can agree; the others are the own company's business."""

_SECTIONS: Final = {
    "sourced": ("by", "introduction_days", "registration_days", "source_values"),
    "influenced": ("kinds", "before_days", "not_after_stages"),
    "period": ("since", "until"),
    "models": ("half_life_days", "position"),
    "comparison": ("landmark_days", "horizon_days", "least_deals", "least_outcomes", "confidence"),
    "return": ("gross_margin",),
}
_ANY_NAME: Final = ("partners", "costs")
_DAYS: Final = ("introduction_days", "registration_days", "before_days", "landmark_days", "horizon_days")


def read_rules(path: Path) -> InfluenceRules:
    """Read a rule; what the file does not name is as in DEFAULT_RULES.

    Raises:
        InputError: it cannot be read, is not TOML, has an unknown name, or a value is not usable.
    """
    try:
        text = path.read_text("utf-8")
        return parse_rules(text)
    except (OSError, UnicodeDecodeError):
        raise InputError(
            "The rule cannot be read.", "Write one to change with: accountmap influence rules influence.toml"
        ) from None


def parse_rules(text: str) -> InfluenceRules:
    """Read a rule from TOML.

    Raises:
        InputError: as `read_rules`.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The rule is not TOML: {error}.", "accountmap influence rules writes one.") from None
    given: dict[str, Any] = {}
    for name, table in tables.items():
        if name not in (*_SECTIONS, *_ANY_NAME) or not isinstance(table, dict):
            raise InputError(f"A rule has no table '{name}'.", f"Use: {', '.join((*_SECTIONS, *_ANY_NAME))}.")
        if name in _SECTIONS:
            if unknown := sorted(set(table) - set(_SECTIONS[name])):
                raise InputError(
                    f"The table '{name}' of a rule has no '{unknown[0]}'.", f"Use: {', '.join(_SECTIONS[name])}."
                )
            given |= {"sourced_by" if key == "by" else key: value for key, value in table.items()}
    values = {name: _checked(name, value) for name, value in given.items()}
    return _consistent(
        InfluenceRules(
            **values,
            partners={str(k): _text("partners", v) for k, v in tables.get("partners", {}).items()},
            costs={str(name): _cost(name, table) for name, table in tables.get("costs", {}).items()},
            text=text,
        )
    )


def credit_tables(rules: InfluenceRules) -> str:
    """Write the tables on which partners can agree, as TOML; `parse_rules` reads them."""
    text = ""
    for table in CREDIT:
        text += f"\n[{table}]\n"
        for key in _SECTIONS[table]:
            value = getattr(rules, "sourced_by" if key == "by" else key)
            text += f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
    return text


def _consistent(rules: InfluenceRules) -> InfluenceRules:
    if unknown := [kind for kind in rules.sourced_by if kind not in SOURCING]:
        raise InputError(f"A deal cannot be sourced by '{unknown[0]}'.", f"Use: {', '.join(SOURCING)}.")
    if rules.since and rules.until and rules.since > rules.until:
        raise InputError("The period ends before it begins.", "Give `since` a day before `until`.")
    if abs(sum(rules.position) - 1) > 1e-9 or min(rules.position) < 0:
        raise InputError(
            "The shares of the position model do not add up to 1.", "Write position = [0.4, 0.2, 0.4]."
        )
    if not 0.5 <= rules.confidence < 1:
        raise InputError("The confidence is not usable.", "Give a number from 0.5 to below 1, such as 0.9.")
    return rules


def _checked(name: str, value: object) -> Any:
    """Check one value, and give it the type of its field."""
    if name in ("since", "until"):
        if type(value) is not date:
            raise InputError(f"'{name}' of the rule is not a day.", f"Write {name} = 2026-01-31, without quotes.")
        return value
    if name in ("sourced_by", "source_values", "kinds", "not_after_stages"):
        if not isinstance(value, list):
            raise InputError(f"'{name}' of the rule is not a list of words.", f'Write {name} = ["…"].')
        return tuple(_text(name, each) for each in value)
    if name == "position":
        if not isinstance(value, list) or len(value) != 3:
            raise InputError("'position' is not three shares.", "Write position = [0.4, 0.2, 0.4].")
        return tuple(_number(name, each) for each in value)
    if name in ("confidence", "gross_margin"):
        return _number(name, value)
    least = 0 if name in _DAYS else 1
    if type(value) is not int or not least <= value <= 36_500:
        raise InputError(f"'{name}' of the rule is not usable.", f"Give a whole number from {least} up.")
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"'{name}' of the rule holds something that is not text.", "Write text in quotes.")
    return value.strip()


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise InputError(f"'{name}' of the rule is not usable.", "Give a number from 0 up.")
    return float(value)


def _cost(partner: str, table: object) -> Cost:
    known = [each.name for each in fields(Cost)]
    if not isinstance(table, dict) or set(table) - set(known) or "currency" not in table:
        raise InputError(
            f"The costs of '{partner}' are not usable.", f"Use: {', '.join(known)}; the currency is needed."
        )
    numbers = {name: _number(name, table[name]) for name in known if name != "currency" and name in table}
    if numbers.get("share", 0.0) > 1:
        raise InputError(f"The share of '{partner}' is over 1.", "Write 0.15 for 15 %.")
    return Cost(currency=check_currency(_text("currency", table["currency"])) or "", **numbers)
