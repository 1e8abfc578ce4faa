"""What a step of a session tells the caller."""

from dataclasses import dataclass
from enum import StrEnum

from accountmap.workspace import SessionRecord

Cell = tuple[str, str]


class State(StrEnum):
    """Where the session stands after a step."""

    WAITING = "waiting"
    UNDECIDED = "undecided"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Preview:
    """The counts that both sides see before they agree to reveal.

    Attributes:
        counts: entities that match at least, by (own segment, partner's segment).
        own_sizes: own entities by segment.
        partner_sizes: the partner's padded entities by segment.
        named: the cells in which matches are revealed after both consent.
        shown: the fields of matches that this side shows in any of them.
        rest: what this side also shows of accounts that do not match: "counts", "names", or nothing.
        smallest: counts below it, and above zero, in cells that are not named are for display fewer than this.
        partner_knows: whether the partner has seen these counts already.
        automatic: whether the agreement lets a program reveal without asking; never where this side names accounts
            that do not match.
    """

    counts: dict[Cell, int]
    own_sizes: dict[str, int]
    partner_sizes: dict[str, int]
    named: frozenset[Cell]
    shown: tuple[str, ...]
    rest: str
    smallest: int
    partner_knows: bool
    automatic: bool

    @property
    def total(self) -> int:
        """Entities that match at least."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Outcome:
    """What a step did, and where the session stands.

    Attributes:
        taken: file names of the partner's messages taken in by this step.
        sent: file names of the messages written by this step.
        preview: the counts, once they are known.
        notes: files in the folder that were passed over, and why.
    """

    state: State
    session: SessionRecord | None
    taken: tuple[str, ...]
    sent: tuple[str, ...]
    preview: Preview | None
    notes: tuple[str, ...]
