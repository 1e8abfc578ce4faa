"""Threads of one process take turns in a workspace, where two processes would refuse each other."""

import threading
from datetime import UTC, datetime
from pathlib import Path

from accountmap.workspace import Workspace


def test_transactions_of_two_threads_wait_for_each_other(tmp_path: Path) -> None:
    order: list[str] = []
    begun, may_end = threading.Event(), threading.Event()
    with Workspace.create(tmp_path / "own", "Acme Cloud", datetime.now(UTC), passphrase=None) as workspace:

        def first() -> None:
            with workspace.transaction():
                begun.set()
                may_end.wait(10)
                order.append("first")

        def second() -> None:
            begun.wait(10)
            may_end.set()
            with workspace.transaction():
                order.append("second")

        threads = [threading.Thread(target=run) for run in (second, first)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert order == ["first", "second"]
