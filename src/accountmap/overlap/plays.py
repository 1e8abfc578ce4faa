"""What each cell of the segment matrix is good for."""

from dataclasses import dataclass
from typing import Final

from accountmap.accounts.schema import SEGMENTS


@dataclass(frozen=True)
class Play:
    """What to do with the accounts of one cell.

    Attributes:
        name: a few words, lower case; cells that call for the same thing share it.
        sentence: what to do, in plain words; "you" owns the list, "they" are the partner.
        rank: 1 is worked first; no two cells have the same.
        introduces: who can introduce whom: "them" if you can open the door, "you" if they can, else empty.
    """

    name: str
    sentence: str
    rank: int
    introduces: str = ""


PLAYS: Final = {
    ("opportunity", "customer"): Play(
        "ask for an introduction",
        "They serve the company that you are selling to: ask for an introduction now.",
        rank=1,
        introduces="you",
    ),
    ("opportunity", "opportunity"): Play(
        "sell together",
        "Both of you have an open deal here: compare notes and see whether one offer wins both.",
        rank=2,
    ),
    ("prospect", "customer"): Play(
        "ask for an introduction",
        "They serve a company that you want to reach: ask for an introduction.",
        rank=3,
        introduces="you",
    ),
    ("customer", "opportunity"): Play(
        "introduce them",
        "They are selling to your customer: offer an introduction now.",
        rank=4,
        introduces="them",
    ),
    ("customer", "prospect"): Play(
        "introduce them",
        "They want to reach your customer: offer an introduction where it helps the customer.",
        rank=5,
        introduces="them",
    ),
    ("customer", "customer"): Play(
        "integrate",
        "Both of you serve this company: connect the products and look after the renewal together.",
        rank=6,
    ),
    ("opportunity", "prospect"): Play(
        "bring them in",
        "You are selling where they want to be: bring them in if a joint offer is stronger.",
        rank=7,
    ),
    ("prospect", "opportunity"): Play(
        "join their deal",
        "They are selling where you want to be: ask to be brought in.",
        rank=8,
    ),
    ("prospect", "prospect"): Play(
        "market together",
        "Neither of you is in yet: share an event or a campaign.",
        rank=9,
    ),
}
"""The play of each cell, by (own segment, partner's segment)."""

CELLS: Final = tuple((mine, theirs) for mine in SEGMENTS for theirs in SEGMENTS)
"""The nine cells, strongest segments first."""
