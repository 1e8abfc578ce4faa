"""The points H(x) of a prepared list's keys, kept beside it, for they do not depend on the session.

They are as secret as the list: whoever holds them can test guesses of its keys.
"""

import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from accountmap.canonical.prepared import Prepared
from accountmap.files import write_atomic
from accountmap.psi.lazy import LazyMessages
from accountmap.psi.parameters import Curve
from accountmap.psi.suite import KEY_DST, POINT_BYTES, key_message
from accountmap.psi.tables import Points

_LABEL: Final = b"accountmap-kept-points-v1\x00"
_DIGEST_BYTES: Final = 32


def key_points(prepared: Prepared, curve: Curve) -> Points:
    """Map the keys of a list to points, one row a row of `keys`, shape (keys, 32)."""
    return curve.hash_to_curve(KEY_DST, _messages(prepared))


def kept_key_points(path: Path, prepared: Prepared, curve: Curve) -> Points:
    """Return the same from a file, or make them and leave them there.

    Args:
        path: 32 bytes that say which keys it is for, then the points. A file for other keys is replaced.
    """
    digest, size = _digest(prepared), _DIGEST_BYTES + POINT_BYTES * prepared.keys.num_rows
    kept = path.read_bytes() if path.exists() and path.stat().st_size == size else b""
    if kept.startswith(digest):
        return np.frombuffer(kept, np.uint8, offset=_DIGEST_BYTES).reshape(-1, POINT_BYTES)
    points = key_points(prepared, curve)
    write_atomic(path, [digest, points.tobytes()])
    return points


def _messages(prepared: Prepared) -> LazyMessages:
    spaces = [slot.space.encode() for slot in prepared.profile.slots]
    slots, values = prepared.keys["slot"].combine_chunks(), prepared.keys["value"].combine_chunks()

    def make(start: int, stop: int) -> list[bytes]:
        keys = zip(slots[start:stop].to_pylist(), values[start:stop].to_pylist(), strict=True)
        return [key_message(spaces[slot], value.encode()) for slot, value in keys]

    return LazyMessages(len(values), make)


def _digest(prepared: Prepared) -> bytes:
    """Hash what the points are made of: the map's tag, the slots' name spaces, and slot and value of all keys.

    Arrow writes equal tables alike; a release that wrote them otherwise would only have the points made again.
    """
    spaces = b"".join(slot.space.encode() + b"\x00" for slot in prepared.profile.slots)
    keys, sink = prepared.keys.select(["slot", "value"]).combine_chunks(), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, keys.schema) as stream:
        stream.write_table(keys)
    hashed = hashlib.sha256(_LABEL + KEY_DST + b"\x00" + spaces)
    hashed.update(sink.getvalue())
    return hashed.digest()
