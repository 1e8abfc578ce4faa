"""Prepared lists as the groups of a session."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accountmap.canonical.prepared import Prepared
from accountmap.psi.parameters import Groups
from accountmap.psi.tables import Points


@dataclass(frozen=True)
class GroupOrder:
    """Which entity each group is.

    Attributes:
        entity: row of the entity, one entry a group, segment by segment.
        sizes: groups in each segment.
    """

    entity: npt.NDArray[np.int64]
    sizes: tuple[int, ...]


def group_order(
    prepared: Prepared, segments: tuple[str, ...], left_out: npt.NDArray[np.bool_] | None = None
) -> GroupOrder:
    """Order the entities by segment.

    Args:
        segments: in the order of the agreement.
        left_out: which entities take no part, one entry an entity; by default none.
    """
    numbers = {name: n for n, name in enumerate(segments)}
    segment = np.array([numbers[s] for s in prepared.entities["segment"].to_pylist()], np.int64)
    taking_part = np.arange(len(segment)) if left_out is None else np.flatnonzero(~left_out)
    sizes = np.bincount(segment[taking_part], minlength=len(segments))
    order = taking_part[np.argsort(segment[taking_part], kind="stable")]
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
