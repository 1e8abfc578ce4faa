"""Messages for H that are made when a backend asks for them, so that only a part of them exists at once."""

from collections.abc import Callable, Sequence
from typing import overload


class LazyMessages(Sequence[bytes]):
    """A sequence without elements of its own.

    Args:
        count: how many messages there are.
        make: returns the messages from one number up to, and without, another.
    """

    def __init__(self, count: int, make: Callable[[int, int], list[bytes]]) -> None:
        self._count, self._make = count, make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...

    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            numbers = range(self._count)[at]
            if numbers.step == 1:
                return self._make(numbers.start, max(numbers.start, numbers.stop))
            return [self[number] for number in numbers]
        number = range(self._count)[at]
        return self._make(number, number + 1)[0]
