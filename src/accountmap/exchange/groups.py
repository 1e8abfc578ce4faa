"""Prepared lists as the groups of a session."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accountmap.canonical.prepared import Prepared
from accountmap.psi.parameters import Curve, Groups
from accountmap.psi.suite import KEY_DST, key_message


@dataclass(frozen=True)
class GroupOrder:
    """Which entity each group is.

    Attributes:
        entity: row of the entity, one entry a group, segment by segment.
        sizes: groups in each segment.
    """

    entity: npt.NDArray[np.int64]
    sizes: tuple[int, ...]


def group_order(prepared: Prepared, segments: tuple[str, ...]) -> GroupOrder:
    """Order the entities by segment, in the order of the agreement."""
    numbers = {name: n for n, name in enumerate(segments)}
    segment = np.array([numbers[s] for s in prepared.entities["segment"].to_pylist()], np.int64)
    sizes = np.bincount(segment, minlength=len(segments))
    return GroupOrder(np.argsort(segment, kind="stable").astype(np.int64), tuple(sizes.tolist()))


def make_groups(prepared: Prepared, order: GroupOrder, curve: Curve | None) -> Groups:
    """Lay the keys out in groups.

    Args:
        curve: maps the keys to points; without it the groups have none, which is enough after the first message.
    """
    slots = prepared.profile.slots
    group_of = np.empty(len(order.entity), np.int64)
    group_of[order.entity] = np.arange(len(order.entity))
    keys = prepared.keys
    group = group_of[keys["entity"].to_numpy()]
    slot = keys["slot"].to_numpy().astype(np.int64)
    present = np.zeros((len(order.entity), len(slots)), np.bool_)
    present[group, slot] = True
    if curve is None:
        return Groups(order.sizes, present)
    spaces = [s.space.encode() for s in slots]
    values = keys["value"].to_pylist()
    row_major = np.argsort(group * len(slots) + slot)
    messages = [key_message(spaces[slot[k]], values[k].encode()) for k in row_major.tolist()]
    return Groups(order.sizes, present, curve.hash_to_curve(KEY_DST, messages))
