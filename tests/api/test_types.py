"""Types as pyright sees them: of the public names, and of the examples that use them."""

import inspect
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import accountmap

ROOT = Path(__file__).parents[2]


def pyright(*arguments: str | Path, sources: Path, cwd: Path) -> dict[str, Any]:
    """Run pyright on the sources, and return its report."""
    done = subprocess.run(
        ["basedpyright", "--outputjson", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(sources), "PATH": path_with_scripts()},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def path_with_scripts() -> str:
    import sys

    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(scope="module")
def symbols(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The public names and all that they refer to, with what pyright knows of their types.

    Types of other packages do not count. Asked about the package, pyright looks at all of its modules, which takes
    three times as long; so it is asked about one, in a copy, that has the public names and nothing else.
    """
    copy = tmp_path_factory.mktemp("sources")
    shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    shutil.copy(copy / "accountmap" / "__init__.py", copy / "accountmap" / "public.py")
    report = pyright("--verifytypes", "accountmap.public", "--ignoreexternal", sources=copy, cwd=copy)
    found: list[dict[str, Any]] = report["typeCompleteness"]["symbols"]
    return found


@pytest.mark.parametrize("name", sorted(set(accountmap.__all__) - {"__version__", "errors"}))
def test_the_types_of_a_public_name_are_known(symbols: list[dict[str, Any]], name: str) -> None:
    public = getattr(accountmap, name)
    # pyright lists a function where it was imported, and a class where it was defined.
    home = public.__module__ if inspect.isclass(public) else "accountmap.public"
    own = [symbol for symbol in symbols if f"{symbol['name']}.".startswith(f"{home}.{name}.")]
    assert own
    assert [symbol["name"] for symbol in own if not symbol["isTypeKnown"]] == []


def test_the_types_that_public_names_refer_to_are_known(symbols: list[dict[str, Any]]) -> None:
    assert [symbol["name"] for symbol in symbols if not symbol["isTypeKnown"]] == []


def test_the_examples_are_typed() -> None:
    report = pyright("--level", "error", ROOT / "docs" / "examples", sources=ROOT / "src", cwd=ROOT)
    assert report["summary"]["filesAnalyzed"] >= 4
    assert [found["message"] for found in report["generalDiagnostics"] if found["severity"] == "error"] == []
