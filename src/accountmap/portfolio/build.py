"""The portfolio: all partners of one workspace beside the own list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map import IdealCustomer
from accountmap.accounts.schema import AccountList
from accountmap.linkage.prepared import Prepared
from accountmap.portfolio.coverage import Coverage, cover, own_coverage, positions, shared_accounts
from accountmap.portfolio.facts import INTRODUCE, PREVIEW, STATES, THEM, US, PartnerFacts
from accountmap.portfolio.maturity import MATURITY_SCHEMA, compare, stage_of
from accountmap.portfolio.profile import Goal, TierRule, tier_of
from accountmap.portfolio.reach import COUNTED, PIPELINE, measures, reach, smallest_sets
from accountmap.portfolio.scoring import SCORES_SCHEMA, Score, answers_in_time, median_answer, score_partners
from accountmap.portfolio.together import meeting, questions, together

_WHOLE: Final = pa.int64()

PARTNERS_SCHEMA: Final = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in ("partner", "partner_name", "state")),
        *(pa.field(name, pa.string()) for name in ("types", "partner_tier", "tier_by", "owner", "their_owner")),
        pa.field("rating", pa.string()),
        *(pa.field(name, pa.float64()) for name in ("score", "score_at_least", "score_at_most")),
        *(pa.field(name, _WHOLE) for name in ("shared", *COUNTED)),
        pa.field("pipeline", pa.float64()),
        *(pa.field(f"adds_{name}", _WHOLE) for name in COUNTED),
        pa.field("adds_pipeline", pa.float64()),
        *(pa.field(f"{name}_at_{end}", _WHOLE) for name in ("shared", *COUNTED) for end in ("least", "most")),
        pa.field("first_mapped", pa.date32()),
        pa.field("last_mapped", pa.date32()),
        pa.field("sessions", _WHOLE, nullable=False),
        *(pa.field(name, _WHOLE, nullable=False) for name in ("introductions_received", "introductions_given")),
        *(pa.field(name, _WHOLE, nullable=False) for name in ("asked", "answered_in_time")),
        pa.field("answer_days", pa.float64()),
        pa.field("cost", pa.float64()),
        pa.field("cost_currency", pa.string()),
        pa.field("margin", pa.float64()),
        *(pa.field(name, pa.string()) for name in ("our_maturity", "their_maturity", "note")),
    ]
)
"""One row per partner, those with the highest score first, then those known only by a preview, by their estimate.
Numbers of companies and the open amount (in the currency of most) that it shares, and that no other partner
shares; for one that is known only by a preview, the estimates with their limits. `tier_by` is "hand" or "rule"."""

OVER_TIME_SCHEMA: Final = pa.schema(
    [
        pa.field("day", pa.date32(), nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in ("partner", "partner_name")),
        *(pa.field(name, _WHOLE, nullable=False) for name in ("shared", "reached", "several", "mapped_partners")),
    ]
)
"""One row per session with any partner, oldest first: how many own companies were shared with that partner; and,
as known on that day, with at least one partner and with several, and how many partners had been mapped. Companies
that are no longer on the own list are left out."""

GOALS_SCHEMA: Final = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in ("partner", "partner_name", "measure")),
        pa.field("goal", pa.float64(), nullable=False),
        pa.field("reached", pa.float64()),
        pa.field("share", pa.float64()),
        pa.field("by", pa.date32()),
    ]
)
"""One row for each partner and goal of its profile: the number wanted, the number now, and the second divided by
the first."""


@dataclass(frozen=True)
class Totals:
    """The numbers that a portfolio opens with.

    Attributes:
        companies: on the own list.
        shared: of these, with at least one partner.
        several: of these, with at least two.
        introducible: own opportunities and prospects that at least one partner serves.
        open_amount, open_reached: in the currency of most: of the whole list, and of what is shared.
    """

    companies: int
    shared: int
    several: int
    introducible: int
    open_amount: float
    open_reached: float


@dataclass(frozen=True, repr=False)
class Portfolio:
    """All partners of a workspace beside the own list, ready for reports. For the own company alone.

    Attributes:
        own_name: as on the own card.
        made: when it was made.
        currency: of the amounts that are summed, as an ISO 4217 code, or empty if the list does not say.
        totals: the counts; they reconcile with the tables.
        partners, reach, sets, order, together, meeting, questions, shared, accounts, scores, over_time, goals,
            maturity: tables; docs/portfolio.md describes their columns.
        notes: what a reader should know, one sentence each, without account data.
    """

    own_name: str
    made: datetime
    currency: str
    totals: Totals
    partners: pa.Table
    reach: pa.Table
    sets: pa.Table
    order: pa.Table
    together: pa.Table
    meeting: pa.Table
    questions: pa.Table
    shared: pa.Table
    accounts: pa.Table
    scores: pa.Table
    over_time: pa.Table
    goals: pa.Table
    maturity: pa.Table
    notes: tuple[str, ...]

    @property
    def uncovered(self) -> pa.Table:
        """The rows of `accounts` that no mapped partner shares."""
        return self.accounts.filter(pc.equal(self.accounts["partners"], 0))


def build_portfolio(
    own_name: str,
    made: datetime,
    accounts: AccountList,
    prepared: Prepared,
    partners: Sequence[PartnerFacts],
    *,
    ideal: IdealCustomer | None = None,
    tiers: Sequence[TierRule] = (),
    notes: Sequence[str] = (),
) -> Portfolio:
    """Bring the own list and what is known about each partner together.

    Args:
        made: now, with a time zone.
        accounts: the list that `prepared` was made from: the current one.
        partners: in any order.
        ideal: the ideal customer, for the part `fit` of the score.
        tiers: the user's rule, the best first; a tier set by hand stays.
        notes: sentences to put before those about the data.

    Raises:
        UsageError: the prepared list was made from another account list.
    """
    coverage = cover(accounts, prepared, sorted(partners, key=lambda partner: partner.name.casefold()))
    measured = measures(coverage)
    reached = reach(coverage, measured)
    scores = score_partners(coverage, ideal or IdealCustomer(), made)
    rows = [_partner(coverage, at, reached, scores, made) for at, _ in enumerate(coverage.partners)]
    rows = [_with_tier(row, tiers) for row in rows]
    table = pa.Table.from_pylist(sorted(rows, key=_place), schema=PARTNERS_SCHEMA)
    sets, order = smallest_sets(coverage, measured)
    own = own_coverage(coverage)
    score_rows = [row for slug in table["partner"].to_pylist() if slug in scores for row in scores[slug].rows]
    facts = {partner.slug: partner for partner in coverage.partners}
    assessed = [partner for partner in map(facts.__getitem__, table["partner"].to_pylist()) if partner.assessment]
    return Portfolio(
        own_name=own_name,
        made=made,
        currency=coverage.own.currency,
        totals=_totals(coverage),
        partners=table,
        reach=reached,
        sets=sets,
        order=order,
        together=together(coverage, measured),
        meeting=meeting(own, coverage),
        questions=questions(coverage),
        shared=shared_accounts(coverage),
        accounts=own,
        scores=pa.Table.from_pylist(score_rows, schema=SCORES_SCHEMA),
        over_time=_over_time(coverage),
        goals=pa.Table.from_pylist(
            [_goal(row, goal) for row in table.to_pylist() for goal in facts[row["partner"]].profile.goals],
            schema=GOALS_SCHEMA,
        ),
        maturity=pa.Table.from_pylist(
            [
                row
                for partner in assessed
                if partner.assessment
                for row in compare(partner.slug, partner.name, partner.assessment)
            ],
            schema=MATURITY_SCHEMA,
        ),
        notes=(*notes, *_notes(coverage, accounts.notes, ideal)),
    )


def _totals(coverage: Coverage) -> Totals:
    count, own = coverage.count, coverage.own
    serves = coverage.serves.any(axis=1)
    main = (own.amount > 0) & (own.amount_currency == _main_currency(coverage))
    return Totals(
        companies=len(count),
        shared=int((count > 0).sum()),
        several=int((count > 1).sum()),
        introducible=int((serves & (coverage.segment > 0)).sum()),
        open_amount=float(own.amount[main].sum()),
        open_reached=float(own.amount[main & (count > 0)].sum()),
    )


def _main_currency(coverage: Coverage) -> int:
    names: list[str] = coverage.own.table["currency"].fill_null("").unique().to_pylist()
    return names.index(coverage.own.currency) if coverage.own.currency in names else -1


def _partner(
    coverage: Coverage, at: int, reached: pa.Table, scores: dict[str, Score], now: datetime
) -> dict[str, Any]:
    """Describe a partner: a row of PARTNERS_SCHEMA, without its tier."""
    partner = coverage.partners[at]
    profile, score = partner.profile, scores.get(partner.slug)
    made = [each for each in partner.exchanges if each.kind == INTRODUCE and each.made_by]
    answered = answers_in_time(partner.exchanges, now)
    days = [mapping.finished.date() for mapping in partner.mappings]
    return {
        "partner": partner.slug,
        "partner_name": partner.name,
        "state": partner.state,
        "types": ", ".join(profile.types) or None,
        "partner_tier": profile.tier or None,
        "tier_by": "hand" if profile.tier else None,
        "owner": profile.owner or None,
        "their_owner": profile.their_owner or None,
        "rating": score.label if score else None,
        "score": score.score if score else None,
        "score_at_least": score.at_least if score else None,
        "score_at_most": score.at_most if score else None,
        **_shared_counts(coverage, at),
        **_reached_counts(partner, coverage.own.currency, reached),
        "first_mapped": days[0] if days else None,
        "last_mapped": days[-1] if days else None,
        "sessions": len(days),
        "introductions_received": sum(each.made_by == THEM for each in made),
        "introductions_given": sum(each.made_by == US for each in made),
        "asked": answered.of,
        "answered_in_time": answered.hits,
        "answer_days": median_answer(partner.exchanges),
        "cost": profile.cost,
        "cost_currency": profile.currency or None,
        "margin": profile.margin,
        "our_maturity": stage_of(partner.assessment.ours).label if partner.assessment else None,
        "their_maturity": stage_of(partner.assessment.theirs).label if partner.assessment else None,
        "note": profile.note or None,
    }


def _shared_counts(coverage: Coverage, at: int) -> dict[str, int]:
    """Count the companies that a partner shares, or is estimated to share."""
    partner = coverage.partners[at]
    if partner.mappings:
        shared = int(coverage.shares[:, at].sum())
        return {"shared": shared, "shared_at_least": shared, "shared_at_most": shared}
    for row in partner.preview.to_pylist():
        if row["segment"] is None:
            return {
                "shared": row["estimate"],
                "shared_at_least": row["at_least"],
                "shared_at_most": row["at_most"],
            }
    return {}


def _reached_counts(partner: PartnerFacts, currency: str, reached: pa.Table) -> dict[str, float | int | None]:
    """Take a partner's columns from what it reaches."""
    found: dict[str, float | int | None] = {}
    for row in reached.filter(pc.equal(reached["partner"], partner.slug)).to_pylist():
        name = row["measure"]
        if name in COUNTED:
            for column, value in (
                (name, row["reached"]),
                (f"adds_{name}", row["adds"]),
                (f"{name}_at_least", row["at_least"]),
                (f"{name}_at_most", row["at_most"]),
            ):
                found[column] = None if value is None else round(value)
        elif name == PIPELINE and row["currency"] == currency:
            found |= {"pipeline": row["reached"], "adds_pipeline": row["adds"]}
    return found


