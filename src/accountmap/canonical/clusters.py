"""Disjoint sets of accounts that grow by joining, some pairs of which must stay apart."""

from collections.abc import Iterable
from typing import Final


class Clusters:
    """Sets of the numbers 0 to size - 1. Each is known by its smallest member."""

    def __init__(self, size: int) -> None:
        self._parent: Final = list(range(size))
        self._apart: Final[dict[int, set[int]]] = {}

    def root(self, member: int) -> int:
        """Find the smallest member of the set that `member` is in."""
        parent = self._parent
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    def keep_apart(self, one: int, other: int) -> None:
        """Forbid all joins that would put two members, now in different sets, into one."""
        a, b = self.root(one), self.root(other)
        self._apart.setdefault(a, set()).add(b)
        self._apart.setdefault(b, set()).add(a)

    def kept_apart(self, one: int, other: int) -> bool:
        """Tell whether two members may not come into one set."""
        return self.root(other) in self._apart.get(self.root(one), ())

    def join(self, one: int, other: int) -> bool:
        """Unite two sets; tell whether they were different and allowed to be one."""
        a, b = sorted((self.root(one), self.root(other)))
        if a == b or self.kept_apart(a, b):
            return False
        self._parent[b] = a
        for enemy in self._apart.pop(b, set()):
            self._apart[enemy].discard(b)
            self._apart[enemy].add(a)
            self._apart.setdefault(a, set()).add(enemy)
        return True

    def roots(self, members: Iterable[int]) -> list[int]:
        """List the sets that `members` are in, each once, in ascending order."""
        return sorted({self.root(member) for member in members})
