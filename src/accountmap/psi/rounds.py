"""The computations that the messages are made of, each as a pure function (psi-v1 §5)."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accountmap.errors import PeerError, UsageError
from accountmap.psi import wire
from accountmap.psi.lazy import LazyMessages
from accountmap.psi.matching import Matching, Tokens, common, mutual_best
from accountmap.psi.parameters import Groups, Parameters, Ports, Role
from accountmap.psi.suite import (
    DUMMY_SPACE,
    INDEX_BYTES,
    KEY_DST,
    MATCH_ID_BYTES,
    TOKEN_BYTES,
    digest,
    key_message,
    label,
)
from accountmap.psi.tables import (
    Bytes2D,
    Order,
    Points,
    check_products,
    has_repeats,
    hash_rows,
    is_strictly_increasing,
    segment_of_rows,
    segment_slices,
    shuffle_within,
    sorted_rows,
    tokens,
)

Counts = npt.NDArray[np.int64]
"""Entities that the preview kind matches, shape (initiator's segments, responder's segments)."""


@dataclass(frozen=True, repr=False)
class Blinded:
    """A party's own table under its fresh secret.

    Attributes:
        scalar: the secret of this session.
        table: blinded points, shape (rows · slots, 32), rows in a random order within their segment.
        origin: for each row of `table` the group in the party's own order, or -1 for padding.
    """

    scalar: bytes
    table: Points
    origin: Order


def _padded(groups: Groups, sizes: tuple[int, ...]) -> tuple[Order, npt.NDArray[np.bool_]]:
    """Lay the groups out in segments of the agreed sizes.

    Returns:
        For each padded row its group or -1; which slots of each padded row hold a key.
    """
    origin = np.full(sum(sizes), -1, np.int64)
    for own, padded, size in zip(segment_slices(groups.sizes), segment_slices(sizes), groups.sizes, strict=True):
        if size > padded.stop - padded.start:
            raise UsageError("a segment holds more groups than the agreed size")
        origin[padded.start : padded.start + size] = np.arange(own.start, own.stop)
    present = np.zeros((len(origin), groups.present.shape[1]), np.bool_)
    present[origin >= 0] = groups.present
    return origin, present


def _dummies(absent: npt.NDArray[np.bool_], sizes: tuple[int, ...], ports: Ports) -> Points:
    """Make a point for each absent slot from a secret pseudorandom function of its place (psi-v1 §3.2)."""
    rows, slots = np.nonzero(absent)
    places = np.concatenate([_places(rows, sizes), slots.astype(np.uint8)[:, None]], axis=1)
    values = hash_rows(label("dummy") + ports.random(32), [places], 32)

    def make(begin: int, end: int) -> list[bytes]:
        return [key_message(DUMMY_SPACE, value.tobytes()) for value in values[begin:end]]

    return ports.curve.hash_to_curve(KEY_DST, LazyMessages(len(rows), make))


def blind(groups: Groups, parameters: Parameters, role: Role, ports: Ports) -> Blinded:
    """Pad, shuffle and blind a party's own groups under a fresh secret."""
    if groups.points is None:
        raise UsageError("the points of the groups are needed for the first message")
    sizes = parameters.segment_rows(role)
    origin, present = _padded(groups, sizes)
    table = np.empty((*present.shape, 32), np.uint8)
    table[present] = groups.points
    table[~present] = _dummies(~present, sizes, ports)
    order = shuffle_within(sizes, ports.random(8 * len(origin)))
    scalar = ports.random(32)
    table = table[order]
    return Blinded(scalar, ports.curve.multiply(scalar, table.reshape(-1, 32)), origin[order])


def token_table(
    points: Points, scalar: bytes, sid: bytes, parameters: Parameters, owner: Role, ports: Ports, what: str
) -> tuple[Tokens, Order]:
    """Blind the other party's points a second time, shorten them to tokens, and shuffle them (psi-v1 §5.2).

    Args:
        points: the blinded table that was received and checked.
        scalar: our secret of this session.
        owner: whose groups the rows are.

    Returns:
        As shuffle_tokens.

    Raises:
        PeerError: a product is one that no honest points have.
    """
    products = ports.curve.multiply(scalar, points)
    check_products(products, what)
    made = tokens(token_prefix(sid), products)
    del products  # the largest table of all, and nothing else needs it
    return shuffle_tokens(made, parameters, owner, ports)


def shuffle_tokens(table: Bytes2D, parameters: Parameters, owner: Role, ports: Ports) -> tuple[Tokens, Order]:
    """Shuffle the other party's tokens before they leave.

    Args:
        table: tokens in the order of the owner's blinded table, shape (rows · slots, 16).
        owner: whose groups the rows are.

    Returns:
        The token table, shape (rows, slots, 16), and for each of its rows the row of the blinded table.
    """
    sizes = parameters.segment_rows(owner)
    order = shuffle_within(sizes, ports.random(8 * sum(sizes)))
    return table.reshape(-1, parameters.slots, 16)[order], order


def preview_column(table: Tokens, sizes: tuple[int, ...]) -> Bytes2D:
    """Return column 0 of a token table, sorted within each segment, shape (rows, 16)."""
    parts = [sorted_rows(table[part, 0]) for part in segment_slices(sizes)]
    return np.concatenate(parts) if parts else np.zeros((0, 16), np.uint8)


