"""Everything in this process, one part after another."""

from collections.abc import Callable, Iterable, Iterator

from accountmap.executors.interface import In, Out


class SerialExecutor:
    """Needs nothing and hides nothing; right for small jobs and for tests."""

    workers = 1

    def map(self, function: Callable[[In], Out], parts: Iterable[In]) -> Iterator[Out]:
        """Yield the results in order."""
        return map(function, parts)
