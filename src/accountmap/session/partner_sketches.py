"""A partner's sketch and totals: checking, keeping and estimating from what is not a match (account-psi-v2 §5).

`SessionRules` also says what a session shows of our own list besides matches.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import PeerError
from accountmap.psi.codec import RefusalError, require
from accountmap.psi.estimate import LEAST_SHOWN, estimates
from accountmap.psi.session import Session
from accountmap.psi.sketch import Sketch, SketchParameters
from accountmap.session.own_side import OwnSide, left_out, withheld
from accountmap.session.parameters import shows_totals
from accountmap.session.sketches import FROZEN, amounts_by_segment, in_countries, sketch_values
from accountmap.session.totals import UnmatchedNames, decode_totals, split_totals
from accountmap.trust.agreement import Agreement
from accountmap.workspace import PartnerRecord, Workspace
from accountmap.workspace.estimates import Estimate
from accountmap.workspace.sketches import OwnSketch, PartnerSketch

ALL_SEGMENTS: Final = ""
"""Instead of a segment in an estimate: all our segments together."""


def read_partner_sketch(
    workspace: Workspace,
    partner: PartnerRecord,
    agreement: Agreement,
    data: bytes,
    now: datetime,
    *,
    again: bool = False,
) -> Sketch:
    """Check a partner's sketch (account-psi-v2 §5.4); nothing is stored.

    Args:
        again: whether a person accepts another sketch although the last one is less than 184 days old.

    Raises:
        PeerError: its length or density is not as agreed, it was changed, or it comes too soon.
    """
    terms = agreement.sketches[agreement.role_of(workspace.card).other]
    sketch = Sketch.read(SketchParameters(terms.rows, terms.epsilon), partner.card.digest, bytes(data))
    taken = workspace.sketches.taken(partner.slug)
    known = next((each for each in taken if each.id == sketch.id), None)
    if known is not None:
        unchanged = known.digest == hashlib.sha256(sketch.data).digest()
        require(
            unchanged, "sketch-changed", "the blurred copy of the partner's list was changed since it first came"
        )
        return sketch
    young = [each for each in taken if each.taken + FROZEN > now and each.countries == terms.countries]
    if young and not again:
        refused = RefusalError(
            "sketch-again",
            "the partner sends another blurred copy of its list within half a year; two of them say more than one",
        )
        refused.hint = "If they told you why, for instance a new card, accept it: run this with --accept-another"
        raise refused
    return sketch


def take_partner_sketch(
    workspace: Workspace, partner: PartnerRecord, agreement: Agreement, sketch: Sketch, now: datetime
) -> None:
    """Note that a partner's sketch was accepted. Call inside the transaction that takes the message."""
    terms = agreement.sketches[agreement.role_of(workspace.card).other]
    workspace.sketches.take(
        PartnerSketch(
            partner=partner.slug,
            id=sketch.id,
            kind=agreement.terms.preview,
            rows=terms.rows,
            epsilon=terms.epsilon,
            countries=terms.countries,
            digest=hashlib.sha256(sketch.data).digest(),
            taken=now,
            totals_digest=b"",
        )
    )


def make_estimates(
    workspace: Workspace,
    partner: PartnerRecord,
    agreement: Agreement,
    own: OwnSketch,
    sketch: Sketch,
    now: datetime,
    list_id: int | None = None,
) -> list[Estimate]:
    """Estimate from a pair of sketches, once; later calls return what was kept. Call inside a transaction.

    Args:
        list_id: the prepared list whose entities are looked for; by default the current one.

    Returns:
        One estimate per level for each own segment, and last for all of them together; also those over few values.
    """
    known = workspace.estimates.of(partner.slug, own.id, sketch.id)
    if known:
        return known
    accounts, prepared = workspace.load_list(workspace.prepared_list(list_id).id)
    theirs = agreement.sketches[agreement.role_of(workspace.card).other]
    taking_part = ~left_out(prepared, withheld(accounts, prepared, agreement.terms.sharing.joint_filter))
    taking_part &= in_countries(accounts, prepared, theirs.countries)
    values = sketch_values(prepared, taking_part, SEGMENTS)
    amounts = amounts_by_segment(accounts, prepared, taking_part)
    found = zip((*SEGMENTS, ALL_SEGMENTS), estimates(sketch, own.seed, values), strict=True)
    made = [
        Estimate(
            partner=partner.slug,
            own_sketch=own.id,
            partner_sketch=sketch.id,
            segment=segment,
            level=level,
            own_values=each.own,
            estimate=each.value,
            low=each.low,
            high=each.high,
            made=now,
            amount=amounts.get(segment),
        )
        for segment, row in found
        for level, each in zip(sketch.parameters.levels, row, strict=True)
    ]
    workspace.estimates.add(made)
    return made


def shown_estimates(made: Iterable[Estimate]) -> list[Estimate]:
    """Return the estimates that may be shown: those over enough own values."""
    return [each for each in made if each.own_values >= LEAST_SHOWN]


class SessionRules:
    """psi's PartnerRules port over a workspace.

    Args:
        sketch: our own, whose totals are shown.
        accept_sketch: whether a person accepts another sketch from this partner, although the last one is less
            than half a year old.

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
        """Refuse a sketch of the partner that is not as the agreement says, or not the one it sent before.

        Raises:
            PeerError: naming the rule of account-psi-v2 §5.4.
        """
        again = self._accept_sketch
        read_partner_sketch(self._workspace, self._partner, self._agreement, sketch, self._now, again=again)

    def own_totals(self, matched: Sequence[npt.NDArray[np.int64]]) -> bytes:
        """Return what we show besides matches.

        Args:
            matched: own groups of all claims, one array for each rectangle.
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
        """Return whether the partner's totals are as agreed, and their frozen rows the first of its sketch."""
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
        """Return whether no different totals came with the partner's sketch before."""
        sketch = self.session.partner_sketch[:16]
        known = [each for each in self._workspace.sketches.taken(self._partner.slug) if each.id == sketch]
        return all(each.totals_digest in (b"", digest) for each in known)
