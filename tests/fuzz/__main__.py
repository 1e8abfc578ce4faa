"""Coverage-guided fuzzing: `python -m tests.fuzz NAME [SECONDS [UNITS]]`, or `all` for one target after another.

It needs the extra `fuzz`. It begins with the kept corpus, writes what is new into a folder beside it (`new/NAME`,
which git ignores), and ends with an error at the first finding, whose bytes it leaves there.
"""

import os
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["accountmap"]):
    from tests.fuzz.targets import LONGEST, TARGETS

CORPUS = Path(__file__).parent / "corpus"
NEW = Path(__file__).parent / "new"


def fuzz(name: str, seconds: str, units: str) -> None:
    """Fuzz a target for a time or so many inputs, whichever ends first, and end this process."""
    new = NEW / name
    new.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        f"-runs={units}",
        f"-max_len={LONGEST.get(name, 1 << 14)}",
        "-timeout=20",
        "-rss_limit_mb=2048",
        f"-artifact_prefix={new}/finding-",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    dictionary = CORPUS / f"{name}.dict"
    if dictionary.exists():
        options.append(f"-dict={dictionary}")
    atheris.Setup([sys.argv[0], *options, str(new), str(CORPUS / name)], TARGETS[name])
    atheris.Fuzz()


def main(name: str, seconds: str = "600", units: str = "-1") -> None:
    """Fuzz a target, or each in a process of its own, which begins with all that is imported here."""
    if name != "all":
        fuzz(name, seconds, units)
    for each in TARGETS:
        child = os.fork()
        if child == 0:
            fuzz(each, seconds, units)
        _, status = os.waitpid(child, 0)
        if status != 0:
            sys.exit(f"{each}: something was found, and lies in {NEW / each}")


if __name__ == "__main__":
    main(*sys.argv[1:])
