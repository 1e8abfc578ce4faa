"""The file system of an emulated machine that runs this project's tests: used by emulate_avx512.py."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

from accountmap.curve.ipp_library import PACKAGE, RUNTIME_LIBRARIES, RUNTIME_PACKAGE

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ("src", "cli", "tests/__init__.py", "tests/curve", "tests/vectors", "protocols", "pyproject.toml")
PACKAGES = (
    *("numpy", "gmpy2", "cryptography", "cffi", "loky", "cloudpickle", "click"),
    *("pytest", "pluggy", "iniconfig", "packaging", "pygments"),
)
UNUSED = {"test", "idlelib", "tkinter", "ensurepip", "lib2to3", "site-packages", "turtledemo"}
"""Parts of the standard library that no test needs."""


def lay_out(root: Path) -> None:
    """Copy all that the tests need, and the libraries that it is linked to, to their own places under a root."""
    wanted = {Path(os.path.normpath(file)) for file in (*_python(), *_packages(), *_project())}
    libraries = {library for program in wanted for library in _linked(program)}
    for file in wanted | libraries:
        target = root / file.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)


def _python() -> Iterator[Path]:
    yield Path(sys.base_prefix, "bin", "python3")
    library = Path(sysconfig.get_path("stdlib"))
    for file in _files(library):
        top = file.relative_to(library).parts[0]
        if top not in UNUSED and not top.startswith("config-"):
            yield file


def _packages() -> Iterator[Path]:
    """Yield the packages; of Intel's, which are large, what is used."""
    used = {"libcrypto_mb.so", *RUNTIME_LIBRARIES, "METADATA", "RECORD"}
    for name in (*PACKAGES, PACKAGE, RUNTIME_PACKAGE):
        for file in distribution(name).files or ():
            path = Path(str(file.locate()))
            if path.is_file() and (name in PACKAGES or file.name in used):
                yield path


def _project() -> Iterator[Path]:
    for part in PROJECT:
        yield from (file for file in _files(ROOT / part) if file.suffix != ".pyc")


def _files(place: Path) -> Iterable[Path]:
    return [place] if place.is_file() else (file for file in place.rglob("*") if file.is_file())


def _linked(file: Path) -> set[Path]:
    """Return the shared libraries that the dynamic linker would load for a program or a library."""
    if ".so" not in file.name and file.parent.name != "bin":
        return set()
    listed = subprocess.run(["ldd", file], capture_output=True, text=True, check=False).stdout
    return {Path(path) for path in re.findall(r"(/\S+) \(0x", listed)}
