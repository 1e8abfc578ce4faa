"""Making and signing agreements from options and from what the workspace holds.

Segments are written as the one who types sees them: own segment first. The one who makes an agreement is its
initiator.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.errors import InputError, TrustError, WorkspaceError
from accountmap.files import write_atomic
from accountmap.linkage.key_kinds import CANONICAL_VERSION, data_digests
from accountmap.linkage.places import country_code
from accountmap.linkage.prepared import Prepared, Profile, Slot
from accountmap.model import Role
from accountmap.session.participants import padded_sizes
from accountmap.session.rectangles import run_parameters, sizes_taking_part
from accountmap.trust.agreement import Agreement
from accountmap.trust.identity import Card
from accountmap.trust.roles import BOTH, INITIATOR, RESPONDER
from accountmap.trust.terms import (
    COUNTS,
    NAMES,
    SHARED_FIELDS,
    Cell,
    Disclosure,
    Fields,
    JointFilter,
    Lead,
    Sharing,
    SlotTerms,
    Terms,
    rectangles_of,
)
from accountmap.workspace import PartnerRecord, Workspace

HIDDEN: Final = "hidden"
FIELDS: Final = "fields"
LEVELS: Final = {"hidden": HIDDEN, "counts": COUNTS, "names": NAMES, "fields": FIELDS}
REST: Final = {"nobody": (), "us": (INITIATOR,), "them": (RESPONDER,), "both": (INITIATOR, RESPONDER)}
LEADERS: Final = {"us": INITIATOR, "them": RESPONDER, "both": BOTH}


@dataclass(frozen=True)
class SharingOptions:
    """What was typed.

    Attributes:
        share: `MINE:THEIRS=LEVEL`, later ones override earlier ones; a cell that none names shows all fields.
        we_show, they_show: comma-separated fields, or "none".
        rest, names_of_rest: who shows counts, and names, of accounts that do not match: keys of REST.
        smallest_cell: as in trust.sharing.Sharing.
        countries, industries: of the joint filter.
        employees: `FROM-TO`, either may be missing.
    """

    share: tuple[str, ...] = ()
    we_show: str = ""
    they_show: str = ""
    rest: str = "nobody"
    names_of_rest: str = "nobody"
    smallest_cell: int = 1
    countries: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    employees: str = ""

    def to_sharing(self) -> Sharing:
        """Read them.

        Raises:
            InputError: saying which is malformed.
        """
        return Sharing(
            rectangles=rectangles_of(self._matrix()),
            rest_shown_by=self._rest_shown_by(),
            rest_named_by=REST[self.names_of_rest],
            smallest_cell=self.smallest_cell,
            joint_filter=JointFilter(
                countries=countries(self.countries),
                industries=tuple(dict.fromkeys(word.strip() for word in self.industries)),
                employees=_band(self.employees),
            ),
        )

    def _rest_shown_by(self) -> tuple[str, ...]:
        """Return who shows counts: whoever shows names does."""
        shown = {*REST[self.rest], *REST[self.names_of_rest]}
        return tuple(role for role in REST["both"] if role in shown)

    def _matrix(self) -> dict[Cell, Disclosure]:
        fields = field_names(self.we_show), field_names(self.they_show)
        matrix = dict.fromkeys(_cells(SEGMENTS, SEGMENTS), Disclosure(NAMES, fields))
        for typed in self.share:
            place, equals, level = typed.partition("=")
            if not equals or level not in LEVELS:
                raise InputError(
                    f"--share {typed} says nothing that can be kept",
                    f"Write MINE:THEIRS=LEVEL with one of {', '.join(LEVELS)}: customer:prospect=names",
                )
            for cell in _cells(*segment_pair(place)):
                if level == HIDDEN:
                    matrix.pop(cell, None)
                else:
                    shown = Disclosure(NAMES, fields) if level == FIELDS else Disclosure(level)
                    matrix[cell] = shown
        if not matrix:
            raise InputError("nothing is shared: all pairs of segments are hidden", "Leave one pair at least.")
        return matrix


def read_leads(typed: Iterable[str]) -> tuple[Lead, ...]:
    """Read rules of engagement, `MINE:THEIRS=us` or `MINE:THEIRS:DE,AT=them`.

    Raises:
        InputError: one is malformed.
    """
    return tuple(map(_lead, typed))


def segment_pair(place: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read `MINE:THEIRS`; either may be `all`, or several segments with commas.

    Raises:
        InputError: it is malformed.
    """
    mine, colon, theirs = place.partition(":")
    if not colon:
        raise InputError(
            f"{place!r} is no pair of segments", "Write customer:prospect, or all:customer,opportunity"
        )
    return _segments(mine), _segments(theirs)


