"""The points H(x) of a prepared list's keys, kept beside it, for they do not depend on the session.

They are as secret as the list: whoever holds them can test guesses of its keys.
"""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from accountmap.canonical.prepared import Prepared
from accountmap.files import write_atomic
from accountmap.psi.lazy import LazyMessages
from accountmap.psi.parameters import Curve
from accountmap.psi.suite import KEY_DST, POINT_BYTES, key_prefix
from accountmap.psi.tables import Points

_LABEL: Final = b"accountmap-kept-points-v1\x00"
_DIGEST_BYTES: Final = 32


def key_points(prepared: Prepared, curve: Curve) -> Points:
    """Map the keys of a list to points, one row a row of `keys`, shape (keys, 32)."""
    return curve.hash_to_curve(KEY_DST, _messages(prepared))


def kept_key_points(path: Path, prepared: Prepared, curve: Curve) -> Points:
    """Return the same from a file, or make them and leave them there.

    Args:
        path: a digest of keys and points, then the points. A file for other keys, a damaged one, or one that
            cannot be read or written only costs the time to make them.
    """
    keys = _digest(prepared)
    kept = _read(path, _DIGEST_BYTES + POINT_BYTES * prepared.keys.num_rows)
    if kept is not None and kept[:_DIGEST_BYTES] == _head(keys, memoryview(kept)[_DIGEST_BYTES:]):
        return np.frombuffer(kept, np.uint8, offset=_DIGEST_BYTES).reshape(-1, POINT_BYTES)
    points = key_points(prepared, curve)
    with suppress(OSError):
        raw = points.reshape(-1).data
        write_atomic(path, [_head(keys, raw), raw])
    return points


def _head(keys: bytes, points: bytes | memoryview) -> bytes:
    hashed = hashlib.sha256(keys)
    hashed.update(points)
    return hashed.digest()


def _read(path: Path, size: int) -> bytes | None:
    try:
        return path.read_bytes() if path.stat().st_size == size else None
    except OSError:
        return None


def _messages(prepared: Prepared) -> LazyMessages:
    prefixes = [key_prefix(slot.space.encode()) for slot in prepared.profile.slots]
    slots, values = prepared.keys["slot"].combine_chunks(), prepared.keys["value"].combine_chunks()

    def make(start: int, stop: int) -> list[bytes]:
        keys = zip(slots[start:stop].to_pylist(), values[start:stop].cast(pa.binary()).to_pylist(), strict=True)
        return [prefixes[slot] + value for slot, value in keys]

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
