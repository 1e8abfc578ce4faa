"""Programs of a partner that cheats: the command line with one step of the protocol replaced.

    python -m tests.adversary.cheats ATTACK NOTES ARGUMENTS...

runs `accountmap ARGUMENTS...` with the attack, and keeps in the file NOTES what it remembers between two commands,
and what it identified. It holds all keys of its own; of the victim it has only what the victim sent.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from accountmap.psi.codec import bits_bytes, rows
from accountmap.psi.comparison import Comparison, Knowledge
from accountmap.psi.engine import Layout, PointTable
from accountmap.psi.inputs import ComparisonSecrets
from accountmap.psi.matching import Matching, decode_claims, encode_claims
from accountmap.psi.suite import KEY_DST, POINT_BYTES, TOKEN_BYTES, key_message, sha256, token_prefix
from accountmap.psi.tables import NumpyPoints, NumpyTables, tokens
from accountmap_cli.main import run

NOTES: Path


def recall() -> dict[str, Any]:
    """Return what was noted so far."""
    return json.loads(NOTES.read_text("utf-8"))  # type: ignore[no-any-return]


def note(**more: object) -> None:
    """Remember something for the next command."""
    NOTES.write_text(json.dumps(recall() | more), "utf-8")


def points_of(curve: Any, written: list[str], cells: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Map the keys that the cheat wrote down, and fill what is left with others that meet nothing."""
    filling = [key_message(b"domain", b"filling-%d" % n) for n in range(cells - len(written))]
    return curve.hash_to_curve(KEY_DST, [*(key_message(b"domain", key.encode()) for key in written), *filling])


def a_key_in_each_cell(tables: NumpyTables, layout: Layout, _secrets: ComparisonSecrets) -> PointTable:
    """Put a key of the dictionary into each cell of Y, each under a scalar of its own."""
    columns, curve = len(layout.slots), tables._curve
    cells = len(layout.entity) * columns
    written = recall()["dictionary"][:cells]
    points = points_of(curve, written, cells)
    scalars = np.random.default_rng(7).integers(0, 256, (cells, 32), np.uint8)
    note(scalars=[scalar.tobytes().hex() for scalar in scalars[: len(written)]], cells=cells)
    return NumpyPoints(curve, curve.multiply_each(scalars, points), columns)


def keep_their_points(comparison: Comparison, known: Knowledge, section: memoryview) -> Knowledge:
    """Keep X besides taking it."""
    count = comparison.parameters.rows(comparison.number, comparison.role.other)
    note(their_points=bytes(section[bits_bytes(count) :]).hex())
    return take_points(comparison, known, section)


def try_every_cell(comparison: Comparison, _known: Knowledge, section: memoryview) -> Knowledge:
    """Test each key of the dictionary against all of X: which tokens of V are b times a point of X? Then stop."""
    kept, curve, prefix = recall(), comparison.ports.curve, token_prefix(comparison.rid)
    theirs = rows(bytes.fromhex(kept["their_points"]), POINT_BYTES)
    sent = {token.tobytes() for token in rows(section, TOKEN_BYTES)}
    found = []
    for key, scalar in zip(kept["dictionary"], kept["scalars"], strict=False):
        products = tokens(prefix, curve.multiply(bytes.fromhex(scalar), theirs))
        if any(token.tobytes() in sent for token in products):
            found.append(key)
    note(identified=found)
    sys.exit(0)


def keys_across_slots(tables: NumpyTables, layout: Layout, secrets: ComparisonSecrets) -> PointTable:
    """Put another company into each cell of a row of X: one by its domain, others by their names."""
    columns, curve = len(layout.slots), tables._curve
    kept, cells = recall(), len(layout.entity) * columns
    spaces = kept["spaces"]
    names, domains = iter(kept["names"]), iter(kept["dictionary"])
    messages, places = [], {}
    for cell in range(cells):
        row, column = divmod(cell, columns)
        source = domains if spaces[column] == "domain" else names if spaces[column] == "name" else iter(())
        key = next(source, None)
        if key is not None:
            places[f"{row}/{layout.slots[column]}"] = key
        space = spaces[column].encode() if key else b"filling"
        messages.append(key_message(space, key.encode() if key else b"%d" % cell))
    note(places=places, cells=cells, rows=len(layout.entity))
    points = curve.hash_to_curve(KEY_DST, messages)
    return NumpyPoints(curve, curve.multiply(secrets.scalar, points), columns)


def read_the_claims(comparison: Comparison, _known: Knowledge, section: memoryview) -> Knowledge:
    """See which cells of X the responder's claims name, and stop."""
    claims, places = decode_claims(section, len(comparison.parameters.sent)), recall()["places"]
    named = [
        f"{int(claims.x[match])}/{int(slot)}"
        for match, slot in zip(claims.pair_match.tolist(), claims.pair_x_slot.tolist(), strict=True)
    ]
    note(identified=[places[cell] for cell in named if cell in places], claims=len(claims))
    sys.exit(0)


def claim_what_does_not_match(comparison: Comparison, known: Knowledge, section: memoryview) -> Knowledge:
    """Claim a row of X by a domain that the cheat does not have."""
    rule, count = comparison._rule(known), 1
    has_domain = 2
    x = np.flatnonzero(rule._x_bits & has_domain)[:count].astype(np.int64)
    v = np.flatnonzero(rule.v_bits & has_domain)[: len(x)].astype(np.int64)
    domain = np.full(len(x), recall()["domain_slot"], np.int64)
    claims = Matching(x, v, np.arange(len(x)), domain, domain)
    note(claims=len(x))
    return Knowledge(
        own=known.own,
        their_bits=known.their_bits,
        claims=encode_claims(claims),
        tokens_sha256=sha256([section]),
    )


def own_keys_of_other_rows(*_: object) -> None:
    """Check nothing: rows that were named for a false claim need not fit it."""


take_points: Final = Comparison.take_points
ATTACKS: Final[dict[str, tuple[tuple[type, str, Callable[..., Any]], ...]]] = {
    "a scalar for each cell": (
        (NumpyTables, "blind", a_key_in_each_cell),
        (Comparison, "take_points", keep_their_points),
        (Comparison, "match", try_every_cell),
    ),
    "keys across slots": (
        (NumpyTables, "blind", keys_across_slots),
        (Comparison, "take_claims", read_the_claims),
    ),
    "false claims": (
        (Comparison, "match", claim_what_does_not_match),
        (Comparison, "_check_named", own_keys_of_other_rows),
    ),
}
"""What each attack replaces in the program."""


if __name__ == "__main__":
    attack, NOTES = sys.argv[1], Path(sys.argv[2])
    for owner, name, cheat in ATTACKS[attack]:
        setattr(owner, name, cheat)
    sys.argv = ["accountmap", *sys.argv[3:]]
    run()
