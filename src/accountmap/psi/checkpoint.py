"""A session's state as bytes, so that it can wait for days and survive a crash.

The bytes hold secrets of the session, though not its seed. They are read back only by the party that wrote them.
"""

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Final

from accountmap.errors import UsageError
from accountmap.psi.comparison import Knowledge
from accountmap.psi.engine import Side
from accountmap.psi.rounds import Progress
from accountmap.psi.suite import Body

_LENGTH: Final = struct.Struct(">I")
_OF_SESSION: Final = ("transcript", "partner_sketch", "totals", "own_fields", "receipt")
_OF_BOTH: Final = ("nonces", "commitments", "signatures")
_OF_COMPARISON: Final = tuple(f.name for f in fields(Knowledge) if f.name not in ("own", "tokens"))


def dump(state: str, progress: Progress) -> list[Body]:
    """Write a length, a JSON directory, and the raw values behind it, none of which is copied."""
    values = dict(_values(progress))
    directory = {"state": state, "values": [[name, len(value)] for name, value in values.items()]}
    head = json.dumps(directory).encode()
    return [_LENGTH.pack(len(head)), head, *values.values()]


def _values(progress: Progress) -> Iterator[tuple[str, Body]]:
    for name in _OF_SESSION:
        yield name, getattr(progress, name)
    for name in _OF_BOTH:
        for role, value in enumerate(getattr(progress, name)):
            yield f"{name}/{role}", value
    for number, known in enumerate(progress.known):
        for name in _OF_COMPARISON:
            yield f"{number}/{name}", getattr(known, name)
        if known.own is not None:
            yield f"{number}/own", known.own.dump()
        if known.tokens is not None:
            yield f"{number}/tokens", known.tokens.dump()


def load(data: Body, sides: Sequence[Side]) -> tuple[str, Progress]:
    """Read a state back. Its tables stay where they lie in the data.

    Raises:
        UsageError: the bytes were not written by `dump`, or were damaged since.
    """
    try:
        (length,) = _LENGTH.unpack_from(data)
        start, view = _LENGTH.size + length, memoryview(data)
        head = json.loads(bytes(view[_LENGTH.size : start]))
        values: dict[str, memoryview] = {}
        for name, size in head["values"]:
            values[name] = view[start : start + size]
            start += size
        if start != len(view):
            raise ValueError("cut short")
        return str(head["state"]), _progress(values, sides)
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise UsageError("the saved state of the session cannot be read") from error


def _progress(values: dict[str, memoryview], sides: Sequence[Side]) -> Progress:
    def both(name: str) -> tuple[bytes, bytes]:
        return bytes(values[f"{name}/0"]), bytes(values[f"{name}/1"])

    return Progress(
        known=tuple(_knowledge(values, number, side) for number, side in enumerate(sides)),
        nonces=both("nonces"),
        commitments=both("commitments"),
        signatures=both("signatures"),
        **{name: bytes(values[name]) for name in _OF_SESSION},
    )


def _knowledge(values: dict[str, memoryview], number: int, side: Side) -> Knowledge:
    own, tokens = values.get(f"{number}/own"), values.get(f"{number}/tokens")
    return Knowledge(
        own=None if own is None else side.tables.load_points(own),
        tokens=None if tokens is None else side.tables.load_tokens(tokens),
        **{name: values[f"{number}/{name}"] for name in _OF_COMPARISON},
    )
