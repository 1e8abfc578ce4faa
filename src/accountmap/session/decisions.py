"""What a person or a rule decides in a session: to reveal, and to go on with more claims than a cap allows.

Both go by the estimates from the two sketches, which are made when the partner's arrives.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from accountmap.model import Role, Strength, WeakSlots
from accountmap.psi.matching import SegmentClaims
from accountmap.psi.sketch import SKETCH_ID_BYTES
from accountmap.session.open_session import OpenSession
from accountmap.session.parameters import shows_totals
from accountmap.session.partner_sketches import (
    make_estimates,
    read_partner_sketch,
    shown_estimates,
    take_partner_sketch,
)
from accountmap.session.totals import split_totals
from accountmap.trust.agreement import Agreement
from accountmap.workspace.estimates import Cap, Estimate

Cell = tuple[str, str]
"""Own segment, the partner's segment."""


@dataclass(frozen=True)
class Preview:
    """What a side knows when it decides whether to reveal: estimates from the partner's sketch.

    Attributes:
        estimates: of each own segment of 100 companies or more, and of all together, with the segment ""; they
            count equal full names, and are never sent.
        own_sizes: own entities that take part, by segment.
        partner_sizes: the partner's padded entities by segment.
        named: the cells in which matches are revealed after both consent.
        shown: the fields of revealed matches that this side shows in any of them.
        totals: whether this side also shows noisy totals of its list.
        names_unmatched: whether this side also names its accounts that do not match.
        asks: whether possible matches are kept to be asked about.
        partner_agreed: whether the partner has consented already.
        automatic: whether the agreement lets a program consent without a person.
    """

    estimates: tuple[Estimate, ...]
    own_sizes: dict[str, int]
    partner_sizes: dict[str, int]
    named: frozenset[Cell]
    shown: tuple[str, ...]
    totals: bool
    names_unmatched: bool
    asks: bool
    partner_agreed: bool
    automatic: bool

    @property
    def at_most(self) -> int:
        """Upper end of the estimate for all our segments together."""
        return max((each.high for each in self.estimates if not each.segment), default=0)

    @property
    def compared(self) -> int:
        """Own companies that the estimate of all segments was made over."""
        return max((each.own_values for each in self.estimates if not each.segment), default=0)


@dataclass(frozen=True)
class Claims:
    """More matches than this side's caps allow: a person has to look at them before the session goes on.

    Attributes:
        claimed: number of claims, by own segment and strength.
        allowed: the caps, by the same; None where there are too few companies for an estimate.
        own_sizes: own entities that take part, by segment.
    """

    claimed: dict[tuple[str, Strength], int]
    allowed: dict[tuple[str, Strength], int | None]
    own_sizes: dict[str, int]

    @property
    def above(self) -> dict[tuple[str, Strength], int]:
        """The claims that are above their cap."""
        return {
            key: count
            for key, count in self.claimed.items()
            if count and ((cap := self.allowed[key]) is None or count > cap)
        }


@dataclass(frozen=True)
class Decisions:
    """Who answers at the two points of a session where something has to be decided.

    Attributes:
        reveal: answers a preview: reveal, decline, or not yet.
        go_on: answers claims above the caps: go on, stop, or not yet.
        by_person: whether the answers are those of a person: only these raise a cap.
    """

    reveal: Callable[[Preview], bool | None]
    go_on: Callable[[Claims], bool | None] = lambda _: None
    by_person: bool = False