def field_names(typed: str) -> Fields:
    """Read a comma-separated list of fields; "none" or nothing is none.

    Raises:
        InputError: there is no such field.
    """
    names = tuple(dict.fromkeys(name.strip() for name in typed.split(",") if name.strip() not in ("", "none")))
    for name in names:
        if name not in SHARED_FIELDS:
            raise InputError(f"there is no field {name!r} to show", f"Fields: {', '.join(SHARED_FIELDS)}")
    return names


def countries(typed: Iterable[str]) -> tuple[str, ...]:
    """Read countries as ISO codes, in the order of the alphabet.

    Raises:
        InputError: one is not known.
    """
    codes = set()
    for name in typed:
        code = country_code(name)
        if code is None:
            raise InputError(
                f"{name!r} is no country that is known here", "Write its two-letter code, such as DE."
            )
        codes.add(code)
    return tuple(sorted(codes))


def _lead(typed: str) -> Lead:
    place, _, leader = typed.partition("=")
    pair, territory = place.rsplit(":", 1) if place.count(":") == 2 else (place, "")
    if leader not in LEADERS:
        raise InputError(
            f"--lead {typed} does not say who leads", "Write customer:prospect=us, or all:all:DE,AT=them"
        )
    return Lead(segment_pair(pair), countries(c for c in territory.split(",") if c), LEADERS[leader])


def _segments(typed: str) -> tuple[str, ...]:
    wanted = {name.strip() for name in typed.split(",")}
    if wanted == {"all"}:
        return SEGMENTS
    if not wanted <= set(SEGMENTS):
        raise InputError(f"{typed!r} is no segment", f"Segments: {', '.join(SEGMENTS)}, or all")
    return tuple(name for name in SEGMENTS if name in wanted)


def _cells(mine: Sequence[str], theirs: Sequence[str]) -> list[Cell]:
    return [(one, other) for one in mine for other in theirs]


def _band(typed: str) -> tuple[int, int]:
    least, _, most = typed.partition("-")
    if not typed:
        return 0, 0
    try:
        band = int(least or 0), int(most or 0)
    except ValueError as error:
        raise InputError(f"--employees {typed} is no range", "Write 50-5000, 1000- or -200.") from error
    if band[1] and band[0] > band[1]:
        raise InputError(f"--employees {typed} is no range: it ends before it begins", "Write 50-5000.")
    return band


REFERENCE_LIST = "reference list"
"""Under which name the digest of the reference list stands in an agreement."""

CLOCK_SKEW = timedelta(days=1)
"""How far the partner's clock may be ahead."""


def propose_agreement(
    workspace: Workspace,
    partner: PartnerRecord,
    *,
    purpose: str,
    sharing: Sharing,
    leads: tuple[Lead, ...] = (),
    days: int = 365,
    automatic_share: float = 0.8,
    runs_per_30_days: int = 4,
    min_change: int = 5,
    growth_alarm: int = 10,
    now: datetime,
) -> Agreement:
    """Write an agreement for the current list, as its initiator, and sign and keep it.

    Args:
        sharing, leads: seen from this side, the initiator's.
        days: for how long sessions may begin under it.
        automatic_share, runs_per_30_days, min_change, growth_alarm: as in trust.terms.Terms.
    """
    partner.check_not_revoked()
    accounts, prepared = workspace.load_list(workspace.current_list().id)
    profile = prepared.profile
    ours = workspace.card
    terms = Terms(
        created=now,
        valid_until=(now + timedelta(days=days)).date(),
        purpose=purpose,
        names=(ours.name, partner.card.name),
        cards=(ours.digest.hex(), partner.card.digest.hex()),
        canonical=CANONICAL_VERSION,
        data=data_digests() | ({REFERENCE_LIST: prepared.reference} if prepared.reference else {}),
        profile=profile.name,
        slots=tuple(SlotTerms(s.name, s.space, s.weight, s.tier) for s in profile.slots),
        threshold=profile.threshold,
        segments=SEGMENTS,
        sharing=sharing,
        leads=leads,
        automatic_share=automatic_share,
        runs_per_30_days=runs_per_30_days,
        min_change=min_change,
        growth_alarm=growth_alarm,
    )
    agreement = Agreement.propose(terms, own_sizes(accounts, prepared, terms), workspace.identity)
    workspace.save_agreement(partner, agreement, now)
    return agreement


