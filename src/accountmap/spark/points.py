"""From match keys to points: H, which no session changes. Points are as sensitive as the list."""

from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.curve.backends import make_curve
from accountmap.linkage.prepared import Profile
from accountmap.psi.suite import KEY_DST, POINT_BYTES, key_message
from accountmap.spark.frames import map_tables

POINTS = "entity_id string, slots binary, points binary"


def make_points(keys: DataFrame, profile: Profile) -> DataFrame:
    """Map match keys to points.

    Args:
        keys: entity_id, slot, value.
        profile: their slots.

    Returns:
        One row an entity: entity_id, slots (one byte each, ascending), points (32 bytes each, in that order). It
        may be kept beside the prepared list, and guarded like it.
    """
    each = F.sort_array(F.collect_list(F.struct("slot", "value"))).alias("keys")
    spaces = [slot.space.encode() for slot in profile.slots]
    return map_tables(keys.groupBy("entity_id").agg(each), partial(_hash, spaces), POINTS)


def _hash(spaces: list[bytes], table: pa.Table) -> pa.Table:
    lists = table["keys"].combine_chunks()
    keys = lists.flatten()
    slots = np.asarray(keys.field("slot")).astype(np.uint8)
    values = keys.field("value").to_pylist()
    messages = [
        key_message(spaces[slot], value.encode()) for slot, value in zip(slots.tolist(), values, strict=True)
    ]
    points = make_curve(workers=1).hash_to_curve(KEY_DST, messages)
    ends = np.concatenate([[0], np.cumsum(np.asarray(lists.value_lengths()))])
    return pa.table(
        {
            "entity_id": table["entity_id"],
            "slots": pieces(slots.tobytes(), ends),
            "points": pieces(points.tobytes(), ends * POINT_BYTES),
        }
    )


def pieces(blob: bytes, ends: npt.NDArray[np.int64]) -> pa.Array:
    """Cut a byte string into an array; `ends` holds where each piece begins, and the end of the last."""
    return pa.Array.from_buffers(
        pa.binary(), len(ends) - 1, [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(blob)]
    )