def shown_fields(agreement: Agreement, role: Role) -> dict[Cell, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return our fields and the partner's for each cell in which matches are revealed, our segment first."""
    return {
        (mine, theirs): (rectangle.fields[role], rectangle.fields[role.other])
        for rectangle in agreement.terms.sharing.rectangles
        for mine in rectangle.segments[role]
        for theirs in rectangle.segments[role.other]
    }


def own_fields(agreement: Agreement, role: Role) -> tuple[str, ...]:
    """Return the fields that this side shows in any cell, each once."""
    return tuple(dict.fromkeys(name for ours, _ in shown_fields(agreement, role).values() for name in ours))


def current_estimates(opened: OpenSession) -> list[Estimate]:
    """Return the estimates that were made from the session's two sketches."""
    theirs = opened.session.partner_sketch[:SKETCH_ID_BYTES]
    return opened.workspace.estimates.of(opened.partner.slug, opened.secrets.sketch, theirs)


def note_estimates(opened: OpenSession, now: datetime, *, again: bool) -> None:
    """Make the estimates of a pair of sketches when it is first seen. Call inside a transaction.

    Args:
        again: whether a person accepts another sketch although the last one is less than 184 days old.

    Raises:
        PeerError: as `read_partner_sketch`.
    """
    if not opened.session.partner_sketch or current_estimates(opened):
        return
    about = opened.workspace, opened.partner, opened.agreement
    sketch = read_partner_sketch(*about, opened.session.partner_sketch, now, again=again)
    take_partner_sketch(*about, sketch, now)
    own = opened.workspace.sketches.get(opened.secrets.sketch)
    make_estimates(*about, own, sketch, now, opened.record.list_id)


def note_totals(opened: OpenSession) -> None:
    """Keep a digest of the totals that came with a sketch: they never change again. Call inside a transaction."""
    session, terms = opened.session, opened.agreement.terms
    if session.partner_totals and shows_totals(terms, opened.role.other):
        frozen, _ = split_totals(session.partner_totals)
        digest, sketch = hashlib.sha256(frozen).digest(), session.partner_sketch[:SKETCH_ID_BYTES]
        opened.workspace.sketches.set_totals_digest(opened.partner.slug, sketch, digest)


def preview_of(opened: OpenSession) -> Preview:
    """Return what a side knows when it decides whether to reveal, once both sketches are exchanged."""
    terms, role = opened.agreement.terms, opened.role
    names_unmatched = role in terms.sharing.unmatched_named_by
    preview = Preview(
        estimates=tuple(shown_estimates(current_estimates(opened))),
        own_sizes=opened.own.sizes,
        partner_sizes=opened.agreement.sizes[role.other],
        named=frozenset(shown_fields(opened.agreement, role)),
        shown=own_fields(opened.agreement, role),
        totals=role in terms.sharing.totals_shown_by,
        names_unmatched=names_unmatched,
        asks=terms.weak != WeakSlots.NONE,
        partner_agreed=role is Role.RESPONDER,
        automatic=False,
    )
    return replace(preview, automatic=not names_unmatched and _is_automatic(opened, preview))


def _is_automatic(opened: OpenSession, preview: Preview) -> bool:
    """Return whether a program may consent without asking (account-psi-v2 §10.3)."""
    terms = opened.agreement.terms
    may = opened.role is Role.RESPONDER or terms.audit.required
    few = bool(preview.compared) and preview.at_most <= terms.automatic_share * preview.compared
    return may and terms.automatic_share > 0 and few and _is_newest(opened)


def _is_newest(opened: OpenSession) -> bool:
    """Return whether no other agreement was signed since the session began: that one may reveal less."""
    agreements = opened.workspace.agreements(opened.partner)
    complete = [a for a in agreements if a.complete and not a.is_preview]
    return complete[0].digest == opened.agreement.digest


def claims_of(opened: OpenSession) -> Claims:
    """Compare the claims of a session with what is allowed without a person (account-psi-v2 §10.2)."""
    return compare_with_caps(
        opened.session.claimed,
        opened.agreement.terms.segments,
        opened.own.sizes,
        shown_estimates(current_estimates(opened)),
        opened.workspace.caps.of(opened.partner.slug),
    )


def compare_with_caps(
    claimed: tuple[SegmentClaims, ...],
    segments: tuple[str, ...],
    own_sizes: Mapping[str, int],
    estimates: Iterable[Estimate],
    caps: Mapping[tuple[str, Strength], Cap],
) -> Claims:
    """Compare the claims of a session with what is allowed without a person.

    Args:
        claimed: by own segment, of all rectangles together.
        estimates: of the session's two sketches, without those of too few values: there a person is asked.
        caps: what a person has approved in an earlier session with this partner.
    """
    upper = {each.segment: 2 * each.high for each in estimates if each.level == 1}
    counted: dict[tuple[str, Strength], int] = {}
    allowed: dict[tuple[str, Strength], int | None] = {}
    for segment, claims in zip(segments, claimed, strict=True):
        for strength, count in ((Strength.STRONG, claims.strong), (Strength.WEAK, claims.weak)):
            key = segment, strength
            counted[key] = count
            allowed[key] = caps[key].limit if key in caps else upper.get(segment)
    return Claims(counted, allowed, dict(own_sizes))


def shortfall_notes(opened: OpenSession) -> list[str]:
    """Say for which of our segments far fewer companies were claimed than the partner's sketch suggests.

    Far fewer means less than half of the lower end of the estimate, if all segments of the partner were compared.
    A responder can leave matches out, and either side can bring a list that is not the one its sketch was made
    from.
    """
    claimed, cells = claims_of(opened).claimed, shown_fields(opened.agreement, opened.role).keys()
    notes = []
    for each in shown_estimates(current_estimates(opened)):
        everywhere = all((each.segment, theirs) in cells for theirs in opened.agreement.terms.segments)
        found = sum(count for (segment, _), count in claimed.items() if segment == each.segment)
        if each.level == 1 and each.segment and everywhere and 2 * found < each.low:
            notes.append(
                f"Far fewer matches than expected: {found:,} of your {each.own_values:,} companies in the segment "
                f"{each.segment}, where their blurred copy says {each.low:,} to {each.high:,}. Ask them why."
            )
    return notes
