"""The interface of executors."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


class Executor(Protocol):
    """Applies a function to parts of a large job."""

    @property
    def workers(self) -> int:
        """How many parts run at once."""
        ...

    def map(self, function: Callable[[In], Out], parts: Iterable[In]) -> Iterator[Out]:
        """Yield the results in the order of the parts, each as soon as it and those before it are there.

        Args:
            function: defined at the top level of a module, so that other processes can find it.
            parts: independent of each other. Where they are made on demand, only some of them exist at once.
        """
        ...
