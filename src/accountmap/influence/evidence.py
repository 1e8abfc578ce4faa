"""The touches of deals: what a partner did, when, where that is written, and whether it counts under the rule."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.headings import fold
from accountmap.accounts.schema import TOUCH_SCHEMA
from accountmap.influence.facts import NO_DAY, DealFacts, Ints, Mask
from accountmap.influence.rules import INTRODUCTION, PARTNER_FIELD, REGISTERED, SOURCE_FIELD, InfluenceRules

Texts = npt.NDArray[np.object_]

NOT_A_KIND: Final = "the rule does not name this kind"
NO_DATE: Final = "the deal has no day of creation"
TOO_EARLY: Final = "before the window of the rule"
TOO_LATE: Final = "after the deal closed"
AFTER_STAGE: Final = "after a stage that ends the window"
IN_FUTURE: Final = "after the deals were exported"
NO_DAY_OF_ITS_OWN: Final = "; it has no date, so the deal's date of creation is used"
"""In the record of a touch that comes from a field of the deal, and not from a row or a message."""

WHY_NOT: Final = (NOT_A_KIND, NO_DATE, TOO_EARLY, TOO_LATE, AFTER_STAGE, IN_FUTURE)
"""Why a touch does not count."""


@dataclass
class PartnerNames:
    """The names by which partners are known; each name of a partner leads to one number.

    Attributes:
        aliases: other name -> name, as the rule has them.
        names: of the partners, by number.
    """

    aliases: Mapping[str, str]
    names: list[str] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known, self.names = self.names, []
        self._aliases = {fold(other): name for other, name in self.aliases.items()}
        for name in known:
            self.number(name)

    def number(self, name: str) -> int:
        """Return the number of a partner; a name that is new gets the next one."""
        if name not in self._seen:
            own = self._aliases.get(fold(name), name)
            key = fold(own) or own
            if key not in self._numbers:
                self._numbers[key] = len(self.names)
                self.names.append(own)
            self._seen[name] = self._numbers[key]
        return self._seen[name]

    def numbers(self, names: Iterable[str]) -> Ints:
        """Return the numbers of many names."""
        listed = list(names)
        by_name = {name: self.number(name) for name in dict.fromkeys(listed)}
        return np.array([by_name[name] for name in listed], np.int64)


@dataclass(frozen=True, repr=False)
class Touches:
    """One row for each deal and touch of it.

    Attributes:
        deal: row of the deal.
        partner: number of the partner.
        kind, record: what it was, and where it is written.
        day: days since 1970-01-01.
        sources: whether it meets the rule for sourcing the deal.
        counts: whether it meets the rule for influencing it; what sources a deal also influences it.
        why_not: one of WHY_NOT, or empty.
    """

    deal: Ints
    partner: Ints
    kind: Texts
    day: Ints
    record: Texts
    sources: Mask
    counts: Mask
    why_not: Texts

    def __len__(self) -> int:
        return len(self.deal)

    def counted(self) -> "Touches":
        """Return those that count, by deal, then by day, then by the number of the partner."""
        rows = np.flatnonzero(self.counts | self.sources)
        order = np.lexsort((self.partner[rows], self.day[rows], self.deal[rows]))
        return self.take(rows[order])

    def take(self, rows: Ints) -> "Touches":
        """Return the touches in some rows."""
        return Touches(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True, repr=False)
class _Candidates:
    deal: Ints
    partner: Ints
    kind: Texts
    day: Ints
    record: Texts


def gather_touches(
    facts: DealFacts,
    touches: Iterable[pa.Table],
    account_ids: pa.ChunkedArray,
    entity_of: Ints,
    names: PartnerNames,
    rules: InfluenceRules,
    stages: pa.Table,
) -> Touches:
    """Gather the touches of all deals and judge each by the rule.

    Args:
        touches: TOUCH_SCHEMA each. A touch of an account counts for all deals of its company that are near it in
            time; a touch of a deal, for that deal alone.
        account_ids: of the own account list.
        entity_of: for each account the number of its company.
        stages: STAGE_SCHEMA.
    """
    found = list(_of_fields(facts, names))
    for table in touches:
        found += _of_table(facts, table.cast(TOUCH_SCHEMA), account_ids, entity_of, names, rules)
    whole = _Candidates(
        *(np.concatenate([getattr(f, name) for f in found]) for name in _Candidates.__dataclass_fields__)
    )
    return _judge(facts, whole, rules, _last_days(facts, rules, stages))


def _of_fields(facts: DealFacts, names: PartnerNames) -> Iterable[_Candidates]:
    """Make touches from the deals' own fields; of these only a registration can have a day of its own."""
    table = facts.deals
    partner = table["partner"].combine_chunks()
    for kind, column in ((SOURCE_FIELD, "source"), (REGISTERED, "registered_deal"), (PARTNER_FIELD, "partner")):
        rows = np.flatnonzero(
            pc.and_(pc.is_valid(partner), pc.is_valid(table[column])).to_numpy(zero_copy_only=False)
        )
        chosen = table.take(pa.array(rows))
        day = facts.created[rows]
        if kind == REGISTERED:
            own = chosen["registered"].cast(pa.int32()).cast(pa.int64())
            day = np.where(own.is_valid().to_numpy(), pc.fill_null(own, 0).to_numpy(), day)
        dated = np.zeros(len(rows), bool)
        if kind == REGISTERED:
            dated = chosen["registered"].is_valid().to_numpy(zero_copy_only=False)
        records = [
            f"{kind} of the deal (row {row}): {value}{'' if has_day else NO_DAY_OF_ITS_OWN}"
            for row, value, has_day in zip(
                chosen["row"].to_pylist(), chosen[column].to_pylist(), dated.tolist(), strict=True
            )
        ]
        yield _Candidates(
            rows.astype(np.int64),
            names.numbers(chosen["partner"].to_pylist()),
            np.full(len(rows), kind, object),
            day,
            np.array(records, object),
        )


