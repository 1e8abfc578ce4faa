"""Writing files so that no reader ever finds half a file, not even after a crash."""

import ctypes
import getpass
import glob
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Final

from anyascii import anyascii

if sys.platform != "win32":
    import fcntl

PART_BYTES: Final = 1 << 20
_IN_USE: Final = (5, 32)
"""Windows' ERROR_ACCESS_DENIED and ERROR_SHARING_VIOLATION."""
_PAUSES: Final = (0.01, 0.05, 0.2, 0.5)
"""Seconds between tries."""
_WINDOWS_DEVICE: Final = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
"""Names that are devices on Windows, whatever suffix a file has."""


def write_atomic(path: Path, data: bytes | Iterable[bytes | memoryview], mode: int = 0o600) -> None:
    """Write a file under another name, flush it to the disk, and move it into place.

    Args:
        data: the whole file, or its parts, which need not exist before they are written.

    What earlier writers of the same file left behind when they were killed is removed first.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    remove_parts(path.parent, path.name)
    handle, temporary = _locked_part(path)
    with os.fdopen(os.dup(handle), "wb") as file:
        try:
            file.writelines([data] if isinstance(data, bytes) else data)
            file.flush()
            os.fsync(file.fileno())
            if os.name == "nt":  # Windows cannot move an open file, nor remove one that is no longer there
                file.close()
                os.close(handle)
            temporary.chmod(mode)
            move_into_place(temporary, path)
            _sync(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        finally:
            if os.name != "nt":
                os.close(handle)  # and with it goes the lock


def _locked_part(path: Path) -> tuple[int, Path]:
    """Make the file under another name, locked as long as its writer lives, so that `remove_parts` leaves it."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        if _lock(handle) is not False and os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)


def remove_parts(folder: Path, name: str | None = None, *, below: bool = False) -> None:
    """Remove from a folder what killed writers left: parts of files that no process writes any more.

    Where the file system has no locks, and on Windows, nothing is removed.

    Args:
        name: name of the file that was to be written, or None for any.
        below: whether to look in the folders below too.
    """
    pattern = f".{'*' if name is None else glob.escape(name)}.*.part"
    for place, _, names in islice(os.walk(folder), None if below else 1):
        for part in names:
            if part.endswith(".part") and fnmatchcase(part, pattern):
                _remove_unless_locked(Path(place, part))


def _remove_unless_locked(part: Path) -> None:
    with suppress(OSError):
        handle = os.open(part, os.O_RDWR)
        try:
            if _lock(handle):
                part.unlink(missing_ok=True)
        finally:
            os.close(handle)


def _lock(handle: int) -> bool | None:
    """Lock a file for this process; return whether that worked, or None where there are no such locks."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def move_into_place(new: Path, path: Path) -> None:
    """Give a file its name, replacing the one that has it.

    Windows refuses while another program has either of them open. Virus scanners close files within moments, so it
    is tried again; a workbook that is open in Excel stays open.

    Raises:
        OSError: it cannot be done.
    """
    for seconds in _PAUSES:
        try:
            new.replace(path)
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _IN_USE:
                raise
            time.sleep(seconds)
        else:
            return
    new.replace(path)


def keep_private(folder: Path) -> None:
    """Let only the owner use a folder and everything that will be made in it.

    On Windows that takes an access list, which is inherited; elsewhere every file is made with its mode.

    Raises:
        OSError: it cannot be done here, for example on a drive without access lists.
    """
    if os.name != "nt":
        return
    done = subprocess.run(windows_command(folder, getpass.getuser()), capture_output=True, check=False)  # noqa: S603 a fixed program, no shell
    if done.returncode:
        raise OSError(done.returncode, "its access list cannot be limited to its owner", str(folder))


def windows_command(folder: Path, user: str) -> list[str]:
    """Return the command with which Windows drops inherited rights and gives all to one user."""
    return [str(_system_folder() / "icacls.exe"), str(folder), "/inheritance:r", "/grant:r", f"{user}:(OI)(CI)F"]


def _system_folder() -> Path:
    """Ask the system where Windows keeps its programs: anybody could set an environment variable."""
    if sys.platform == "win32":
        found = ctypes.create_unicode_buffer(260)
        ctypes.windll.kernel32.GetSystemDirectoryW(found, len(found))
        return Path(found.value)
    return Path(r"C:\Windows\System32")


def slug_of(name: str) -> str:
    """Shorten a name for use in commands and file names: a-z, 0-9 and single hyphens.

    Other scripts are spelled in Latin letters, so that different names stay different.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", anyascii(name).lower()).strip("-")[:40].rstrip("-") or "partner"
    return f"{slug}-company" if _WINDOWS_DEVICE.fullmatch(slug) else slug


def parts_of(path: Path) -> Iterator[bytes]:
    """Yield a file in parts of a mebibyte.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        while part := file.read(PART_BYTES):
            yield part


def _sync(path: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there, and files only for writing
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
