"""What holds for all tests: what happens where something is missing, and how they are spread over processes.

A test that needs a library or a program that is not installed is skipped, with one line that says what to install.
In CI (where the environment has CI=true) all of it is installed, so a skip is a failure there.
"""

import gc
import os
import re
import shutil
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

    from tests.talking import Talker

MEMORY = Path("/dev/shm")  # noqa: S108 - a place for pytest's folders, which are private
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2 << 30:
    # The program waits for the disk whenever it keeps something; tests need not.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

with suppress(ModuleNotFoundError):  # without it, the tests that use it are skipped
    from hypothesis import HealthCheck, settings

    # How long an example takes depends on what runs beside it.
    settings.register_profile(
        "accountmap", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=30
    )
    settings.register_profile("thorough", settings.get_profile("accountmap"), max_examples=1_000)
    settings.load_profile("accountmap")  # pytest --hypothesis-profile=thorough takes the other

# Where it can, jsonschema builds a parser of IRIs as it is imported, for seconds. No schema here has an IRI.
sys.modules.setdefault("rfc3987_syntax", None)  # so that an import of it fails

IN_CI = os.environ.get("CI", "").lower() in ("1", "true")

EXTRAS = {
    "remote": ("fsspec", "paramiko", "s3fs"),
    "keyring": ("keyring",),
    "mcp": ("mcp",),
    "models": ("interpret", "sklearn"),
    "notify": ("apprise",),
    "sql": ("adbc_driver_manager", "adbc_driver_postgresql", "adbc_driver_sqlite", "duckdb"),
    "spark": ("pyspark",),
    "fuzz": ("atheris",),
}
"""The modules that come with an extra; all others that tests import come with the extra `test`."""

SLOWEST = (
    "tests/spark",
    "tests/cli/test_two_companies.py",
    "tests/channels/test_commands.py",
    "tests/channels/test_direct_faults.py",
)
"""What takes longest begins first, so that no process is left alone with it at the end."""


class Unavailable(pytest.Item):
    """Takes the place of the tests in a file that imports what is not installed."""

    why = ""

    def runtest(self) -> None:
        pytest.skip(self.why)

    def reportinfo(self) -> tuple[Any, None, str]:
        return self.path, None, self.name


def not_installed(error: BaseException | None) -> str | None:
    """Return what to install if an error, or its cause, is that a library is not installed."""
    while error is not None:
        extra = re.search(r"accountmap\[(\w+)\]", str(getattr(error, "hint", "")))  # as the library itself says it
        if extra and any(find_spec(library) is None for library in EXTRAS.get(extra[1], ())):
            return f"{error}: {extra[0]}"
        if isinstance(error, ModuleNotFoundError) and error.name:
            library = error.name.partition(".")[0]
            if (
                library not in ("accountmap", "accountmap_cli", "tests", "protocols")
                and find_spec(library) is None
            ):
                brings = next((extra for extra, modules in EXTRAS.items() if library in modules), "test")
                return f'{library} is not installed: pip install "accountmap[{brings}]"'
        error = error.__cause__
    return None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    call = getattr(report, "call", None)
    if report.failed and not IN_CI and call is not None and call.excinfo is not None:
        why = not_installed(call.excinfo.value)
        if why is not None:
            item = Unavailable.from_parent(collector, name="all tests")
            item.why = why
            report.outcome, report.longrepr, report.result = "passed", None, [item]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    why = not_installed(call.excinfo.value) if report.failed and call.excinfo is not None else None
    if why is not None and not IN_CI:
        report.outcome, report.longrepr = "skipped", (__file__, 1, f"Skipped: {why}")
    elif report.skipped and IN_CI:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"CI has all that tests need, and yet: {reason}"
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(SLOWEST))


def pytest_collection_finish() -> None:
    """Leave all that was imported to itself: looking through it for garbage again and again takes a tenth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_unconfigure() -> None:
    gc.unfreeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Take one process more than there are processors: tests also wait, for Spark and other programs."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # xdist reads it
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "LoadScopeScheduling":
    """Give each file to one process, and all files that use Spark to the same one: it starts once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "tests/spark" if nodeid.startswith("tests/spark/") else nodeid.partition("::")[0]

    config.option.loadscopereorder = False  # the order is that of SLOWEST
    return ByFile(config, log)


@pytest.fixture(scope="session")
def mapped_companies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three workspaces that have mapped with each other, to be copied (tests/talking.py).

    The first process that needs it makes it for all.
    """
    from tests.talking import make_companies

    folder = tmp_path_factory.mktemp("companies")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        make_companies(folder)
        return folder
    shared = tmp_path_factory.getbasetemp().parent / "companies"
    if not shared.exists():
        make_companies(folder)
        with suppress(OSError):  # another process was quicker
            folder.rename(shared)
    return shared


@pytest.fixture
def talking(mapped_companies: Path, tmp_path: Path) -> "Iterator[tuple[Talker, Talker]]":
    """Acme and Globex, which have mapped, and say things about single matches."""
    from tests.talking import talkers

    both = talkers(mapped_companies, tmp_path)
    yield both
    for each in both:
        each.workspace.close()
