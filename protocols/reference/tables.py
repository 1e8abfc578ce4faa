"""Blinded tables, token tables, preview columns (psi-v1 §5.1 to §5.3)."""

from dataclasses import dataclass

from protocols.reference.curve import x25519
from protocols.reference.labels import dummy_message, point_of_key, token
from protocols.reference.matching import Table
from protocols.reference.party import Parameters, Party


@dataclass(frozen=True)
class Blinded:
    """A party's table under its secret.

    Attributes:
        scalar: the secret.
        table: rows, of slots, of blinded points.
        origin: for each row the entity, or None for padding.
    """

    scalar: bytes
    table: Table
    origin: list[int | None]

    def entities(self, rows: list[int]) -> list[int]:
        """Return the entities that stand in these rows, none of them padding."""
        return [entity for row in rows if (entity := self.origin[row]) is not None]


def segment_of(row: int, sizes: list[int]) -> tuple[int, int]:
    """Return the segment of a row and the row's number within it."""
    for segment, size in enumerate(sizes):
        if row < size:
            return segment, row
        row -= size
    raise ValueError("no such row")


def shuffle(sizes: list[int], random: bytes) -> list[int]:
    """Order rows by eight random bytes each, little-endian, within their segment; give the row for each place."""
    weight = [int.from_bytes(random[8 * row : 8 * row + 8], "little") for row in range(sum(sizes))]
    return sorted(range(sum(sizes)), key=lambda row: (segment_of(row, sizes)[0], weight[row]))


def points_of(party: Party, parameters: Parameters, dummy_secret: bytes) -> tuple[Table, list[int | None]]:
    """Lay a party's points out in padded segments; return them and each row's entity."""
    table, origin, entity = [], list[int | None](), 0
    for number, (segment, size) in enumerate(zip(party.segments, parameters.sizes[party.role], strict=True)):
        for row in range(size):
            values = segment[row] if row < len(segment) else [None] * len(parameters.spaces)
            table.append(
                [
                    point_of_key(
                        dummy_message(dummy_secret, number, row, slot)
                        if value is None
                        else party.key(entity, slot, parameters)
                    )
                    for slot, value in enumerate(values)
                ]
            )
            origin.append(entity if row < len(segment) else None)
            entity += row < len(segment)
    return table, origin


def blind(party: Party, parameters: Parameters) -> Blinded:
    """Pad, shuffle and blind (psi-v1 §5.1)."""
    sizes = parameters.sizes[party.role]
    table, origin = points_of(party, parameters, party.draw("dummy_secret", 32))
    order = shuffle(sizes, party.draw("own_shuffle", 8 * sum(sizes)))
    scalar = party.draw("scalar", 32)
    return Blinded(scalar, [[x25519(scalar, p) for p in table[row]] for row in order], [origin[r] for r in order])


def tokens(sid: bytes, scalar: bytes, table: Table) -> Table:
    """Blind a second time and shorten (psi-v1 §5.2)."""
    return [[token(sid, x25519(scalar, point)) for point in row] for row in table]


def flat(table: Table) -> bytes:
    """Write a table row by row."""
    return b"".join(cell for row in table for cell in row)


def preview_column(table: Table, sizes: list[int]) -> list[list[bytes]]:
    """Return slot 0, sorted within each segment (psi-v1 §5.3)."""
    column: list[list[bytes]] = [[] for _ in sizes]
    for row, cells in enumerate(table):
        column[segment_of(row, sizes)[0]].append(cells[0])
    return [sorted(segment) for segment in column]


def count_common(u0: list[list[bytes]], v0: list[list[bytes]]) -> list[list[int]]:
    """Count the common tokens of each cell (psi-v1 §5.4)."""
    return [[len(set(ours) & set(theirs)) for theirs in v0] for ours in u0]
