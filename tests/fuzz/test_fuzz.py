"""The kept corpus through every target, and a hundred inputs each from `python -m tests.fuzz`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

FOLDER = Path(__file__).parent
CASES = sorted((FOLDER / "corpus").glob("*/*"))


def test_every_target_has_a_corpus() -> None:
    assert {case.parent.name for case in CASES} == TARGETS.keys()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_what_was_kept_leads_to_a_result_or_a_refusal(case: Path) -> None:
    TARGETS[case.parent.name](case.read_bytes())


def test_a_short_run_over_each_target_finds_nothing() -> None:
    import atheris  # noqa: F401 - without it, the test is skipped

    command = [sys.executable, "-m", "tests.fuzz", "all", "60", "100"]
    done = subprocess.run(command, cwd=FOLDER.parents[1], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("stat::number_of_executed_units") == len(TARGETS)
