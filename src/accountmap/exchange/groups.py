"""Prepared lists as the groups of a session."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.canonical.prepared import Prepared
from accountmap.psi.parameters import Groups
from accountmap.psi.tables import Order, Points

LEFT_OUT: Final = -1
"""In place of a segment's number: the entity takes no part."""


@dataclass(frozen=True)
class GroupOrder:
    """Which entity each group is.

    Attributes:
        entity: row of the entity, one entry a group, segment by segment.
        sizes: groups in each segment.
    """

    entity: Order
    sizes: tuple[int, ...]


def segment_of_entities(prepared: Prepared, segments: tuple[str, ...]) -> Order:
    """Return for each entity the number of its segment.

    Args:
        segments: in the order of the agreement.
    """
    found: Order = pc.index_in(prepared.entities["segment"], value_set=pa.array(segments)).to_numpy()
    return found.astype(np.int64)


def group_order(segment: Order, segments: tuple[str, ...], taking_part: Collection[str]) -> GroupOrder:
    """Order the entities of some segments by segment.

    Args:
        segment: of each entity the number of its segment, or LEFT_OUT.
        segments: in the order of the agreement.
        taking_part: those of which entities take part.
    """
    chosen = np.array([name in taking_part for name in segments], np.bool_)
    entity = np.flatnonzero((segment != LEFT_OUT) & chosen[segment])
    order = entity[np.argsort(segment[entity], kind="stable")]
    sizes = np.bincount(segment[entity], minlength=len(segments))
    return GroupOrder(order.astype(np.int64), tuple(sizes.tolist()))


def make_groups(prepared: Prepared, order: GroupOrder, slots: int, points: Points | None) -> Groups:
    """Lay the keys out in groups.

    Args:
        slots: how many of the profile's take part: all, or the first alone.
        points: of all keys of the list, one row a row of `keys`; they are needed for the first message only.
    """
    group_of = np.full(prepared.entities.num_rows, -1, np.int64)
    group_of[order.entity] = np.arange(len(order.entity))
    group = group_of[prepared.keys["entity"].to_numpy()]
    slot = prepared.keys["slot"].to_numpy().astype(np.int64)
    taking_part = np.flatnonzero((group >= 0) & (slot < slots))
    group, slot = group[taking_part], slot[taking_part]
    present = np.zeros((len(order.entity), slots), np.bool_)
    present[group, slot] = True
    if points is None:
        return Groups(order.sizes, present)
    row_major = np.argsort(group * slots + slot)
    return Groups(order.sizes, present, points[taking_part[row_major]])
