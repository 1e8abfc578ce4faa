"""How a session checks the partner's sketch and totals, and what it shows of the own list besides matches."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from accountmap.errors import PeerError
from accountmap.psi.session import Session
from accountmap.session.own_side import OwnSide
from accountmap.session.parameters import shows_totals
from accountmap.session.sketches import read_partner_sketch
from accountmap.session.totals import UnmatchedNames, decode_totals, split_totals
from accountmap.trust.agreement import Agreement
from accountmap.workspace import PartnerRecord, Workspace
from accountmap.workspace.sketches import OwnSketch


class SessionRules:
    """psi's PartnerRules port over a workspace.

    Args:
        sketch: the own one, whose totals are shown.
        accept_sketch: whether a person takes another sketch of this partner, although the last one is younger
            than half a year.

    Attributes:
        session: set once it exists; it knows the partner's sketch when totals come.
    """

    session: Session

    def __init__(
        self,
        workspace: Workspace,
        partner: PartnerRecord,
        agreement: Agreement,
        own: OwnSide,
        sketch: OwnSketch,
        now: datetime,
        *,
        accept_sketch: bool,
    ) -> None:
        self._accept_sketch = accept_sketch
        self._workspace, self._partner, self._agreement = workspace, partner, agreement
        self._own, self._sketch, self._now = own, sketch, now

    def check_sketch(self, sketch: bytes) -> None:
        """Refuse a sketch of the partner that is not as the agreement says, or another one than before.

        Raises:
            PeerError: naming the rule of account-psi-v2 §5.4.
        """
        again = self._accept_sketch
        read_partner_sketch(self._workspace, self._partner, self._agreement, sketch, self._now, again=again)

    def own_totals(self, matched: Sequence[npt.NDArray[np.int64]]) -> bytes:
        """Return what we show besides matches.

        Args:
            matched: own groups of all claims, one array a rectangle.
        """
        terms, role = self._agreement.terms, self._own.role
        frozen = self._sketch.totals if shows_totals(terms, role) else b""
        if role not in terms.sharing.unmatched_named_by:
            return frozen
        found = {
            int(order.entity[group])
            for order, groups in zip(self._own.orders, matched, strict=True)
            for group in groups.tolist()
        }
        return frozen + UnmatchedNames(self._own.tables, self._segments()).rows(frozenset(found))

    def _segments(self) -> list[tuple[int, int]]:
        """Return the entities that take part, each with the number of its segment."""
        numbers: dict[int, int] = {}
        for order in self._own.orders:
            segment = np.repeat(np.arange(len(order.sizes)), order.sizes)
            numbers.update(zip(order.entity.tolist(), segment.tolist(), strict=True))
        return sorted(numbers.items())

    def accepts_totals(self, totals: bytes) -> bool:
        """Return whether the partner's totals are as agreed, and its frozen rows those of its sketch."""
        terms, theirs = self._agreement.terms, self._own.role.other
        try:
            decode_totals(
                totals,
                terms.segments,
                totals=shows_totals(terms, theirs),
                names=theirs in terms.sharing.unmatched_named_by,
            )
            frozen, _ = split_totals(totals)
        except PeerError:
            return False
        return not shows_totals(terms, theirs) or self._first_or_same(hashlib.sha256(frozen).digest())

    def _first_or_same(self, digest: bytes) -> bool:
        """Return whether no other totals came with the partner's sketch before."""
        sketch = self.session.partner_sketch[:16]
        known = [each for each in self._workspace.sketches.taken(self._partner.slug) if each.id == sketch]
        return all(each.totals_digest in (b"", digest) for each in known)
