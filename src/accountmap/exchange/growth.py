"""The growth alarm: a partner whose list grew tenfold may be listing companies that are not its own."""

from dataclasses import dataclass
from typing import Final

from accountmap.exchange.agreements import partner_of
from accountmap.trust.agreement import Agreement
from accountmap.workspace import Workspace

ALARM: Final = 10
"""So many times the agreed size of before."""


@dataclass(frozen=True)
class Growth:
    """A size of the partner that grew: of a segment, or of all together."""

    segment: str
    before: int
    after: int


def partner_growth(workspace: Workspace, agreement: Agreement) -> tuple[Growth, ...]:
    """Compare the partner's sizes with those of the last agreement that both signed.

    Returns:
        The segments that grew tenfold, and "all" if the sum did; empty without an earlier agreement, or before
        the partner has signed.

    Raises:
        TrustError: the agreement is between other parties.
    """
    partner = partner_of(workspace, agreement)
    theirs = 1 - agreement.role_of(workspace.card)
    earlier = [
        known
        for known in workspace.agreements(partner)
        if known.complete and known.terms.created < agreement.terms.created
    ]
    if not earlier or theirs >= len(agreement.sizes):
        return ()
    before = earlier[0].sizes[earlier[0].terms.names.index(partner.card.name)]
    after = agreement.sizes[theirs]
    pairs = [(segment, before.get(segment, 0), size) for segment, size in after.items()]
    pairs.append(("all", sum(before.values()), sum(after.values())))
    return tuple(Growth(*pair) for pair in pairs if 0 < ALARM * pair[1] <= pair[2])