def _with_tier(row: dict[str, Any], tiers: Sequence[TierRule]) -> dict[str, Any]:
    """Let the rule decide about a partner whose tier was not set by hand."""
    every = dict.fromkeys(PARTNERS_SCHEMA.names) | row
    tier = "" if row["partner_tier"] else tier_of(every, tiers)
    return row | {"partner_tier": tier, "tier_by": "rule"} if tier else row


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    """Rank the partners: by score, then those without one by how many open deals they are estimated to share."""
    estimate = row.get("opportunities") or 0, row.get("shared") or 0
    return (STATES.index(row["state"]), -(row["score"] or 0.0), *(-each for each in estimate), row["partner_name"])


def _goal(row: dict[str, Any], goal: Goal) -> dict[str, Any]:
    now = row[goal.measure]
    return {
        "partner": row["partner"],
        "partner_name": row["partner_name"],
        "measure": goal.measure,
        "goal": goal.target,
        "reached": now,
        "share": None if now is None or not goal.target else now / goal.target,
        "by": goal.by,
    }


def _over_time(coverage: Coverage) -> pa.Table:
    """Follow the sessions of all partners: OVER_TIME_SCHEMA."""
    every = sorted(
        ((mapping, at) for at, partner in enumerate(coverage.partners) for mapping in partner.mappings),
        key=lambda each: each[0].finished,
    )
    places = positions(coverage.own, [pa.chunked_array([mapping.entity_ids]) for mapping, _ in every])
    state = np.zeros((coverage.shares.shape[1], coverage.shares.shape[0]), np.bool_)
    count = np.zeros(len(coverage.segment), np.int16)
    seen: set[int] = set()
    rows = []
    for (mapping, at), place in zip(every, places, strict=True):
        count -= state[at]
        state[at] = False
        state[at, coverage.own.entity[place.drop_null().to_numpy()]] = True
        count += state[at]
        seen.add(at)
        rows.append(
            {"day": mapping.finished.date(), "partner": coverage.partners[at].slug}
            | {"partner_name": coverage.partners[at].name, "shared": int(state[at].sum())}
            | {"reached": int((count > 0).sum()), "several": int((count > 1).sum()), "mapped_partners": len(seen)}
        )
    return pa.Table.from_pylist(rows, schema=OVER_TIME_SCHEMA)


def _notes(coverage: Coverage, of_list: Sequence[str], ideal: IdealCustomer | None) -> tuple[str, ...]:
    """Say what a reader should know about the data, one thing in each sentence."""
    found = [*of_list]
    if left := sum(coverage.left):
        found.append(
            f"{left:,} shared accounts are no longer on your list: no count here includes them. Compare again to "
            "renew what you know."
        )
    if any(partner.state == PREVIEW for partner in coverage.partners):
        found.append(
            "Numbers of partners known only by a preview are estimates, made on the day of the preview, and in no "
            "total. They count equal full names; a reveal usually finds a fifth to a third more."
        )
    apart = (coverage.own.amount > 0) & (coverage.own.amount_currency != _main_currency(coverage))
    if others := int(apart.sum()):
        found.append(
            f"{others:,} of your companies have an open amount in a currency other than most: sums leave it "
            "out; the table of reach has each currency by itself."
        )
    if not ideal:
        found.append(
            "The score has no part for fit, because you have not named an ideal customer: accountmap ideal use "
            "FILE does that."
        )
    return tuple(found)
