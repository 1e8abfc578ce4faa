"""The examples of docs/examples run as they stand."""

import asyncio
import importlib.util
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

import accountmap
from tests.api.companies import PATIENCE, answering, make, over_the_folder

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both companies, with Acme's list as a file."""
    make(tmp_path, datetime.now(UTC), monkeypatch)
    return tmp_path


@pytest.fixture
def partner(folder: Path) -> Iterator[None]:
    """Globex takes part in one session meanwhile."""
    with answering(over_the_folder(folder), folder):
        yield


def test_the_nightly_task_stores_what_is_shared(folder: Path) -> None:
    task = load("nightly_task")
    database = sqlite3.connect(folder / "warehouse.db")
    database.execute("CREATE TABLE crm_accounts (id, name, website, segment, owner_name)")
    rows = [line.split(",") for line in (folder / "export.csv").read_text("utf-8").splitlines()[1:]]
    database.executemany("INSERT INTO crm_accounts VALUES (?, ?, ?, ?, 'Ada')", rows)
    database.commit()
    arguments = (folder / "acme", "globex", str(folder / "shared"), f"sqlite:///{folder / 'warehouse.db'}")
    with pytest.raises(task.NotYetError, match="waiting"):
        task.map_with_partner(*arguments, wait=0)
    with answering(over_the_folder(folder), folder):
        assert task.map_with_partner(*arguments) == 3
    assert database.execute("SELECT count(*) FROM accountmap_overlap").fetchone() == (3,)
    database.execute("INSERT INTO crm_accounts VALUES ('a9', 'Foxglove Drinks', NULL, 'prospect', 'Ada')")
    database.commit()
    assert task.map_with_partner(*arguments) is None  # one account more would give it away
    database.close()


@pytest.mark.usefixtures("partner")
def test_a_duckdb_query_leads_to_a_duckdb_query(folder: Path) -> None:
    run = load("duckdb_query").companies_by_play
    found = run(folder / "acme", "globex", str(folder / "shared"), str(folder / "export.csv"))
    assert sum(companies for _, companies in found) == 3


@pytest.mark.usefixtures("partner")
def test_a_polars_frame_leads_to_a_polars_frame(folder: Path) -> None:
    accounts = pl.read_csv(folder / "export.csv", infer_schema=False)
    found = load("polars_frame").shared_with(folder / "acme", "globex", str(folder / "shared"), accounts)
    assert sorted(found["id"].to_list()) == ["a1", "a2", "a3"]
    assert found["name"].null_count() == 0


def test_both_sides_of_a_socket_run_in_event_loops(folder: Path) -> None:
    example = load("own_transport")

    async def both() -> tuple[accountmap.Outcome, accountmap.Outcome]:
        answered: asyncio.Future[accountmap.Outcome] = asyncio.get_running_loop().create_future()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            answered.set_result(await example.exchange(folder / "globex", "acme", reader, writer))
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            ours = await example.exchange(folder / "acme", "globex", reader, writer)
            theirs = await answered
            writer.close()
        return ours, theirs

    assert [outcome.state for outcome in asyncio.run(both())] == ["done", "done"]


@pytest.mark.usefixtures("partner")
@pytest.mark.skipif(sys.platform == "win32", reason="the kernel needs another event loop there")
def test_the_notebook_runs(folder: Path) -> None:
    import nbclient
    import nbformat

    notebook = nbformat.read(EXAMPLES / "overlap.ipynb", as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=PATIENCE, resources={"metadata": {"path": str(folder)}})
    client.execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert any("text/html" in output.get("data", {}) for output in shown)
    assert not [output for output in shown if output.output_type in ("error", "stream")]


def test_the_notebook_is_kept_without_results() -> None:
    import nbformat

    notebook = nbformat.read(EXAMPLES / "overlap.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert not [cell for cell in code if cell.outputs or cell.execution_count]
