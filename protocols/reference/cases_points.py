"""Points that a reader must refuse, in messages 1, 2, 7 and 8 (psi-v1 §5.1, §5.7)."""

from protocols.reference.cases_keys import LOW_ORDER, point_on_twist
from protocols.reference.curve import P
from protocols.reference.refusals import Case, replaced
from protocols.reference.session import Played

NOT_CANONICAL = [
    (P).to_bytes(32, "little"),
    (P + 1).to_bytes(32, "little"),
    (2**255 - 1).to_bytes(32, "little"),
    (2**255 + 2).to_bytes(32, "little"),
]


def _translated(point: bytes) -> bytes:
    """Add the point of order two: 1/u. Every clamped scalar gives both the same product."""
    return pow(int.from_bytes(point, "little"), -1, P).to_bytes(32, "little")


def points(session: Played) -> list[Case]:
    """Write the last point of a message anew, in every way that is refused."""
    cases = []
    for n in (1, 2, 7, 8):
        body = session.bodies[n - 1]
        # Message 8 has sealed fields behind its points.
        end = 3 * 32 if n == 8 else len(body)
        own = session.bodies[{1: 1, 2: 0, 7: 7, 8: 6}[n]]
        own_point = own[:32] if n == 7 else own[-32:]
        before = body[end - 64 : end - 32]
        changes: list[tuple[str, str | None, bytes]] = [
            *[("a coordinate that is not canonical", "canonical", u) for u in NOT_CANONICAL],
            ("a point twice", "repeated", before),
            ("one of the reader's own points", "own", own_point),
            *[("a point of low order", "low-order", bytes.fromhex(u)) for u in LOW_ORDER],
        ]
        if n in (1, 2):
            changes += [
                ("two points with the same product", "same-product", _translated(before)),
                ("a point of the twist", None, point_on_twist()),
            ]
        cases += [Case(f"message {n}: {what}", rule, n, replaced(body, end - 32, u)) for what, rule, u in changes]
    return cases
