"""Programs of a partner that cheats: the command line with some steps of the protocol replaced.

    python -m tests.adversary.cheats ATTACK NOTES ARGUMENTS...

runs `accountmap ARGUMENTS...` with an attack, and keeps in the file NOTES what it remembers between two commands,
and what it identified. `cheating` does the same within a process, for as long as one command takes. A cheat holds
all keys of its own; of the victim it has only what the victim sent.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from unittest import mock

import numpy as np
import pyarrow as pa

from accountmap.accounts.schema import AccountList
from accountmap.linkage.prepared import Prepared
from accountmap.model import Says
from accountmap.psi.codec import DOMAIN_BIT, bits_bytes, rows
from accountmap.psi.comparison import Comparison, Knowledge
from accountmap.psi.inputs import ComparisonSecrets
from accountmap.psi.matching import Matching, MatchRule, decode_claims, encode_claims
from accountmap.psi.ports import Layout, PointTable
from accountmap.psi.sketch import SKETCH_ID_BYTES, VALUE_PREFIX, Sketch, SketchParameters, positions_of
from accountmap.psi.suite import KEY_DST, POINT_BYTES, TOKEN_BYTES, key_message, sha256, token_prefix
from accountmap.psi.tables import NumpyPoints, NumpyTables, tokens
from accountmap.session import agreements, conversation, own_side
from accountmap.session.conversation_content import ShownAccount, write_questions
from accountmap.session.own_list import ListEntities
from accountmap.trust.sharing import JointFilter
from accountmap.workspace.sketches import Sketches
from accountmap_cli.main import run
from tests.adversary.plan_cheats import PLAN_ATTACKS

NOTES: Path

Order = np.ndarray[Any, np.dtype[np.int64]]
Replacement = tuple[object, str, Any]
"""An owner, the name of what it has, and what takes its place."""


def recall() -> dict[str, Any]:
    """Return what was noted so far."""
    return json.loads(NOTES.read_text("utf-8"))


def note(**more: object) -> None:
    """Remember something for the next command."""
    NOTES.write_text(json.dumps(recall() | more), "utf-8")


# Testing cells of the own table against the victim's (account-psi-v2 §12.4, messages 4 and 5).


def a_key_in_each_cell(tables: NumpyTables, layout: Layout, _secrets: ComparisonSecrets) -> PointTable:
    """Put a key of the dictionary into each cell of Y, each under a scalar of its own."""
    columns, curve = len(layout.slots), tables._curve
    cells = len(layout.entity) * columns
    written = recall()["dictionary"][:cells]
    points = points_of(curve, written, cells)
    scalars = np.random.default_rng(len(written)).integers(0, 256, (cells, 32), np.uint8)
    note(scalars=[scalar.tobytes().hex() for scalar in scalars[: len(written)]], cells=cells)
    return NumpyPoints(curve, curve.multiply_each(scalars, points), columns)


def points_of(curve: Any, written: list[str], cells: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Map the keys that the cheat wrote down, and fill what is left with others that meet nothing."""
    filling = [key_message(b"domain", b"filling-%d" % n) for n in range(cells - len(written))]
    return curve.hash_to_curve(KEY_DST, [*(key_message(b"domain", key.encode()) for key in written), *filling])


take_points: Final = Comparison.take_points


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


def their_points_back(tables: NumpyTables, layout: Layout, _secrets: ComparisonSecrets) -> PointTable:
    """Make Y of the victim's own X, each point under a scalar of the cheat's; fill what is left."""
    curve, columns, cells = tables._curve, len(layout.slots), len(layout.entity) * len(layout.slots)
    known = recall().get("their_points")
    if known is None:  # X is kept first, and this command ends with it
        return NumpyPoints(curve, points_of(curve, [], cells), columns)
    theirs = rows(bytes.fromhex(known), POINT_BYTES)[:cells]
    points = np.concatenate([theirs, points_of(curve, [], cells - len(theirs))])
    note(sent_back=len(theirs))
    return NumpyPoints(curve, curve.multiply(b"\x10" * 32, points), columns)


