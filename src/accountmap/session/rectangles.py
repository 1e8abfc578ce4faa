"""From an agreement to the sessions of a run: one for each rectangle of the sharing matrix (trust-v1 §5)."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from accountmap.accounts.schema import AccountList
from accountmap.errors import TrustError, UsageError
from accountmap.linkage.prepared import Prepared
from accountmap.psi.parameters import Groups, OwnEntities, Parameters
from accountmap.psi.run_parameters import RunParameters
from accountmap.psi.suite import digest
from accountmap.psi.tables import Order, Points
from accountmap.session.own_list import (
    LEFT_OUT,
    EntityTables,
    GroupOrder,
    ListEntities,
    group_order,
    make_groups,
    payload_bytes,
    segment_of_entities,
)
from accountmap.session.participants import left_out, withheld
from accountmap.session.unmatched import OwnRest, most_bytes
from accountmap.trust.agreement import Agreement
from accountmap.trust.kem import PUBLIC_BYTES
from accountmap.trust.roles import ROLES
from accountmap.trust.terms import NAMES, Rectangle, Terms


def run_parameters(agreement: Agreement) -> RunParameters:
    """Return the parameters that an agreement fixes.

    Raises:
        TrustError: it fixes none that a session could run under.
    """
    sharing = agreement.terms.sharing
    try:
        return RunParameters(
            sessions=tuple(_parameters(agreement, n, each) for n, each in enumerate(sharing.rectangles)),
            rest_bytes=(_rest_bytes(agreement, 0), _rest_bytes(agreement, 1)),
        )
    except UsageError as error:
        raise TrustError(f"no session can run under this agreement: {error}", error.hint) from error


def _rest_bytes(agreement: Agreement, role: int) -> int:
    sharing, who = agreement.terms.sharing, ROLES[role]
    rows = sum(agreement.sizes[role].values())
    return most_bytes(rows, shows=who in sharing.rest_shown_by, names=who in sharing.rest_named_by)


def _parameters(agreement: Agreement, number: int, rectangle: Rectangle) -> Parameters:
    terms, reveals = agreement.terms, rectangle.disclosure.level == NAMES
    cards = b"".join(bytes.fromhex(card) for card in terms.cards)
    initiator, responder = (
        tuple(sizes[name] if name in chosen else 0 for name in terms.segments)
        for sizes, chosen in zip(agreement.sizes, rectangle.segments, strict=True)
    )
    weights = tuple(slot.weight for slot in terms.slots)
    return Parameters(
        context=digest("context", agreement.digest, cards, bytes([number])),
        weights=weights if reveals else weights[:1],
        threshold=terms.threshold,
        sizes=(initiator, responder),
        channel_key_bytes=0 if number else PUBLIC_BYTES,
        field_bytes=payload_bytes(max(map(len, rectangle.disclosure.fields))),
        reveals=reveals,
    )


@dataclass(frozen=True, repr=False)
class OwnSide:
    """What this side brings into a run.

    Attributes:
        prepared: the list.
        withheld: entities that take no part (overlap.result.WITHHELD_SCHEMA).
        orders: of each rectangle's session, which entity each group is.
        sizes: entities that take part, by segment.
        rest: what is shown of the others.
        rectangles: one a session.
        role: of this side.
    """

    prepared: Prepared
    withheld: pa.Table
    orders: tuple[GroupOrder, ...]
    sizes: dict[str, int]
    rest: OwnRest
    rectangles: tuple[Rectangle, ...]
    role: int

    @classmethod
    def of(cls, agreement: Agreement, role: int, accounts: AccountList, prepared: Prepared) -> "OwnSide":
        """Lay a prepared list out for all sessions."""
        sharing, segments = agreement.terms.sharing, agreement.terms.segments
        held_back = withheld(accounts, prepared, sharing.joint_filter)
        segment = segment_of_entities(prepared, segments)
        segment[left_out(prepared, held_back)] = LEFT_OUT
        orders = tuple(
            group_order(segment, segments, rectangle.segments[role]) for rectangle in sharing.rectangles
        )
        ours, theirs = ROLES[role], ROLES[1 - role]
        rest = OwnRest(
            accounts=accounts,
            prepared=prepared,
            segments=segments,
            orders=orders,
            smallest=sharing.smallest_cell,
            shows=ours in sharing.rest_shown_by,
            partner_shows=theirs in sharing.rest_shown_by,
            names=ours in sharing.rest_named_by,
            partner_names=theirs in sharing.rest_named_by,
        )
        sizes = _sizes(segment, segments)
        return cls(prepared, held_back, orders, sizes, rest, tuple(sharing.rectangles), role)

    def parties(self, points: Points | None) -> list[tuple[Groups, OwnEntities]]:
        """Return of each session the groups and what they hold.

        Args:
            points: of all keys of the list; needed for the first message only, so they are not kept here.
        """
        tables, slots = EntityTables(self.rest.accounts, self.prepared), len(self.prepared.profile.slots)
        parties: list[tuple[Groups, OwnEntities]] = []
        for order, rectangle in zip(self.orders, self.rectangles, strict=True):
            shown = rectangle.disclosure
            groups = make_groups(self.prepared, order, slots if shown.level == NAMES else 1, points)
            parties.append(
                (groups, ListEntities(tables, order, shown.fields[self.role], shown.fields[1 - self.role]))
            )
        return parties

    def entities(self, *levels: str) -> set[int]:
        """Return the entities that take part in a session of one of these levels."""
        taking_part: set[int] = set()
        for order, rectangle in zip(self.orders, self.rectangles, strict=True):
            taking_part.update(order.entity.tolist() if rectangle.disclosure.level in levels else ())
        return taking_part


def sizes_taking_part(accounts: AccountList, prepared: Prepared, terms: Terms) -> dict[str, int]:
    """Count by segment the entities of a list that take part under an agreement."""
    segment = segment_of_entities(prepared, terms.segments)
    segment[left_out(prepared, withheld(accounts, prepared, terms.sharing.joint_filter))] = LEFT_OUT
    return _sizes(segment, terms.segments)


def _sizes(segment: Order, segments: tuple[str, ...]) -> dict[str, int]:
    counted = np.bincount(segment[segment != LEFT_OUT], minlength=len(segments))
    return dict(zip(segments, counted.tolist(), strict=True))
