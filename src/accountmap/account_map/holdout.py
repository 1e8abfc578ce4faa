"""Accounts of a joint plan that both sides leave alone, to show what the plan did (conversation-v1 §7.4).

Both sides' seeds decide the draw: the proposer commits to its seed before it sees the other's, and opens it
afterwards. So neither side can choose, and the outcomes of the other accounts can be compared with those of these
as in any experiment.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from accountmap.model import Role

SEED_BYTES: Final = 32
LEAST_ACCOUNTS: Final = 10
"""With fewer accounts worked on, or left alone, nothing is compared."""

LEAST_OUTCOMES: Final = 5
"""Nor if, in both together, fewer accounts got that far, or fewer did not."""

CONFIDENCE: Final = 0.95
HIGHER, LOWER, NOT_SHOWN = "higher", "lower", "no difference shown"
TOO_FEW, NOT_ALL_REPORTED = "too few", "not all reported"

_COMMITMENT: Final = b"accountmap-plan-v1 commitment\x00"
_HOLDOUT: Final = b"accountmap-plan-v1 holdout\x00"


def commitment(sid: bytes, proposer: Role, seed: bytes) -> bytes:
    """Return a commitment to a seed, which shows nothing of the seed.

    Args:
        sid: of the session that has the matches, 32 bytes.
        seed: the proposer's, 32 random bytes.
    """
    return hashlib.sha256(_COMMITMENT + sid + bytes([proposer]) + seed).digest()


def draw(
    plan_id: bytes, proposers_seed: bytes, others_seed: bytes, match_ids: Iterable[bytes], count: int
) -> frozenset[bytes]:
    """Draw some matches of a plan; all sets of that size are equally likely if one of the seeds is random.

    Args:
        plan_id: 32 bytes; it binds the list and the commitment.
    """
    seeds = _HOLDOUT + plan_id + proposers_seed + others_seed
    return frozenset(sorted(match_ids, key=lambda each: hashlib.sha256(seeds + each).digest())[:count])


@dataclass(frozen=True)
class Arms:
    """How many accounts reached a result, among those worked on and those left alone.

    Attributes:
        hits, of: how many of those worked on reached it, and how many were worked on.
        held_hits, held: likewise for the holdout.
    """

    hits: int
    of: int
    held_hits: int
    held: int

    @classmethod
    def count(cls, hits: Collection[bytes], match_ids: Collection[bytes], holdout: Collection[bytes]) -> "Arms":
        """Count the accounts of a plan."""
        held_hits = sum(each in holdout for each in hits)
        return cls(len(hits) - held_hits, len(match_ids) - len(holdout), held_hits, len(holdout))

    @property
    def enough(self) -> bool:
        """Whether there are enough for an interval that means anything."""
        all_hits = self.hits + self.held_hits
        outcomes = min(all_hits, self.of + self.held - all_hits)
        return min(self.of, self.held) >= LEAST_ACCOUNTS and outcomes >= LEAST_OUTCOMES

    def difference(self) -> tuple[float, float, float]:
        """Return the share of those worked on less that of the holdout, and its interval at CONFIDENCE.

        Both arms must have accounts.
        """
        low, high = newcombe(self.hits, self.of, self.held_hits, self.held, CONFIDENCE)
        return self.hits / self.of - self.held_hits / self.held, low, high


def verdict(low: float, high: float) -> str:
    """Say what an interval of a difference shows."""
    return HIGHER if low > 0 else LOWER if high < 0 else NOT_SHOWN


def newcombe(won: int, of: int, won_too: int, of_too: int, confidence: float) -> tuple[float, float]:
    """Return the interval of the difference of two rates by Newcombe's hybrid score method (1998, method 10)."""
    low, high = wilson(won, of, confidence)
    low_too, high_too = wilson(won_too, of_too, confidence)
    rate, rate_too = won / of, won_too / of_too
    down = ((rate - low) ** 2 + (high_too - rate_too) ** 2) ** 0.5
    up = ((high - rate) ** 2 + (rate_too - low_too) ** 2) ** 0.5
    return rate - rate_too - down, rate - rate_too + up


def wilson(won: int, of: int, confidence: float) -> tuple[float, float]:
    """Return Wilson's score interval of a rate (1927)."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate, n = won / of, of
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (rate * (1 - rate) / n + z * z / (4 * n * n)) ** 0.5
    return middle - half, middle + half