def keep_and_wait(comparison: Comparison, _known: Knowledge, section: memoryview) -> Knowledge:
    """Keep X, and answer in another command."""
    if "their_points" in recall():
        return take_points(comparison, _known, section)
    keep_their_points(comparison, _known, section)
    sys.exit(0)


def compare_tokens(comparison: Comparison, _known: Knowledge, section: memoryview) -> Knowledge:
    """Look for tokens that the cheat can compute: of X, of its own Y, and of what the dictionary maps to."""
    kept, curve, prefix = recall(), comparison.ports.curve, token_prefix(comparison.rid)
    theirs = rows(bytes.fromhex(kept["their_points"]), POINT_BYTES)
    guesses = points_of(curve, kept["dictionary"], len(kept["dictionary"]))
    own, sent = b"\x10" * 32, {token.tobytes() for token in rows(section, TOKEN_BYTES)}
    computed = [theirs, guesses, curve.multiply(own, theirs), curve.multiply(own, guesses)]
    computed.append(curve.multiply(own, computed[2]))
    found = [token for points in computed for token in tokens(prefix, points) if token.tobytes() in sent]
    note(identified=len(found), tokens=len(sent))
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


# False claims (messages 6 to 9).


def claim_falsely(comparison: Comparison, known: Knowledge, section: memoryview) -> Knowledge:
    """Claim rows of X, by a slot in which the cheat has nothing to share, beside what matches in truth."""
    kept, rule = recall(), comparison._rule(known)
    assert known.tokens is not None
    cells = known.tokens.shared_with(section)
    assert cells is not None
    found = rule.choose_claims(rule.mutual_best(cells)).claims if kept["true_claims"] else nothing()
    claims = with_false_rows(rule, found, kept["slot"], kept["count"])
    note(claims=len(claims) - len(found), true=len(found), outcomes=rule.decide(claims).outcome.tolist())
    return replace(known, tokens=None, claims=encode_claims(claims), tokens_sha256=sha256([section]))


def nothing() -> Matching:
    """Return no match."""
    none: Order = np.zeros(0, np.int64)
    return Matching(none, none, none, none, none)


def with_false_rows(rule: MatchRule, found: Matching, slot: int, count: int) -> Matching:
    """Add claims of rows that nothing says are shared, in the order that a reader checks."""
    by_domain = rule._parameters.slots[slot].says is Says.DOMAIN
    x = [n for n in range(len(rule._x_bits)) if n not in found.x and rule._x_bits[n] & DOMAIN_BIT]
    # Two domains would contradict another key.
    v = [n for n in range(len(rule.v_bits)) if n not in found.v and bool(rule.v_bits[n] & DOMAIN_BIT) == by_domain]
    more = min(count, len(x), len(v))
    own = [(int(a), int(b)) for a, b in zip(found.x, found.v, strict=True)]
    pairs: dict[int, list[tuple[int, int]]] = {}
    for match, one, other in zip(found.pair_match, found.pair_x_slot, found.pair_v_slot, strict=True):
        pairs.setdefault(own[int(match)][0], []).append((int(one), int(other)))
    own += list(zip(x[:more], v[:more], strict=True))
    own.sort()
    written = [(n, *pair) for n, (row, _) in enumerate(own) for pair in pairs.get(row, [(slot, slot)])]
    columns = [np.array(column, np.int64) for column in zip(*own, strict=True)]
    return Matching(*columns, *(np.array(column, np.int64) for column in zip(*written, strict=True)))


def claim_few(comparison: Comparison, known: Knowledge, section: memoryview) -> Knowledge:
    """Keep all matches but a few to oneself."""
    assert known.tokens is not None
    rule, cells = comparison._rule(known), known.tokens.shared_with(section)
    assert cells is not None
    found = rule.choose_claims(rule.mutual_best(cells)).claims
    claims = found[np.arange(len(found)) < recall()["count"]]
    note(left_out=len(found) - len(claims))
    return replace(known, tokens=None, claims=encode_claims(claims), tokens_sha256=sha256([section]))


