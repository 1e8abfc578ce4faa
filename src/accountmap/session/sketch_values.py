"""Which entities a sketch is of, and the values that stand for them in it (psi-v2 §5.1)."""

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import countries_of, entity_of_account
from accountmap.accounts.schema import AccountList
from accountmap.linkage.prepared import Prepared
from accountmap.psi.sketch import VALUE_PREFIX, Values
from accountmap.session.participants import Flags, left_out, withheld
from accountmap.trust.sharing import JointFilter


def entities_of_sketch(
    accounts: AccountList, prepared: Prepared, countries: Collection[str], left_out_segments: Collection[str]
) -> Flags:
    """Return which entities a sketch is of, one flag each, whatever an agreement filters.

    Args:
        countries: ISO 3166 codes of the part that it is for; empty for the whole list.
        left_out_segments: those that the owner never previews.
    """
    off_limits = left_out(prepared, withheld(accounts, prepared, JointFilter()))
    hidden = pc.is_in(prepared.entities["segment"], value_set=pa.array(list(left_out_segments), pa.string()))
    chosen: Flags = ~off_limits & ~hidden.to_numpy() & in_countries(accounts, prepared, countries)
    return chosen


def in_countries(accounts: AccountList, prepared: Prepared, countries: Collection[str]) -> Flags:
    """Return which entities are in one of some countries, or all if there are none.

    Where the accounts of an entity differ, that with the smallest id decides, so each entity is in one country.
    """
    if not countries:
        return np.ones(prepared.entities.num_rows, np.bool_)
    first = pc.index_in(prepared.entities["entity_id"], value_set=accounts.table["account_id"])
    country = countries_of(accounts.table).take(first)
    inside: Flags = pc.is_in(country, value_set=pa.array(list(countries), pa.string())).to_numpy()
    return inside


def sketch_values(prepared: Prepared, taking_part: Flags, segments: Sequence[str]) -> Values:
    """Return the different full names of some entities, each with the segments in which it stands.

    Args:
        taking_part: one flag an entity.
        segments: in the order of the agreement.
    """
    name = prepared.entities["full_name"].combine_chunks()
    rows = np.flatnonzero(taking_part & name.is_valid().to_numpy(zero_copy_only=False))
    coded = name.take(pa.array(rows)).dictionary_encode()
    segment = pc.index_in(prepared.entities["segment"], value_set=pa.array(segments)).to_numpy()[rows]
    in_segment = np.zeros((len(coded.dictionary), len(segments)), np.bool_)
    in_segment[coded.indices.to_numpy(), segment.astype(np.int64)] = True
    values = coded.dictionary.cast(pa.binary()).to_pylist()
    return Values([VALUE_PREFIX + value for value in values], in_segment)


def amounts_by_segment(accounts: AccountList, prepared: Prepared, taking_part: Flags) -> dict[str, float]:
    """Add up the amounts of some entities by segment; a segment without any is left out.

    Args:
        taking_part: one flag an entity.
    """
    entity = entity_of_account(accounts, prepared)
    amount = accounts.table["amount"]
    counted = pc.and_(pc.is_finite(amount).fill_null(False), pa.chunked_array([taking_part[entity]]))
    rows = pa.table({"segment": prepared.entities["segment"].take(pa.array(entity)), "amount": amount})
    sums = rows.filter(counted).group_by("segment").aggregate([("amount", "sum")])
    return dict(zip(sums["segment"].to_pylist(), sums["amount_sum"].to_pylist(), strict=True))
