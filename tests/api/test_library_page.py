"""Every example of docs/library.md runs, in the order in which it stands there."""

import queue
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

import accountmap
from tests.api.companies import PATIENCE, accept, answering, by_connection, make, over_the_folder

PAGE = Path(__file__).parents[2] / "docs" / "library.md"


def blocks() -> Iterator[tuple[int, str]]:
    """The code blocks with their line numbers."""
    text = PAGE.read_text("utf-8")
    for found in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        yield text.count("\n", 0, found.start(1)), found.group(1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_the_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, datetime.now(UTC), monkeypatch)
    monkeypatch.chdir(tmp_path)
    crm = sqlite3.connect("crm.db")
    crm.execute("CREATE TABLE kunden (id, firma, web, art)")
    crm.execute("INSERT INTO kunden VALUES ('1', 'Northwood Bakery GmbH', 'northwood-bakery.de', 'Kunde')")
    crm.commit()
    crm.close()

    port, there, back = free_port(), queue.Queue[bytes](), queue.Queue[bytes]()

    def by_hand(workspace: accountmap.Workspace) -> None:
        session = accountmap.Session(workspace, "acme")
        outcome, messages = session.step(accept, [there.get(timeout=PATIENCE)], new=True)
        while True:
            for message in messages:
                back.put(message)
            if outcome.state == "done":
                return
            outcome, messages = session.step(accept, [there.get(timeout=PATIENCE)])

    def receive() -> bytes:
        return back.get(timeout=PATIENCE)

    names: dict[str, object] = {"address": f"127.0.0.1:{port}", "send": there.put, "receive": receive}
    for line, block in blocks():
        if "connect=" in block:
            partner = answering(by_connection(tmp_path, port), tmp_path)
        elif "map_accounts(" in block:
            partner = answering(over_the_folder(tmp_path), tmp_path)
        elif "session.step(" in block:
            partner = answering(by_hand, tmp_path)
        else:
            partner = nullcontext()
        with partner:
            exec(compile("\n" * line + block, str(PAGE), "exec"), names)  # noqa: S102 the example itself
    said = capsys.readouterr().out
    assert said.count("done") == 2
    assert names["outcome"].state == "done"
    assert (tmp_path / "reports" / "report.html").exists()
    deals = names["influence"].deals.to_pylist()
    assert {row["deal_id"]: row["class"] for row in deals} == {"D1": "influenced", "D2": "shared"}
    names["workspace"].close()


def test_every_public_name_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    shown = set(re.findall(r"accountmap\.(\w+)", page)) | set(re.findall(r"`(\w+)`", page))
    assert set(accountmap.__all__) - shown - {"__version__"} == set()
