"""Which partner shares which own account: the own list beside what each partner is known to have."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map import PLAYS, STRENGTHS
from accountmap.account_map.own_accounts import OwnAccounts, Rows, own_accounts
from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.linkage.prepared import Prepared
from accountmap.portfolio.facts import PartnerFacts

Shares = npt.NDArray[np.bool_]
"""One row per own entity, one column per partner: whether they share it."""

_OWN: Final = [
    ("name", pa.string()),
    ("domain", pa.string()),
    ("website", pa.string()),
    ("country", pa.string()),
    ("industry", pa.string()),
    ("owner_name", pa.string()),
    ("owner_email", pa.string()),
    ("amount", pa.float64()),
    ("currency", pa.string()),
]
"""Own columns that help to act on an account."""

SHARED_SCHEMA: Final = pa.schema(
    [
        *(
            pa.field(name, pa.string(), nullable=False)
            for name in ("account_id", "entity_id", "segment", "partner", "partner_name", "their_segment", "play")
        ),
        *(pa.field(name, pa.string(), nullable=False) for name in ("strength", "evidence")),
        pa.field("doubt", pa.string()),
        pa.field("match_id", pa.string(), nullable=False),
        pa.field("mapped", pa.date32(), nullable=False),
        pa.field("partners", pa.int64(), nullable=False),
        *_OWN,
        *(pa.field(name, pa.string()) for name in ("their_name", "their_owner_name", "their_owner_email")),
    ]
)
"""One row for each own account and partner that shares its company, in the order in which to work them. If the
company has several matches with a partner, the one with their strongest segment. `mapped` is the day of the
session, `partners` how many share the company."""

ACCOUNTS_SCHEMA: Final = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in ("account_id", "entity_id", "segment")),
        pa.field("partners", pa.int64(), nullable=False),
        pa.field("customer_of", pa.int64(), nullable=False),
        pa.field("shared_with", pa.string()),
        *_OWN,
    ]
)
"""One row per own account: how many partners share its company, how many of them serve it, and who they are, as
"Globex: customer · Initech: prospect"; null if nobody does."""

_BITS: Final = 32
"""How many partners are compared at once."""

_UNCOVERED_FIRST: Final = ("opportunity", "customer", "prospect")
"""The segments, those in which a gap costs most first."""


@dataclass(frozen=True, repr=False)
class Coverage:
    """The own list, and who shares what of it.

    Attributes:
        own: the own accounts.
        entity_id: of each entity.
        segment: of each entity, a position in SEGMENTS.
        partners: all of them, in the order of the columns of `shares`.
        shares: who shares which entity.
        links: for each partner the rows of its links that are on the own list, the best first.
        link_of: for each partner and entity the row of the best link in `links`, or -1.
        left: how many linked accounts are no longer on the own list, by partner.
    """

    own: OwnAccounts
    entity_id: pa.Array
    segment: Rows
    partners: tuple[PartnerFacts, ...]
    shares: Shares
    links: tuple[pa.Table, ...]
    link_of: tuple[Rows, ...]
    left: tuple[int, ...]

    @cached_property
    def count(self) -> Rows:
        """By how many partners each entity is shared."""
        found: Rows = self.shares.sum(axis=1, dtype=np.int64)
        return found

    @cached_property
    def kinds(self) -> tuple[Shares, Rows]:
        """The different rows of `shares`, and for each entity which of them is its own.

        They are a few hundred, however long the list is.
        """
        kind = np.zeros(len(self.shares), np.int64)
        for start in range(0, self.shares.shape[1], _BITS):
            part = self.shares[:, start : start + _BITS]
            mask = part @ (1 << np.arange(part.shape[1], dtype=np.int64))
            kind = np.unique(kind << _BITS | mask, return_inverse=True)[1]
        first = np.unique(kind, return_index=True)[1]
        return self.shares[first], kind

    @cached_property
    def serves(self) -> Shares:
        """Which partner serves which entity: has it as a customer."""
        found = np.zeros_like(self.shares)
        for at, (links, link_of) in enumerate(zip(self.links, self.link_of, strict=True)):
            customer = pc.equal(links["their_segment"], "customer").to_numpy()
            shared = np.flatnonzero(link_of >= 0)
            found[shared, at] = customer[link_of[shared]]
        return found


def cover(accounts: AccountList, prepared: Prepared, partners: Sequence[PartnerFacts]) -> Coverage:
    """Put the partners' links beside the own list.

    Links name accounts of the list that their session ran on; those that are no longer on the own list are counted
    and left out. A company that has more accounts now than then is shared as a whole.

    Raises:
        UsageError: the prepared list was made from another account list.
    """
    own = own_accounts(accounts, prepared)
    entities = prepared.entities.num_rows
    places = positions(own, [partner.links["account_id"] for partner in partners])
    found = [_links(own, entities, partner.links, at) for partner, at in zip(partners, places, strict=True)]
    shares = np.zeros((entities, len(partners)), np.bool_)
    for at, (_, link_of, _) in enumerate(found):
        shares[:, at] = link_of >= 0
    segment = pc.index_in(prepared.entities["segment"], value_set=pa.array(SEGMENTS)).to_numpy()
    return Coverage(
        own=own,
        entity_id=prepared.entities["entity_id"].combine_chunks(),
        segment=segment.astype(np.int64),
        partners=tuple(partners),
        shares=shares,
        links=tuple(links for links, _, _ in found),
        link_of=tuple(link_of for _, link_of, _ in found),
        left=tuple(left for _, _, left in found),
    )


def positions(own: OwnAccounts, columns: Sequence[pa.ChunkedArray]) -> list[pa.ChunkedArray]:
    """Find the accounts of several columns of ids on the own list; null where one is not on it.

    All at once, since indexing the own list takes longer than looking things up in it.
    """
    every = pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string())
    at = pc.index_in(every, value_set=own.table["account_id"])
    starts = np.cumsum([0, *map(len, columns)]).tolist()
    return [at.slice(start, len(column)) for start, column in zip(starts, columns, strict=False)]


def _links(own: OwnAccounts, entities: int, links: pa.Table, at: pa.ChunkedArray) -> tuple[pa.Table, Rows, int]:
    """Return the links that are on the own list, for each entity the row of the best, and how many are not.

    Args:
        at: the row of each link's account on the own list, or null.
    """
    known = links.filter(at.is_valid())
    entity = own.entity[at.drop_null().to_numpy()]
    segment = pc.index_in(known["their_segment"], value_set=pa.array(SEGMENTS)).to_numpy()
    strength = pc.index_in(known["strength"], value_set=pa.array(STRENGTHS)).to_numpy()
    order = np.lexsort((np.arange(len(entity)), strength, segment))[::-1]  # the best is written last, and wins
    link_of = np.full(entities, -1, np.int64)
    link_of[entity[order]] = order
    return known, link_of, pc.count_distinct(links.filter(at.is_null())["account_id"]).as_py()


def shared_accounts(coverage: Coverage) -> pa.Table:
    """List each own account with each partner that shares it: SHARED_SCHEMA."""
    count = coverage.count
    parts = [_shared_with(coverage, at, count) for at, _ in enumerate(coverage.partners)]
    table = pa.concat_tables([SHARED_SCHEMA.empty_table(), *parts])
    ranks = pa.array([PLAYS[mine, theirs].rank for mine in SEGMENTS for theirs in SEGMENTS])
    mine, theirs = (
        pc.index_in(table[name], value_set=pa.array(SEGMENTS)) for name in ("segment", "their_segment")
    )
    rank = ranks.take(pc.add(pc.multiply(mine, len(SEGMENTS)), theirs))
    ordered = table.append_column("rank", rank).sort_by(
        [("rank", "ascending"), ("amount", "descending"), ("account_id", "ascending"), ("partner", "ascending")]
    )
    return ordered.select(SHARED_SCHEMA.names)


def _shared_with(coverage: Coverage, at: int, count: Rows) -> pa.Table:
    partner, entity_of = coverage.partners[at], coverage.own.entity
    account = np.flatnonzero(coverage.shares[entity_of, at])
    entity = entity_of[account]
    own = coverage.own.table.take(pa.array(account))
    link = coverage.links[at].take(pa.array(coverage.link_of[at][entity]))
    day = partner.mappings[-1].finished.date() if partner.mappings else None
    plays = pa.array([PLAYS[mine, theirs].name for mine in SEGMENTS for theirs in SEGMENTS])
    theirs = pc.index_in(link["their_segment"], value_set=pa.array(SEGMENTS)).to_numpy()
    columns = {name: own[name] for name in own.column_names} | {name: link[name] for name in link.column_names}
    columns |= {
        "account_id": own["account_id"],
        "partner": pa.repeat(partner.slug, len(account)),
        "partner_name": pa.repeat(partner.name, len(account)),
        "play": plays.take(pa.array(coverage.segment[entity] * len(SEGMENTS) + theirs)),
        "mapped": pa.repeat(pa.scalar(day, pa.date32()), len(account)),
        "partners": pa.array(count[entity]),
    }
    return pa.table({name: columns[name] for name in SHARED_SCHEMA.names}).cast(SHARED_SCHEMA)


def own_coverage(coverage: Coverage) -> pa.Table:
    """List each own account with those who share it: ACCOUNTS_SCHEMA.

    The accounts that most partners share come first. Of the others, open deals come before customers and
    prospects, and larger amounts before smaller ones.
    """
    own, entity, count = coverage.own, coverage.own.entity, coverage.count
    columns = {name: own.table[name] for name in own.table.column_names} | {
        "partners": pa.array(count[entity]),
        "customer_of": pa.array(coverage.serves.sum(axis=1, dtype=np.int64)[entity]),
        "shared_with": _shared_texts(coverage).take(pa.array(entity)),
    }
    table = pa.table({name: columns[name] for name in ACCOUNTS_SCHEMA.names}).cast(ACCOUNTS_SCHEMA)
    place = pc.index_in(table["segment"], value_set=pa.array(_UNCOVERED_FIRST))
    ordered = table.append_column("place", place).sort_by(
        [("partners", "descending"), ("place", "ascending"), ("amount", "descending"), ("account_id", "ascending")]
    )
    return ordered.select(ACCOUNTS_SCHEMA.names)


def _shared_texts(coverage: Coverage) -> pa.Array:
    """Write for each entity who shares it, as what; null if nobody does."""
    parts = []
    for partner, links, link_of in zip(coverage.partners, coverage.links, coverage.link_of, strict=True):
        link = pa.array(link_of, mask=link_of < 0)
        theirs = links["their_segment"].combine_chunks().take(link)
        parts.append(pc.binary_join_element_wise(f"{partner.name}: ", theirs, ""))
    if not parts:
        return pa.nulls(len(coverage.segment), pa.string())
    # Without the first, pyarrow drops rows in which all are null.
    joined = pc.binary_join_element_wise(
        pa.array([""] * len(coverage.segment), pa.string()), *parts, " · ", null_handling="skip"
    )
    joined = pc.replace_substring_regex(joined, "^ · ", "")
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), joined)
