"""The state of a list: counts, and findings with examples from it.

The examples hold names and values. They are for the owner's own screen and never leave the machine.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

EXAMPLES: Final = 5
"""Examples kept of each finding: those with the smallest account ids."""


@dataclass(frozen=True)
class Coverage:
    """How many of the accounts have a column filled, or of the entities a key.

    Attributes:
        name: of the column or slot.
        filled: how many.
        of: of how many.
    """

    name: str
    filled: int
    of: int

    @property
    def share(self) -> float:
        """The filled part, 0 to 1; 0 of an empty list."""
        return self.filled / self.of if self.of else 0.0


@dataclass(frozen=True)
class Example:
    """Accounts of the own list that a finding is about.

    Attributes:
        account_ids: one, or those of a pair or group.
        names: as written, one for each id.
        text: the cell or the rule that the finding is about.
    """

    account_ids: tuple[str, ...]
    names: tuple[str | None, ...]
    text: str


@dataclass(frozen=True)
class Finding:
    """Something that costs matches or may make a wrong one.

    Attributes:
        kind: short and stable, for programs.
        what: one sentence without data of the list.
        advice: one sentence.
        count: accounts, pairs or groups concerned.
        examples: the first few. Local only.
    """

    kind: str
    what: str
    advice: str
    count: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Preflight:
    """The state of a list before anything is shared.

    Attributes:
        accounts: rows of the list.
        entities: companies that they are.
        segments: entities by segment, strongest first.
        columns: coverage of the columns that matter for matching, by accounts.
        keys: coverage of each slot of the profile, by entities.
        preview: entities with the preview key; the preview counts no others.
        strong: entities with a key of a tier above "weak name".
        matchable: entities with any key; no others can match.
        findings: what to look at, in a fixed order; without those that have no case.
    """

    accounts: int
    entities: int
    segments: dict[str, int]
    columns: tuple[Coverage, ...]
    keys: tuple[Coverage, ...]
    preview: Coverage
    strong: Coverage
    matchable: Coverage
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain values for JSON, marked as not to be passed on."""
        return {"local_only": True, **asdict(self)}
