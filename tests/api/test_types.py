"""Types as pyright sees them: of the public names, and of the examples that use them."""

import inspect
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import accountmap

ROOT = Path(__file__).parents[2]


def pyright(*arguments: str | Path, cwd: Path) -> dict[str, Any]:
    """Run pyright on the sources, and return its report."""
    done = subprocess.run(
        ["basedpyright", "--outputjson", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PATH": path_with_scripts()},
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
    """All symbols of the package with what pyright knows of their types; types of other packages do not count."""
    report = pyright("--verifytypes", "accountmap", "--ignoreexternal", cwd=tmp_path_factory.mktemp("elsewhere"))
    found: list[dict[str, Any]] = report["typeCompleteness"]["symbols"]
    return found


@pytest.mark.parametrize("name", sorted(set(accountmap.__all__) - {"__version__", "errors"}))
def test_the_types_of_a_public_name_are_known(symbols: list[dict[str, Any]], name: str) -> None:
    public = getattr(accountmap, name)
    home = f"{inspect.getmodule(public).__name__}.{public.__qualname__}"  # type: ignore[union-attr] # of our own
    own = [symbol for symbol in symbols if symbol["name"] == home or symbol["name"].startswith(f"{home}.")]
    assert own
    assert [symbol["name"] for symbol in own if not symbol["isTypeKnown"]] == []


def test_the_examples_are_typed() -> None:
    report = pyright("--level", "error", ROOT / "docs" / "examples", cwd=ROOT)
    assert report["summary"]["filesAnalyzed"] >= 4
    assert [found["message"] for found in report["generalDiagnostics"] if found["severity"] == "error"] == []