def preview_counts(u0: Bytes2D, v0: Bytes2D, parameters: Parameters) -> Counts:
    """Count the common tokens of the two preview columns in each cell."""
    in_u, in_v = common(u0, v0)
    ours, theirs = (segment_of_rows(parameters.segment_rows(role)) for role in Role)
    counts = np.zeros((len(parameters.sizes[0]), len(parameters.sizes[1])), np.int64)
    np.add.at(counts, (ours[in_u], theirs[in_v]), 1)
    return counts


def consent(sid: bytes, role: Role, counts: Counts) -> bytes:
    """Return what a party says when it agrees to reveal, given these counts (psi-v1 §5.4)."""
    return digest("consent", sid, bytes([role]), counts.astype(">u4").tobytes())


def commitment(name: str, sid: bytes, opening: bytes, table: Bytes2D) -> bytes:
    """Commit to a token table (psi-v1 §3.4)."""
    return digest(name, sid, opening, wire.raw(table))


def session_id(parameters: Parameters, initiator_nonce: bytes, responder_nonce: bytes) -> bytes:
    """Return sid, 32 bytes (psi-v1 §3.5)."""
    return digest("session", parameters.context, initiator_nonce, responder_nonce)


def token_prefix(sid: bytes) -> bytes:
    """Return what binds tokens to the session, 16 bytes."""
    return digest("token", sid)[:16]


def match(u: Tokens, v: Tokens, parameters: Parameters) -> Matching:
    """Match the rows of U with the rows of V (psi-v1 §6)."""
    return mutual_best(u, v, parameters.weights, parameters.threshold)


def match_ids(sid: bytes, matching: Matching, parameters: Parameters) -> Bytes2D:
    """Name each match, equally on both sides, shape (matches, 16) (psi-v1 §6.3)."""
    ours = _places(matching.u, parameters.segment_rows(Role.INITIATOR))
    theirs = _places(matching.v, parameters.segment_rows(Role.RESPONDER))
    return hash_rows(label("match") + sid, [ours, theirs], MATCH_ID_BYTES)


def graph_digest(sid: bytes, u: Tokens, v: Tokens) -> bytes:
    """Hash both token tables."""
    return digest("graph", sid, *(hashlib.sha256(wire.raw(table)).digest() for table in (u, v)))


def _places(rows: Order, sizes: tuple[int, ...]) -> Bytes2D:
    """Write the segment of each row in one byte, and its number in the segment in four, shape (n, 5)."""
    segment = segment_of_rows(sizes)[rows]
    start = np.array([s.start for s in segment_slices(sizes)], np.int64)
    numbers = (rows - start[segment]).astype(">u4")[:, None].view(np.uint8)
    return np.concatenate([segment.astype(np.uint8)[:, None], numbers], axis=1)


def check_preview(column: Bytes2D, sizes: tuple[int, ...], what: str) -> None:
    """Refuse a preview column that is not strictly increasing in each segment, or repeats a token.

    Raises:
        PeerError: it is not as psi-v1 §5.3 asks.
    """
    if not all(is_strictly_increasing(column[part]) for part in segment_slices(sizes)) or has_repeats(column):
        raise PeerError(f"{what} holds a preview column out of order, or a token twice")


def check_table(table: Tokens, preview: Bytes2D, sizes: tuple[int, ...], what: str) -> None:
    """Refuse a token table that repeats a token, or whose column 0 is not the one shown before.

    Raises:
        PeerError: it is not as psi-v1 §5.5 asks.
    """
    if has_repeats(table.reshape(-1, TOKEN_BYTES)):
        raise PeerError(f"{what} holds a token twice")
    if not np.array_equal(preview_column(table, sizes), preview):
        raise PeerError(f"{what} does not fit the preview column that was sent before")


def read_rows(field: memoryview, matching: Matching, what: str) -> Order:
    """Read one row number a match.

    Raises:
        PeerError: there are more or fewer than matches.
    """
    rows = wire.indices(field) if len(field) == INDEX_BYTES * len(matching) else None
    if rows is None:
        raise PeerError(f"{what} names more or fewer rows than there are matches")
    return rows


def own_groups(
    rows: Order,
    matching: Matching,
    parameters: Parameters,
    role: Role,
    origin: Order,
    present: npt.NDArray[np.bool_],
) -> Order:
    """Find our own groups behind the rows that the partner named, or refuse them (psi-v1 §5.6).

    Args:
        rows: for each match, the row of our blinded table that the partner says it belongs to.
        matching: the matches, as we compute them.
        parameters: of the session.
        role: ours.
        origin: for each row of our blinded table our group, or -1.
        present: which slots of our groups hold a key.

    Returns:
        Our group, for each match.

    Raises:
        PeerError: a row is out of range, named twice, in another segment than the match, padding, or has no key
            in a slot that the match is said to share.
    """
    segments = segment_of_rows(parameters.segment_rows(role))
    matched, slots = (
        (matching.u, matching.edge_u_slot) if role is Role.INITIATOR else (matching.v, matching.edge_v_slot)
    )
    if bool((rows >= len(segments)).any()) or len(np.unique(rows)) != len(rows):
        raise PeerError("the partner named a row twice, or one that does not exist")
    if bool((segments[rows] != segments[matched]).any()):
        raise PeerError("the partner named a row of another segment than the match is in")
    groups = origin[rows]
    if bool((groups < 0).any()):
        raise PeerError("the partner named a row that holds no account of ours")
    if not bool(present[groups[matching.edge_match], slots].all()):
        raise PeerError("the partner named a row without the key that the match is said to share")
    return groups