def _of_table(
    facts: DealFacts,
    table: pa.Table,
    account_ids: pa.ChunkedArray,
    entity_of: Ints,
    names: PartnerNames,
    rules: InfluenceRules,
) -> list[_Candidates]:
    """Attach touches to deals: by the deal's id, or else by the account's company."""
    day = table["date"].cast(pa.int32()).cast(pa.int64()).to_numpy()
    by_deal = _rows(table["deal_id"], facts.deals["deal_id"])
    at = _rows(table["account_id"], account_ids)
    entity = np.where(at >= 0, np.append(entity_of, -1)[at], -1)
    direct = np.flatnonzero(by_deal >= 0)
    touch, deal = _deals_of_entities(facts, np.where(by_deal >= 0, -1, entity))
    widest = max(rules.before_days, rules.introduction_days)
    near = (day[touch] >= facts.created[deal] - widest) & (day[touch] <= facts.known_until[deal])
    partner = names.numbers(table["partner"].to_pylist())
    kind, record = (np.array(table[name].to_pylist(), object) for name in ("kind", "record"))
    parts = ((direct, by_deal[direct]), (touch[near], deal[near]))
    return [_Candidates(deals, partner[rows], kind[rows], day[rows], record[rows]) for rows, deals in parts]


def _rows(wanted: pa.ChunkedArray, among: pa.ChunkedArray) -> Ints:
    """Find the rows of values; -1 for null and for values that are not there."""
    at = pc.fill_null(pc.index_in(wanted, value_set=among.combine_chunks()), -1).to_numpy()
    return np.where(wanted.is_valid().to_numpy(), at, -1).astype(np.int64)