class Guesses:
    """psi's OpenedEntities of rows that a false claim names: a guess stands where the cheat has no key."""

    def __init__(self, honest: Any, entity: Order) -> None:
        self._honest, self._entity = honest.open(np.maximum(entity, 0)), entity

    def key(self, n: int, slot: int) -> bytes:
        """Return the own key, or the guess."""
        own: bytes | None = self._honest.key(n, slot) if self._entity[n] >= 0 else None
        return own or key_message(b"domain", recall()["guess"].encode())

    def fields(self, n: int) -> bytes:
        """Return what the agreement asks for."""
        fields: bytes = self._honest.fields(n)
        return fields


def own_keys_of_other_rows(*_: object) -> None:
    """Check nothing: rows that were named for a false claim need not fit it."""


def open_by_guess(comparison: Comparison, own_rows: Order) -> Guesses:
    """Go on with guesses of the keys that false claims name."""
    return Guesses(comparison.side.entities, comparison._entities(own_rows))


def guess_websites(comparison: Comparison, known: Knowledge, section: memoryview) -> Knowledge:
    """Claim of rows that match by name that they share the website too, which the cheat has only guessed."""
    rule = comparison._rule(known)
    assert known.tokens is not None
    cells = known.tokens.shared_with(section)
    assert cells is not None
    found = rule.mutual_best(cells)
    match, domain = np.arange(len(found)), np.full(len(found), recall()["domain_slot"])
    order = np.argsort(np.concatenate([match, found.pair_match]), kind="stable")
    claims = replace(
        found,
        pair_match=np.concatenate([match, found.pair_match])[order],
        pair_x_slot=np.concatenate([domain, found.pair_x_slot])[order],
        pair_v_slot=np.concatenate([domain, found.pair_v_slot])[order],
    )
    note(claims=len(claims), outcomes=rule.decide(claims).outcome.tolist())
    return replace(known, tokens=None, claims=encode_claims(claims), tokens_sha256=sha256([section]))


class GuessedWebsites(Guesses):
    """The keys of rows that match by name, with the website that was guessed for each name."""

    def key(self, n: int, slot: int) -> bytes:
        """Return the own key, but for websites the guess."""
        kept = recall()
        if slot != kept["domain_slot"]:
            return super().key(n, slot)
        name = super().key(n, kept["name_slot"])
        guess = next(guess for own, guess in kept["guesses"].items() if own.encode() in name)
        return key_message(b"domain", guess.encode())


def open_with_guessed_websites(comparison: Comparison, own_rows: Order) -> Guesses:
    """Go on with the guesses as if they were own keys."""
    return GuessedWebsites(comparison.side.entities, comparison._entities(own_rows))


# Presence bits, and the place of rows in V.

honest_bits: Final = ListEntities.bits


def no_domain_bits(entities: ListEntities) -> Any:
    """Say that no company has a website, so that none contradicts."""
    return honest_bits(entities) & ~np.uint8(DOMAIN_BIT)


honest_order: Final = Comparison._token_order


def rows_moved_between_bits(comparison: Comparison, known: Knowledge) -> Order:
    """Put the rows of V into places that say other bits of them."""
    order = honest_order(comparison, known)
    note(moved=int((comparison._their_bits(known)[order] != comparison._their_bits(known)[order[::-1]]).sum()))
    return order[::-1]


# Before consent: sketches, sizes.

honest_read: Final = Sketch.read.__func__


def keep_sketch(kind: type[Sketch], parameters: SketchParameters, card: bytes, data: bytes) -> Sketch:
    """Keep the victim's sketch."""
    note(sketches=[*recall().get("sketches", []), bytes(data).hex()])
    read: Sketch = honest_read(kind, parameters, card, data)
    return read


def keep_sketch_and_wait(*about: Any) -> Sketch:
    """Keep the victim's sketch, and answer in another command."""
    keep_sketch(*about)
    sys.exit(0)


def full_sketch(_sketches: Sketches, sketch: bytes) -> bytes:
    """Set every bit: all companies of the victim's would seem to be on the list."""
    return sketch + b"\xff" * recall()["sketch_bytes"]


