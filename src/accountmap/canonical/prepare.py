"""From an account list to its prepared list: keys per account, entities, one value per entity and slot."""

from collections.abc import Iterable
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.canonical.decisions import Decision
from accountmap.canonical.distinct import Candidates
from accountmap.canonical.parts import PartsOf, Spread, by_id, candidates_of, work_out
from accountmap.canonical.prepared import ENTITY_SCHEMA, MEMBER_SCHEMA, Prepared, Profile
from accountmap.canonical.reference import Reference
from accountmap.canonical.sharing import Gathered, Rows


def _entities(account_ids: pa.ChunkedArray, segments: pa.ChunkedArray, entity_of: Rows) -> pa.Table:
    """Describe each entity: its smallest account id and its strongest segment.

    Args:
        account_ids: ascending.
        segments: row for row with them.
        entity_of: likewise; entities are numbered in the order of their first accounts.
    """
    known = pa.array(SEGMENTS)
    _, first = np.unique(entity_of, return_index=True)
    rank = pc.index_in(segments, value_set=known).to_numpy()
    strongest = rank[first]
    np.minimum.at(strongest, entity_of, rank)
    return pa.table([account_ids.take(pa.array(first)), known.take(pa.array(strongest))], schema=ENTITY_SCHEMA)


def prepare_accounts(
    accounts: AccountList,
    profile: Profile,
    decisions: Iterable[Decision] = (),
    reference: Reference | None = None,
    spread: Spread = map,
) -> Prepared:
    """Turn a list into entities and match keys.

    All work is done in the order of the account ids, in columns and part by part; only accounts that share
    something become objects.

    Args:
        accounts: the own list; the order of its rows does not matter.
        profile: which keys to make.
        decisions: what the user said of pairs of accounts: the same company or not.
        reference: the list that the agreement names, if its profile has the slot.
        spread: where the parts of the list are worked on: the `map` of an executor, or here, one after another.

    Returns:
        The prepared list: members in the order of account_id, entities of their smallest account_id.
    """
    order = by_id(accounts.table)
    account_ids, segments = (accounts.table[name].take(order) for name in ("account_id", "segment"))
    slots = [slot.name for slot in profile.slots]
    gathered, candidates = Gathered(account_ids), Candidates(profile)
    for part in spread(partial(work_out, slots=slots), PartsOf(accounts.table, order)):
        gathered.add(part.traits, part.marks)
        candidates.add(candidates_of(part, slots, reference), len(part.traits))
    entity_of = gathered.resolve(tuple(decisions)).entity_of
    del gathered
    members = pa.table([account_ids, entity_of.astype(np.int32)], schema=MEMBER_SCHEMA)
    return Prepared(
        profile,
        _entities(account_ids, segments, entity_of),
        members,
        candidates.keys(entity_of),
        reference.digest if reference else "",
    )