def _deals_of_entities(facts: DealFacts, entity: Ints) -> tuple[Ints, Ints]:
    """Pair each touch with all deals of its company.

    Returns:
        Rows of the touches, and rows of the deals.
    """
    order = np.argsort(facts.entity, kind="stable")
    ordered = facts.entity[order]
    first, last = (np.searchsorted(ordered, entity, side) for side in ("left", "right"))
    counts = np.where(entity >= 0, last - first, 0)
    touch = np.repeat(np.arange(len(entity)), counts)
    within = np.arange(len(touch)) - np.repeat(np.cumsum(counts) - counts, counts)
    return touch, order[first[touch] + within]


def _last_days(facts: DealFacts, rules: InfluenceRules, stages: pa.Table) -> Ints:
    """Return the last day on which a touch counts, by the stages that end the window; far in the future where the
    deal entered none of them."""
    last = np.full(len(facts), np.iinfo(np.int64).max // 4)
    ending = {fold(stage) for stage in rules.not_after_stages}
    if not ending:
        return last
    which = np.isin(_folded(stages["stage"].to_pylist()), sorted(ending))
    met = stages.filter(pa.array(which, pa.bool_()))
    rows = _rows(met["deal_id"], facts.deals["deal_id"])
    day = met["entered"].cast(pa.int32()).cast(pa.int64()).to_numpy()
    np.minimum.at(last, rows[rows >= 0], day[rows >= 0])
    now = np.isin(_folded([stage or "" for stage in facts.deals["stage"].to_pylist()]), sorted(ending))
    since = pc.fill_null(facts.deals["stage_since"].cast(pa.int32()).cast(pa.int64()), last.max()).to_numpy()
    return np.where(now, np.minimum(last, since), last)


def _judge(facts: DealFacts, found: _Candidates, rules: InfluenceRules, last: Ints) -> Touches:
    """Say of each touch whether it sources the deal, whether it influences it, and if it does neither, why not."""
    created, until = facts.created[found.deal], facts.known_until[found.deal]
    kinds = _folded(found.kind.tolist())
    is_a = {kind: kinds == fold(kind) for kind in (INTRODUCTION, REGISTERED, SOURCE_FIELD, PARTNER_FIELD)}
    dated = created != NO_DAY
    by_partner = _source_by_partner(facts, rules)[found.deal]
    meets = {
        INTRODUCTION: dated & (found.day <= created) & (found.day >= created - rules.introduction_days),
        REGISTERED: dated & (found.day <= np.minimum(created + rules.registration_days, until)),
        SOURCE_FIELD: by_partner,
    }
    sources = np.zeros(len(kinds), bool)
    for kind in rules.sourced_by:
        sources |= is_a[kind] & meets[kind]
    named = np.isin(kinds, [fold(kind) for kind in rules.kinds]) & ~(is_a[SOURCE_FIELD] & ~by_partner)
    reasons = (
        (~named, NOT_A_KIND),
        (~dated, NO_DATE),
        (found.day > facts.as_of, IN_FUTURE),
        (found.day > until, TOO_LATE),
        (found.day > last[found.deal], AFTER_STAGE),
        (found.day < created - rules.before_days, TOO_EARLY),
    )
    why = np.full(len(kinds), "", object)
    for applies, reason in reversed(reasons):
        why[applies] = reason
    counts = why == ""
    why[sources] = ""
    return Touches(found.deal, found.partner, found.kind, found.day, found.record, sources, counts | sources, why)


def _folded(texts: list[str]) -> Texts:
    """Fold many texts, most of which occur several times."""
    known = {each: fold(each) for each in set(texts)}
    return np.array([known[each] for each in texts], object)


def _source_by_partner(facts: DealFacts, rules: InfluenceRules) -> Mask:
    """Return which deals say in their source field that a partner brought them."""
    source = facts.deals["source"]
    meaning = {each: bool(each) and rules.counts_for_source(each) for each in source.unique().to_pylist() if each}
    return np.array([meaning.get(each, False) for each in source.to_pylist()], bool)
