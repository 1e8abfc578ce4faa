"""The growth alarm: a partner whose list grew many times over may be listing companies that are not its own."""

from dataclasses import dataclass

from accountmap.exchange.agreements import partner_of
from accountmap.trust.agreement import Agreement
from accountmap.workspace import Workspace


@dataclass(frozen=True)
class Growth:
    """A size of the partner that grew: of a segment, or of all together."""

    segment: str
    before: int
    after: int


def partner_growth(workspace: Workspace, agreement: Agreement) -> tuple[Growth, ...]:
    """Compare the partner's sizes with the largest of all earlier agreements that both signed.

    Returns:
        The segments that grew so many times as the agreement says, and "all" if the sum did; empty without an
        earlier agreement, or before the partner has signed.

    Raises:
        TrustError: the agreement is between other parties.
    """
    partner = partner_of(workspace, agreement)
    theirs = 1 - agreement.role_of(workspace.card)
    before = _before(agreement, workspace.agreements(partner))
    earlier = [_partner_sizes(workspace, one) for one in before]
    if not earlier or theirs >= len(agreement.sizes):
        return ()
    after = agreement.sizes[theirs]
    pairs = [(segment, max(sizes.get(segment, 0) for sizes in earlier), size) for segment, size in after.items()]
    pairs.append(("all", max(sum(sizes.values()) for sizes in earlier), sum(after.values())))
    # The partner may have written the new alarm itself: the lowest one ever agreed holds.
    alarm = min(one.terms.growth_alarm for one in (agreement, *before))
    return tuple(Growth(*pair) for pair in pairs if 0 < alarm * pair[1] <= pair[2])


def _before(agreement: Agreement, known: list[Agreement]) -> list[Agreement]:
    """Return what both signed before: by when it came here, for the partner writes its own dates.

    Args:
        known: all with this partner, newest first.
    """
    digests = [one.digest for one in known]
    if agreement.digest in digests:
        known = known[digests.index(agreement.digest) + 1 :]
    return [one for one in known if one.complete]


def _partner_sizes(workspace: Workspace, agreement: Agreement) -> dict[str, int]:
    """Return the partner's sizes. Cards may have been replaced since; the own name never is."""
    return agreement.sizes[1 - agreement.terms.names.index(workspace.card.name)]
