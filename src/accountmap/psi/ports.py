"""The ports of a session: what it needs from outside, from the own list, and from the tables that grow with it.

What a round does is written once, in psi.comparison. Whether points and tokens are in memory or in Spark is hidden
behind `Tables`; row numbers, presence bits and matches are arrays in both cases, since they are small compared
with the message that carries the points.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from accountmap.psi.codec import Bits, Bytes2D, Order
from accountmap.psi.inputs import ComparisonSecrets
from accountmap.psi.suite import Body

Points = npt.NDArray[np.uint8]
"""u-coordinates, shape (n, 32), little-endian."""

Random = Callable[[int], bytes]
"""Returns as many uniform secret bytes as asked for."""


class Curve(Protocol):
    """The arithmetic of a backend."""

    def hash_to_curve(self, dst: bytes, messages: Sequence[bytes]) -> Points:
        """Map messages to u-coordinates, as psi.hash_to_curve does, shape (n, 32)."""
        ...

    def multiply(self, scalar: bytes, points: Points) -> Points:
        """Multiply by a scalar with X25519 (RFC 7748 §5), shape (n, 32); a low-order point gives a zero row."""
        ...

    def multiply_parts(self, scalar: bytes, points: Points) -> Iterator[Points]:
        """Yield what `multiply` returns, part by part. Once a part is yielded, its points are not read again."""
        ...

    def multiply_each(self, scalars: Bytes2D, points: Points) -> Points:
        """Multiply each point by a scalar of its own, shapes (n, 32)."""
        ...


class Receipts(Protocol):
    """Signatures of the two parties on the digest of what a session did."""

    def sign(self, receipt: bytes) -> bytes:
        """Sign with our long-term key, 64 bytes."""
        ...

    def verify(self, receipt: bytes, signature: bytes) -> bool:
        """Return whether the partner signed."""
        ...


class PartnerRules(Protocol):
    """Checks of what the partner sends, where the session itself does not read it."""

    def check_sketch(self, sketch: bytes) -> None:
        """Check a sketch of the agreed length (psi-v2 §5.4).

        Raises:
            PeerError: it must be refused.
        """
        ...

    def own_totals(self, matched: Sequence[Order]) -> bytes:
        """Return what we show of our list besides matches (message-v2 §6.2).

        Args:
            matched: the own entities of all matches, one array for each rectangle.
        """
        ...

    def accepts_totals(self, totals: bytes) -> bool:
        """Return whether totals have the form that the agreement gives them (message-v2 §6.2)."""
        ...


@dataclass(frozen=True)
class Ports:
    """What a session needs from outside."""

    curve: Curve
    random: Random
    receipts: Receipts
    partner: PartnerRules


class OpenedEntities(Protocol):
    """Own entities that were looked up. A place is a position among them."""

    def key(self, place: int, slot: int) -> bytes | None:
        """Return a match key as the input of H (suite.key_message), or None if the slot is empty."""
        ...

    def fields(self, place: int) -> bytes:
        """Return what the agreement lets the partner see of an entity, at most `field_bytes` long."""
        ...


class OwnEntities(Protocol):
    """The own entities of one comparison, segment by segment.

    Attributes:
        sizes: how many there are in each own segment; 0 outside the rectangle.
    """

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many there are in each own segment; 0 outside the rectangle."""
        ...

    def bits(self) -> Bits:
        """Return the presence bits of each."""
        ...

    def open(self, entities: Order) -> OpenedEntities:
        """Look some of them up."""
        ...

    def accepts(self, fields: bytes) -> bool:
        """Return whether what the partner shows of an entity has the form that the agreement gives it."""
        ...


@dataclass(frozen=True, repr=False)
class Layout:
    """Where the own entities are in the own table of a comparison.

    Attributes:
        sizes: padded rows of each own segment.
        entity: for each row before ordering, its entity, or -1 for padding.
        order: for each row of the table, its number before ordering.
        slots: numbers of the slots that are sent: the columns.
    """

    sizes: tuple[int, ...]
    entity: Order
    order: Order
    slots: tuple[int, ...]


class TokenTable(Protocol):
    """The partner's points as tokens, in the order in which they came; all are distinct."""

    def arranged(self, order: Order) -> Body:
        """Return the tokens with their rows in another order.

        Args:
            order: for each row of the result, its number here.
        """
        ...

    def shared_with(self, tokens: Body) -> tuple[Order, Order] | None:
        """Find the cells that hold the same token here and in a table with as many columns.

        Returns:
            Cells, row by row and column by column: here, ascending, and in the other table; None if a token
            occurs twice in the other table.
        """
        ...

    def dump(self) -> Body:
        """Return what `Tables.load_tokens` needs to load this table again."""
        ...


class PointTable(Protocol):
    """The own blinded points of a comparison, in the order in which they are sent."""

    @property
    def body(self) -> Body:
        """The points as a message carries them."""
        ...

    def tokens_of(self, points: Body, scalar: bytes, prefix: bytes) -> TokenTable:
        """Check the partner's points, multiply them, and shorten the products (psi-v2 §3.2, §7.3).

        Args:
            points: 32 bytes each, in rows with the same columns.
            scalar: ours, for this comparison.
            prefix: what binds tokens to the comparison, 16 bytes.

        Raises:
            RefusalError: `canonical`, `repeated`, `own`, `low-order` or `same-product`.
        """
        ...

    def dump(self) -> Body:
        """Return what `Tables.load_points` needs to load this table again."""
        ...


class Tables(Protocol):
    """The points and tokens of one comparison."""

    def blind(self, layout: Layout, secrets: ComparisonSecrets) -> PointTable:
        """Lay out the own points and dummies, and multiply them by the secret (psi-v2 §7.3)."""
        ...

    def load_points(self, saved: Body) -> PointTable:
        """Return a table of points that was dumped."""
        ...

    def load_tokens(self, saved: Body) -> TokenTable:
        """Return a table of tokens that was dumped."""
        ...


@dataclass(frozen=True, repr=False)
class Side:
    """What a party brings into one comparison."""

    entities: OwnEntities
    tables: Tables