def copied_sketch(_sketches: Sketches, sketch: bytes) -> bytes:
    """Send the victim's own array back."""
    return sketch + bytes.fromhex(recall()["sketches"][0])[SKETCH_ID_BYTES:]


def sketch_of_guesses(_sketches: Sketches, sketch: bytes) -> bytes:
    """Set bits at the guesses without noise, and as many others as the density must have."""
    kept = recall()
    positions = 8 * kept["sketch_bytes"]
    messages = [VALUE_PREFIX + name.encode() for name in kept["names"]]
    bits = np.zeros(positions, np.uint8)
    wanted = positions_of(bytes.fromhex(kept["card"]), sketch, messages, positions)
    bits[wanted] = 1
    others = np.setdiff1d(np.arange(positions), wanted)
    bits[others[: int(kept["density"] * positions) - len(np.unique(wanted))]] = 1
    return sketch + np.packbits(bits).tobytes()


def as_many_rows_as_wanted(_sizes: Mapping[str, int]) -> dict[str, int]:
    """Propose sizes that have nothing to do with the own list."""
    return {"customer": recall()["rows"], "opportunity": 16, "prospect": 16}


honest_withheld: Final = own_side.withheld


def nobody_left_out(accounts: AccountList, prepared: Prepared, _joint: JointFilter) -> pa.Table:
    """Let companies take part that the agreement's filter leaves out."""
    return honest_withheld(accounts, prepared, JointFilter())


# Questions.


def questions_by_guess(shown: Mapping[bytes, ShownAccount]) -> bytes:
    """Ask with other companies than those that share the evidence."""
    guesses = recall()["guesses"]
    return write_questions(
        {match: ShownAccount(*guesses[n % len(guesses)]) for n, match in enumerate(sorted(shown))}
    )


ATTACKS: Final[dict[str, tuple[Replacement, ...]]] = {
    "a scalar for each cell": (
        (NumpyTables, "blind", a_key_in_each_cell),
        (Comparison, "take_points", keep_their_points),
        (Comparison, "match", try_every_cell),
    ),
    "keys across slots": (
        (NumpyTables, "blind", keys_across_slots),
        (Comparison, "take_claims", read_the_claims),
    ),
    "their points back": (
        (NumpyTables, "blind", their_points_back),
        (Comparison, "take_points", keep_and_wait),
        (Comparison, "match", compare_tokens),
    ),
    "false claims": (
        (Comparison, "match", claim_falsely),
        (Comparison, "_check_named", own_keys_of_other_rows),
        (Comparison, "_open_rows", open_by_guess),
    ),
    "guessed websites": (
        (Comparison, "match", guess_websites),
        (Comparison, "_open_rows", open_with_guessed_websites),
    ),
    "few claims": ((Comparison, "match", claim_few),),
    "no domain bits": ((ListEntities, "bits", no_domain_bits),),
    "moved bits": ((Comparison, "_token_order", rows_moved_between_bits),),
    "keep the sketch": ((Sketch, "read", classmethod(keep_sketch)),),
    "keep the sketch and wait": ((Sketch, "read", classmethod(keep_sketch_and_wait)),),
    "full sketch": ((Sketches, "body", full_sketch),),
    "copied sketch": ((Sketches, "body", copied_sketch),),
    "sketch of guesses": ((Sketches, "body", sketch_of_guesses),),
    "many rows": ((agreements, "agreed_sizes", as_many_rows_as_wanted),),
    "no filter": ((own_side, "withheld", nobody_left_out),),
    "questions by guess": ((conversation, "write_questions", questions_by_guess),),
    **PLAN_ATTACKS,
}
"""What each attack replaces in the program."""


@contextmanager
def cheating(attack: str, notes: Path) -> Iterator[None]:
    """Replace it, for commands that run in this process meanwhile."""
    global NOTES  # noqa: PLW0603 - the replaced functions have nothing else to go by
    NOTES = notes
    patches = [mock.patch.object(owner, name, cheat) for owner, name, cheat in ATTACKS.get(attack, ())]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


if __name__ == "__main__":
    with cheating(sys.argv[1], Path(sys.argv[2])):
        sys.argv = ["accountmap", *sys.argv[3:]]
        run()
