"""Where partners meet: pairs and triples that share companies, and what to ask each of them, separately.

Two partners who share an account of ours do not know this about each other, and must not learn it from us. So a
suggestion to team up is a question to each, made from what is known about that partner alone. `questions_for` is
given nothing else.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import Rows
from accountmap.accounts.schema import SEGMENTS
from accountmap.portfolio.coverage import Coverage
from accountmap.portfolio.facts import PartnerFacts
from accountmap.portfolio.reach import COUNTED, PIPELINE, Measure

TOGETHER_SCHEMA: Final = pa.schema(
    [
        pa.field("members", pa.int64(), nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in ("partner", "second")),
        pa.field("third", pa.string()),
        pa.field("who", pa.string(), nullable=False),
        *(pa.field(name, pa.int64(), nullable=False) for name in ("entities", *COUNTED)),
        pa.field("amount", pa.float64(), nullable=False),
    ]
)
"""One row for each two or three partners who share companies: their short names, their names joined by " · ",
how many companies they all share, how many of these are own customers, opportunities and targets, and the open
amount in them, in the currency of most."""

MEETING_SCHEMA: Final = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in ("account_id", "entity_id", "segment")),
        pa.field("partners", pa.int64(), nullable=False),
        pa.field("customer_of", pa.int64(), nullable=False),
        pa.field("shared_with", pa.string(), nullable=False),
        *(pa.field(name, pa.string()) for name in ("name", "owner_name", "country")),
        pa.field("amount", pa.float64()),
        pa.field("currency", pa.string()),
    ]
)
"""Own open deals and targets that several partners share and at least one of them serves, one row per account."""

QUESTION_SCHEMA: Final = pa.schema(
    [
        *(
            pa.field(name, pa.string(), nullable=False)
            for name in ("partner", "partner_name", "account_id", "match_id")
        ),
        *(pa.field(name, pa.string()) for name in ("name", "owner_name", "their_owner_name", "their_owner_email")),
        pa.field("question", pa.string(), nullable=False),
    ]
)
"""What to ask one partner about teaming up, one row per company."""

ASKED_SCHEMA: Final = pa.schema(
    [("match_id", pa.string()), ("their_owner_name", pa.string()), ("question", pa.string())]
)
"""The part of it that leaves."""

_MATCH_DIGITS: Final = 8


def together(coverage: Coverage, measured: tuple[Measure, ...]) -> pa.Table:
    """Count what each two and three partners share: TOGETHER_SCHEMA, those who share most first."""
    kinds, kind = coverage.kinds
    money = next((m.weight for m in measured if m.name == PIPELINE and m.currency == coverage.own.currency), None)
    weights = {
        "entities": np.ones(len(coverage.segment)),
        **{m.name: m.weight for m in measured if m.name in COUNTED},
        "amount": np.zeros(len(coverage.segment)) if money is None else money,
    }
    sums = {name: np.bincount(kind, weights=weight, minlength=len(kinds)) for name, weight in weights.items()}
    rows = [
        _row(
            coverage,
            members,
            {name: float(total[kinds[:, members].all(axis=1)].sum()) for name, total in sums.items()},
        )
        for size in (2, 3)
        for members in map(list, combinations(range(len(coverage.partners)), size))
    ]
    found = sorted(
        (row for row in rows if row["entities"]), key=lambda row: (row["members"], -row["entities"], row["who"])
    )
    return pa.Table.from_pylist(found, schema=TOGETHER_SCHEMA)


def _row(coverage: Coverage, members: list[int], sums: dict[str, float]) -> dict[str, Any]:
    slugs = [coverage.partners[at].slug for at in members]
    return {
        "members": len(members),
        "partner": slugs[0],
        "second": slugs[1],
        "third": slugs[2] if len(slugs) > 2 else None,
        "who": " · ".join(coverage.partners[at].name for at in members),
        **{name: total if name == "amount" else round(total) for name, total in sums.items()},
    }


def to_team_up(coverage: Coverage) -> Rows:
    """Return the entities on which partners could team up: not yet customers, shared by several, served by one."""
    open_here = coverage.segment != SEGMENTS.index("customer")
    found: Rows = np.flatnonzero(open_here & (coverage.count > 1) & coverage.serves.any(axis=1))
    return found


def meeting(accounts: pa.Table, coverage: Coverage) -> pa.Table:
    """List the accounts on which partners could team up: MEETING_SCHEMA, in the order of `accounts`.

    Args:
        accounts: ACCOUNTS_SCHEMA.
    """
    ids = coverage.entity_id.take(pa.array(to_team_up(coverage)))
    rows = accounts.filter(pc.is_in(accounts["entity_id"], value_set=ids))
    return rows.select(MEETING_SCHEMA.names).cast(MEETING_SCHEMA)


def questions(coverage: Coverage) -> pa.Table:
    """Return what to ask each partner: QUESTION_SCHEMA, by partner; the largest amounts first."""
    chosen = to_team_up(coverage)
    order = chosen[np.argsort(-coverage.own.amount[chosen], kind="stable")]
    first = np.unique(coverage.own.entity, return_index=True)[1]
    parts = []
    for at, partner in enumerate(coverage.partners):
        entities = order[coverage.shares[order, at]]
        links = coverage.links[at].take(pa.array(coverage.link_of[at][entities]))
        own = coverage.own.table.take(pa.array(first[entities]))
        parts.append(questions_for(partner, links, own))
    return pa.concat_tables([QUESTION_SCHEMA.empty_table(), *parts])


def questions_for(partner: PartnerFacts, links: pa.Table, own: pa.Table) -> pa.Table:
    """Write the questions to one partner.

    Args:
        partner: only its names are used.
        links: LINK_SCHEMA, what it shares.
        own: the own accounts, row for row.
    """
    texts = [  # with the partner's own name for it: the agreement may not let us show ours
        _question(name, match)
        for name, match in zip(links["their_name"].to_pylist(), links["match_id"].to_pylist(), strict=True)
    ]
    columns = {
        "partner": pa.repeat(partner.slug, len(texts)),
        "partner_name": pa.repeat(partner.name, len(texts)),
        "account_id": own["account_id"],
        "match_id": links["match_id"],
        "name": own["name"],
        "owner_name": own["owner_name"],
        "their_owner_name": links["their_owner_name"],
        "their_owner_email": links["their_owner_email"],
        "question": pa.array(texts, pa.string()),
    }
    return pa.table(columns).cast(QUESTION_SCHEMA)


def _question(name: str | None, match_id: str) -> str:
    """Ask in a way that says nothing about anybody else, and asks for permission to name this partner."""
    company = name or "the company"
    return (
        f"You and we both have {company} on our lists (match {match_id[:_MATCH_DIGITS]}). Would you be open to "
        "working on it together with a third company, if one fits? And if so, may we name you to it?"
    )


def to_send(asked: pa.Table, partner: str) -> pa.Table:
    """Return what leaves for one partner: ASKED_SCHEMA, by match, since our own order tells our amounts.

    Args:
        asked: QUESTION_SCHEMA.
    """
    rows = asked.filter(pc.equal(asked["partner"], partner)).sort_by("match_id")
    return rows.select(ASKED_SCHEMA.names).cast(ASKED_SCHEMA)


def matrix(table: pa.Table, partners: list[tuple[str, str]]) -> Iterator[tuple[str, list[int | None]]]:
    """Lay the pairs out as a square: for each partner its name, and what it shares with each other one.

    Args:
        table: TOGETHER_SCHEMA.
        partners: short names and names, in the order of the square. A partner has None with itself.
    """
    pairs = table.filter(pc.equal(table["members"], 2)).to_pylist()
    shared = {frozenset((row["partner"], row["second"])): row["entities"] for row in pairs}
    for slug, name in partners:
        yield name, [None if other == slug else shared.get(frozenset((slug, other)), 0) for other, _ in partners]
