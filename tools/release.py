"""Builds what is uploaded of a release: `make release`.

1. The wheel and the source archive are built twice from the last commit, in folders, time zones and with masks of
   their own, and must come out the same to the byte.
2. The wheel is installed into an environment of its own, with the versions and hashes of requirements/ci.lock.
   What is there then is the software bill of materials (CycloneDX) beside the wheel.
3. The demo runs from that environment, outside the checkout.
4. The wheel installs with pipx and uvx, too.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
LOCK = ROOT / "requirements" / "ci.lock"
BUILDS = (("UTC", 0o022), ("Asia/Tokyo", 0o077))
"""Time zones and masks."""


def run(
    *command: str | Path, cwd: Path = ROOT, environment: Mapping[str, str] | None = None, umask: int = -1
) -> str:
    """Run a program, and return what it says; stop if it fails."""
    arguments = [str(part) for part in command]
    variables = {**os.environ, **(environment or {})}
    done = subprocess.run(
        arguments, cwd=cwd, env=variables, umask=umask, stdout=subprocess.PIPE, encoding="utf-8", check=False
    )
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nrelease: this failed: {' '.join(arguments)}")
    return done.stdout


def program(name: str) -> Path:
    """Return a program of the environment that runs this."""
    return Path(sys.executable).parent / name


def build(folder: Path, time_zone: str, umask: int) -> dict[str, bytes]:
    """Build the last commit in an empty folder."""
    folder.mkdir()
    archive = folder.parent / f"{folder.name}.tar"
    run("git", "archive", "--output", archive, "HEAD")
    run("tar", "--extract", "--file", archive, "--directory", folder, umask=umask)
    environment = {"SOURCE_DATE_EPOCH": run("git", "log", "-1", "--format=%ct").strip(), "TZ": time_zone}
    run(
        sys.executable, "-m", "hatchling", "build", "-d", "built", cwd=folder, environment=environment, umask=umask
    )
    return {file.name: file.read_bytes() for file in (folder / "built").iterdir()}


def build_twice(work: Path) -> Path:
    """Fill dist/ with the wheel and the source archive, and return the wheel."""
    one, other = (build(work / f"build-{n}", *how) for n, how in enumerate(BUILDS))
    if one != other:
        differing = [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
        sys.exit(f"release: built twice, these differ: {', '.join(differing)}")
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    for name, data in one.items():
        (DIST / name).write_bytes(data)
    (wheel,) = DIST.glob("*.whl")
    return wheel


def install(wheel: Path, environment: Path) -> Path:
    """Install the wheel with the locked versions, without pip beside them, and return the environment's Python."""
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    wanted = environment / "wanted.txt"
    wanted.write_text(f"accountmap @ {wheel.as_uri()} --hash=sha256:{digest}\n", encoding="utf-8")
    # Not pip: it takes no hash from a constraint for what the wheel itself pins with "==".
    install_with = [program("uv"), "pip", "install", "--quiet", "--python", python, "--require-hashes"]
    run(*install_with, "--requirement", wanted, "--constraint", LOCK)
    return python


def write_bill(wheel: Path, python: Path) -> Path:
    """Write the software bill of materials: the wheel, and all that was installed with it."""
    bill = wheel.with_name(f"{wheel.name.rpartition('-py3')[0]}.cdx.json")
    about = ["--pyproject", ROOT / "pyproject.toml", "--output-reproducible", "--of", "JSON"]
    run(program("cyclonedx-py"), "environment", *about, "--output-file", bill, python)
    return bill


def try_demo(python: Path, work: Path) -> str:
    """Run the demo outside the checkout, and return what it found."""
    place = run(python, "-c", "import accountmap; print(accountmap.__file__)", cwd=work)
    if not place.startswith(str(python.parent.parent)):
        sys.exit(f"release: the demo would run from {place}")
    return run(python.parent / "accountmap", "demo", "--yes", cwd=work)


def try_installers(wheel: Path, work: Path) -> None:
    """Install and run the wheel as people do who keep programs apart."""
    homes = {"PIPX_HOME": str(work / "pipx"), "PIPX_BIN_DIR": str(work / "bin"), "PIPX_MAN_DIR": str(work / "man")}
    # What is tried once is not worth compiling.
    run(program("pipx"), "install", "--quiet", wheel, environment={**homes, "PIP_NO_COMPILE": "1"}, cwd=work)
    print("pipx:", run(work / "bin" / "accountmap", "--version", cwd=work).strip())
    uvx = run(program("uvx"), "--quiet", "--isolated", "--from", wheel, "accountmap", "--version", cwd=work)
    print("uvx:", uvx.strip())


def main() -> None:
    """Build, check, and say what to upload."""
    if run("git", "status", "--porcelain", "--untracked-files=no"):
        sys.exit("release: commit what you changed first; a release is built from a commit")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        wheel = build_twice(work)
        python = install(wheel, work / "environment")
        write_bill(wheel, python)
        print("uv:", run(python.parent / "accountmap", "--version", cwd=work).strip())
        print(try_demo(python, work))
        try_installers(wheel, work)
    print("\nBuilt twice to the same bytes, and tried. Upload these, as docs/releasing.md says:")
    for file in sorted(DIST.iterdir()):
        print(f"  {hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
