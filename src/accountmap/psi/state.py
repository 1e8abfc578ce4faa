"""A phase as bytes, so that a session can wait for days and survive a crash.

The bytes hold the session's secrets. They are read back only by the party that wrote them.
"""

import json
import struct
from dataclasses import fields
from typing import Any, Final

import numpy as np

from accountmap.errors import UsageError
from accountmap.psi import initiator, responder
from accountmap.psi.phases import Counted, Done, Phase, Stopped
from accountmap.psi.wire import Body

_PHASES: Final[dict[str, type[Phase]]] = {
    "initiator/offered": initiator.Offered,
    "initiator/counting": initiator.Counting,
    "initiator/previewed": initiator.Previewed,
    "initiator/revealing": initiator.Revealing,
    "initiator/sharing": initiator.Sharing,
    "initiator/receiving": initiator.Receiving,
    "responder/ready": responder.Ready,
    "responder/answered": responder.Answered,
    "responder/previewed": responder.Previewed,
    "responder/consented": responder.Consented,
    "responder/revealed": responder.Revealed,
    "responder/sharing": responder.Sharing,
    "counted": Counted,
    "done": Done,
    "stopped": Stopped,
}
_NAMES: Final = {phase: name for name, phase in _PHASES.items()}
_LENGTH: Final = struct.Struct(">I")


def dump(phase: Phase) -> list[Body]:
    """Write a phase as a length, a JSON directory and the raw values behind it, none of which is copied."""
    directory: list[dict[str, Any]] = []
    raw: list[Body] = []
    for field in fields(phase):
        value = getattr(phase, field.name)
        if isinstance(value, np.ndarray):
            array = np.ascontiguousarray(value)
            raw.append(array.reshape(-1).view(np.uint8).data)
            directory.append({"type": array.dtype.str, "shape": array.shape, "bytes": array.nbytes})
        else:
            raw.append(value if isinstance(value, bytes) else bytes([value]))
            directory.append({"type": type(value).__name__, "bytes": len(raw[-1])})
    head = json.dumps({"phase": _NAMES[type(phase)], "fields": directory}).encode()
    return [_LENGTH.pack(len(head)), head, *raw]


def load(data: Body) -> Phase:
    """Read a phase back. Its tables stay where they lie in the data.

    Raises:
        UsageError: the bytes were not written by `dump`, or were damaged since.
    """
    try:
        (length,) = _LENGTH.unpack_from(data)
        start, view = _LENGTH.size + length, memoryview(data)
        head = json.loads(bytes(view[_LENGTH.size : start]))
        values = []
        for entry in head["fields"]:
            part = view[start : start + entry["bytes"]]
            if len(part) != entry["bytes"]:
                raise ValueError("cut short")
            start += entry["bytes"]
            values.append(_value(entry, part))
        return _PHASES[head["phase"]](*values)
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise UsageError("the saved state of the session cannot be read") from error


def _value(entry: dict[str, Any], part: memoryview) -> object:
    if entry["type"] == "bytes":
        return bytes(part)
    if entry["type"] == "bool":
        return bool(part[0])
    return np.frombuffer(part, np.dtype(entry["type"])).reshape(entry["shape"])