def sign_agreement(workspace: Workspace, document: bytes, now: datetime) -> Agreement:
    """Take an agreement from the partner: as its responder sign it, as its initiator take in the signature.

    Raises:
        TrustError: it is between others, a signature does not hold, it is dated in the future or before the last
            one that both signed, or this side could not keep it.
    """
    agreement = Agreement.parse(document)
    role = agreement.role_of(workspace.card)
    partner = partner_of(workspace, agreement)
    partner.check_not_revoked()
    agreement.check_signatures(cards_of(workspace, partner, role))
    check_program(agreement)
    _check_date(agreement, workspace.agreements(partner), now)
    if role == Role.RESPONDER and not agreement.complete:
        accounts, prepared = workspace.load_list(workspace.current_list().id)
        check_profile(agreement, prepared)
        agreement = agreement.accept(own_sizes(accounts, prepared, agreement.terms), workspace.identity)
    elif not agreement.complete:
        raise TrustError(
            f"{partner.card.name} has not signed this agreement yet",
            "Send them the file; they sign and send it back.",
        )
    elif role == Role.INITIATOR:
        _check_is_our_proposal(workspace, partner, agreement)
    run_parameters(agreement)
    workspace.save_agreement(partner, agreement, now)
    return agreement


def write_agreement(agreement: Agreement, file: Path) -> None:
    """Write an agreement as the file that partners mail to each other, in the place of what was there.

    Raises:
        WorkspaceError: it cannot be written; what was there is still there.
    """
    try:
        write_atomic(file, agreement.document.encode(), mode=0o644)
    except OSError as error:
        raise WorkspaceError(
            f"{file} cannot be written: {error.strerror}", "The agreement is kept; write it elsewhere."
        ) from error


def _check_is_our_proposal(workspace: Workspace, partner: PartnerRecord, agreement: Agreement) -> None:
    if not any(agreement.document.startswith(known.document) for known in workspace.agreements(partner)):
        raise TrustError(
            "this agreement was not made in this workspace", "Make a new one with: accountmap agreement new"
        )


def _check_date(agreement: Agreement, known: list[Agreement], now: datetime) -> None:
    """Refuse a date with which the partner could put an agreement out of its order."""
    created = agreement.terms.created
    last = next((one.terms.created for one in known if one.complete), created)
    if created > now + CLOCK_SKEW:
        raise TrustError(
            f"the agreement is dated {created:%Y-%m-%d}, in the future", "Compare the clocks of both computers."
        )
    if created < last:
        raise TrustError(
            f"the agreement is older than the one of {last:%Y-%m-%d}, which both have signed",
            "Make a new one with: accountmap agreement new",
        )


def own_sizes(accounts: AccountList, prepared: Prepared, terms: Terms) -> dict[str, int]:
    """Return the padded sizes that a list needs."""
    return padded_sizes(sizes_taking_part(accounts, prepared, terms))


def partner_of(workspace: Workspace, agreement: Agreement) -> PartnerRecord:
    """Find the other party of an agreement among the partners.

    Raises:
        TrustError: it is not on file.
    """
    other = agreement.terms.cards[1 - agreement.role_of(workspace.card)]
    for partner in workspace.partners():
        if partner.card.digest.hex() == other:
            return partner
    raise TrustError(
        "the other party of this agreement is not one of your partners",
        "Ask for their card and add it with: accountmap partner add FILE",
    )


def cards_of(workspace: Workspace, partner: PartnerRecord, role: int) -> tuple[Card, Card]:
    """Return the cards of initiator and responder."""
    ours, theirs = workspace.card, partner.card
    return (ours, theirs) if role == Role.INITIATOR else (theirs, ours)


def check_program(agreement: Agreement) -> None:
    """Refuse an agreement under which this program would make other keys or segments than it says.

    Raises:
        TrustError: naming what differs.
    """
    terms = agreement.terms
    if terms.segments != SEGMENTS:
        raise TrustError(
            "the agreement has other segments than this program",
            f"Segments are {', '.join(SEGMENTS)}, in this order. Use the same version on both sides.",
        )
    data = data_digests() | {k: v for k, v in terms.data.items() if k == REFERENCE_LIST}
    differing = sorted(key for key in data.keys() | terms.data.keys() if data.get(key) != terms.data.get(key))
    if terms.canonical != CANONICAL_VERSION or differing:
        raise TrustError(
            "the agreement was made with other tables for recognising companies than this program has: "
            + (", ".join(key for key in differing if key in data) or "version"),
            "Use the same version of accountmap on both sides, then make a new agreement.",
        )


def check_profile(agreement: Agreement, prepared: Prepared) -> None:
    """Refuse a list that was prepared for other keys than the agreement compares.

    Raises:
        TrustError: saying how to prepare it.
    """
    terms = agreement.terms
    slots = tuple(Slot(s.name, s.space, s.weight, s.tier) for s in terms.slots)
    if Profile(terms.profile, slots, terms.threshold) != prepared.profile:
        raise TrustError(
            "the list was prepared for other match keys than the agreement compares",
            f"Prepare it again with: accountmap accounts prepare FILE --profile {terms.profile}",
        )
    if prepared.reference != terms.data.get(REFERENCE_LIST, ""):
        raise TrustError(
            "the list was prepared with another reference list than the agreement names",
            "Both sides need the same: prepare again with the file of your partner's, --reference FILE.",
        )
