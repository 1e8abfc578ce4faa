"""Windows, as far as it can be checked elsewhere: no call that it lacks, its files, its screen."""

import ast
import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap import read_account_map, read_portfolio, write_portfolio, write_reports
from accountmap.files import move_into_place, slug_of, windows_command, write_atomic
from accountmap_cli.main import cli
from accountmap_cli.output import write_all_letters
from tests.parties import Parties

ROOT = Path(__file__).parent.parent
MODULES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "cli").rglob("*.py")])

LACKING = {
    "os": {
        *("chown", "fchmod", "fchown", "lchown", "chroot", "mkfifo", "mknod", "sync", "fdatasync", "lockf"),
        *(
            "getuid",
            "geteuid",
            "getgid",
            "getegid",
            "getgroups",
            "setuid",
            "setgid",
            "getpgid",
            "getpgrp",
            "setsid",
        ),
        *("fork", "forkpty", "openpty", "killpg", "nice", "wait", "wait3", "wait4", "register_at_fork"),
        *("statvfs", "fstatvfs", "uname", "getloadavg", "sysconf", "sched_getaffinity", "sched_setaffinity"),
        *("pread", "pwrite", "preadv", "pwritev", "sendfile", "posix_fallocate", "posix_fadvise", "getxattr"),
        *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC", "WNOHANG"),
    },
    "signal": {
        *("SIGKILL", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCHLD", "SIGQUIT", "SIGSTOP", "SIGTSTP"),
        *(
            "SIGCONT",
            "SIGPIPE",
            "SIGWINCH",
            "alarm",
            "pause",
            "setitimer",
            "sigwait",
            "pthread_kill",
            "pthread_sigmask",
        ),
    },
    "socket": {"AF_UNIX", "SO_REUSEPORT", "socketpair"},
    "time": {"tzset", "clock_settime"},
}
"""Attributes of the standard library that Windows does not have."""

LACKING_MODULES = {
    "fcntl",
    "termios",
    "tty",
    "pty",
    "pwd",
    "grp",
    "resource",
    "syslog",
    "curses",
    "readline",
    "posix",
}

LACKING_METHODS = {"add_signal_handler", "remove_signal_handler", "add_reader", "add_writer"}
"""Of event loops: the one of Windows has them not."""

POSIX_STARTS = {"preexec_fn", "start_new_session", "pass_fds", "process_group", "user", "group", "umask"}
"""Arguments of `subprocess`."""

DATES = re.compile("%-[a-zA-Z]|%[eGPsklDFhrRT]")
"""Directives of `strftime` that the C library of Windows does not know."""

POSIX_PATHS = ("/dev/", "/proc/", "/etc/", "/var/", "/usr/", "/bin/")
"""`ruff` finds those in folders for temporary files."""


def findings(code: str) -> list[str]:
    """List the uses in a module of what Windows lacks, but for those behind a question for the system."""
    tree = ast.parse(code)
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [f"line {node.lineno}: {what}" for node, what in _uses(tree, docstrings, guarded=False)]


def _uses(node: ast.AST, docstrings: set[int], *, guarded: bool) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    if isinstance(node, ast.If | ast.IfExp) and _asks_for_the_system(node.test):
        guarded = True
    if isinstance(node, ast.Try) and any("ImportError" in ast.unparse(h.type or node) for h in node.handlers):
        guarded = True
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
        _returns_early(node) or node.name == "move_into_place"
    ):
        guarded = True
    what = _lacking(node) if id(node) not in docstrings else ""
    if what and not guarded and isinstance(node, ast.expr | ast.stmt):
        yield node, what
    for child in ast.iter_child_nodes(node):
        yield from _uses(child, docstrings, guarded=guarded)


def _asks_for_the_system(test: ast.expr) -> bool:
    text = ast.unparse(test)
    return any(
        name in text for name in ("os.name", "sys.platform", "platform.system", "hasattr(os", "hasattr(signal")
    )


def _returns_early(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(each, ast.If) and _asks_for_the_system(each.test) and isinstance(each.body[-1], ast.Return)
        for each in function.body
    )


def _lacking(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        home = node.value.id if isinstance(node.value, ast.Name) else ""
        return ast.unparse(node) if node.attr in LACKING.get(home, ()) or node.attr in LACKING_METHODS else ""
    if isinstance(node, ast.Import):
        return ", ".join(alias.name for alias in node.names if alias.name in LACKING_MODULES)
    if isinstance(node, ast.ImportFrom):
        names = [alias.name for alias in node.names if alias.name in LACKING.get(node.module or "", ())]
        return node.module or "" if node.module in LACKING_MODULES else ", ".join(names)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if node.value.startswith(POSIX_PATHS) or DATES.fullmatch(node.value) else ""
    if isinstance(node, ast.FormattedValue) and node.format_spec:
        spec = ast.unparse(node.format_spec)
        return f"the date format {spec}" if DATES.search(spec) else ""
    return _unsafe_call(node) if isinstance(node, ast.Call) else ""


def _unsafe_call(call: ast.Call) -> str:
    """Name a call that means something else on Windows: text in its code page, a rename that does not replace."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    keywords = {keyword.arg for keyword in call.keywords}
    of_object = isinstance(call.func, ast.Attribute)
    unsafe = {
        "rename, which fails where the name is taken": name == "rename" and "ftp" not in ast.unparse(call.func),
        "replace, which fails while another program has the file open: use files.move_into_place": (
            name == "replace" and of_object and len(call.args) == 1 and not keywords
        ),
        f"{name} without an encoding": "encoding" not in keywords and _is_text(call, name, of_object=of_object),
        "a way to start processes that Windows lacks": (
            name == "get_context" and [ast.unparse(arg) for arg in call.args] in (["'fork'"], ["'forkserver'"])
        ),
        "an argument that Windows refuses": (
            name in ("run", "Popen", "check_call", "check_output") and bool(keywords & POSIX_STARTS)
        ),
        "a time with a zone as text, for which Arrow needs a table that Windows lacks": (
            ast.unparse(call.func) == "pc.strftime" and "in_utc(" not in ast.unparse(call)
        ),
    }
    return next((what for what, found in unsafe.items() if found), "")


def _is_text(call: ast.Call, name: str, *, of_object: bool) -> bool:
    """Return whether a call reads or writes text in the code page of the machine, if it names no encoding."""
    if name in ("read_text", "write_text"):
        return len(call.args) < (1 if name == "read_text" else 2)
    if name in ("run", "Popen", "check_output"):
        return bool({"text", "universal_newlines"} & {keyword.arg for keyword in call.keywords})
    if name not in ("open", "fdopen"):
        return False
    of_path = of_object and name == "open"
    modes = [*call.args[0 if of_path else 1 :][:1], *(k.value for k in call.keywords if k.arg == "mode")]
    if not modes:
        return not (of_path and call.args)
    given = modes[0].value if isinstance(modes[0], ast.Constant) else None
    return isinstance(given, str) and bool(re.fullmatch("[rwax+t]+", given))


def test_nothing_is_used_that_windows_lacks() -> None:
    found = {path: findings(path.read_text("utf-8")) for path in MODULES}
    assert {path: lacking for path, lacking in found.items() if lacking} == {}


@pytest.mark.parametrize(
    "code",
    [
        "os.fchmod(1, 2)",
        "os.kill(1, signal.SIGKILL)",
        "import fcntl",
        "from os import getuid",
        "open('/dev/null')",
        "path.rename(other)",
        "path.read_text()",
        "loop.add_signal_handler(1, stop)",
        "multiprocessing.get_context('fork')",
        "open(path)",
        "path.open('w', newline='')",
        "os.fdopen(handle, 'w')",
        "subprocess.run(command, text=True)",
        "part.replace(path)",
        "socket.socket(socket.AF_UNIX)",
        "if os.path.exists(x):\n    os.getuid()",
        "f'{day:%-d %B}'",
        "day.strftime('%-d')",
        "pc.strftime(column, '%Y')",
        "subprocess.run(command, start_new_session=True)",
    ],
)
def test_the_check_finds_what_windows_lacks(code: str) -> None:
    assert findings(code)


@pytest.mark.parametrize(
    "code",
    [
        "if hasattr(os, 'getuid'):\n    os.getuid()",
        "if os.name == 'posix':\n    import fcntl",
        "def sync(path):\n    if os.name == 'nt':\n        return\n    os.sync()",
        "try:\n    import fcntl\nexcept ImportError:\n    fcntl = None",
        "'''Reads what /dev/null holds.'''",
        "path.read_text('utf-8')",
        "path.open('rb')",
        "open(path, encoding='utf-8')",
        "os.open(path, os.O_RDONLY)",
        "text.replace('a', 'b')",
        "day.replace(day=1)",
    ],
)
def test_the_check_accepts_what_asks_first(code: str) -> None:
    assert findings(code) == []


def in_use(number: int) -> PermissionError:
    """Return the error of Windows for a file that another program has open."""
    error = PermissionError(13, "in use")
    error.winerror = number
    return error


def test_a_file_that_a_scanner_has_open_is_replaced_when_it_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = Path.replace, iter([in_use(32), in_use(5)])

    def replace(self: Path, target: Path) -> Path:
        for error in tries:
            raise error
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    write_atomic(tmp_path / "report.csv", b"rows")
    assert [path.name for path in tmp_path.iterdir()] == ["report.csv"]


def test_a_file_that_stays_open_is_an_error_and_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.csv").write_bytes(b"old")

    def replace(*_: object) -> None:
        raise in_use(32)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(PermissionError):
        write_atomic(tmp_path / "report.csv", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"report.csv": b"old"}


def test_a_folder_without_permission_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def replace(*_: object) -> None:
        asked.append(1)
        raise PermissionError(13, "denied")

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(PermissionError):
        move_into_place(tmp_path / "a", tmp_path / "b")
    assert asked == [1]


@pytest.mark.parametrize("name", ["Con", "AUX", "nul", "COM1", "Lpt9"])
def test_no_company_is_called_like_a_device(name: str) -> None:
    assert slug_of(name) == f"{name.lower()}-company"
    assert slug_of(f"{name} GmbH") == f"{name.lower()}-gmbh"


FORBIDDEN = set('<>:"|?*\\') | {chr(code) for code in range(32)}
DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\xb9\xb2\xb3])(\..*)?", re.IGNORECASE)
LONGEST = 260
"""Characters of a path with its drive and a null at the end, if long paths are not switched on."""


def fits_windows(name: str) -> bool:
    """Return whether Windows takes a name for a file (its documentation: Naming files, paths, and namespaces)."""
    return not (FORBIDDEN & set(name) or name.endswith((".", " ")) or DEVICES.fullmatch(name)) and len(name) < 256


@pytest.mark.parametrize("name", ["nul", "NUL.txt", "com1.csv", "a.", "a ", "a:b", "what?", "x" * 256, "LPT¹"])
def test_the_check_of_names_finds_what_windows_refuses(name: str) -> None:
    assert not fits_windows(name)


@given(st.text(max_size=80))
def test_every_company_gets_a_name_that_windows_takes(name: str) -> None:
    """As a folder, as a file with a suffix, and as it is while it is written."""
    slug = slug_of(name)
    assert all(map(fits_windows, (slug, f"{slug}.amap", f".{slug}.csv.abcdefgh.part")))
    assert PureWindowsPath("C:/acme", slug).name == slug and len(slug) <= 48


def test_all_that_is_written_has_names_that_windows_takes(tmp_path: Path) -> None:
    """A workspace after a session with all its reports, whatever the partner is called.

    No two names differ in their case alone, and 120 characters are left for where the workspace is.
    """
    parties = Parties.after_a_session(tmp_path)
    own, partner = parties.acme.workspace, parties.acme.partner
    long_slug = slug_of("Very long name of a partner, " * 3)
    write_reports(read_account_map(own, partner.slug), own.folder / "reports" / long_slug)
    write_portfolio(read_portfolio(own), own.folder / "reports" / "portfolio")
    paths = [path.relative_to(tmp_path) for path in tmp_path.rglob("*")]
    assert len(paths) > 60
    for path in paths:
        assert fits_windows(path.name), path
        assert len(str(PureWindowsPath(path).with_name(f".{path.name}.abcdefgh.part"))) < LONGEST - 120, path
    assert len({str(path).casefold() for path in paths}) == len(paths)


def test_the_access_list_is_for_one_user() -> None:
    command = windows_command(Path("acme"), "anna")
    assert command[0].endswith("icacls.exe")
    assert command[1:] == ["acme", "/inheritance:r", "/grant:r", "anna:(OI)(CI)F"]


class Screen(io.TextIOWrapper):
    """A console with a code page."""

    def isatty(self) -> bool:
        return True


def test_a_screen_with_few_letters_shows_the_others_as_codes() -> None:
    shown = io.BytesIO()
    screen = Screen(shown, "cp1252", write_through=True)
    write_all_letters(screen)
    screen.write("Müller, 株式")
    assert shown.getvalue() == "Müller, ".encode("cp1252") + rb"\u682a\u5f0f"


def test_what_is_redirected_is_utf_8() -> None:
    command = [sys.executable, "-m", "accountmap_cli", "help", "株式会社"]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert "株式会社" in done.stderr.decode("utf-8")


@pytest.mark.parametrize("encoding", ["cp1252", "cp437"])
def test_a_screen_with_few_letters_gets_the_commands_of_a_first_day(encoding: str, tmp_path: Path) -> None:
    company = "株式会社ホシ Łódź"
    shown = io.BytesIO()
    screen = Screen(shown, encoding, write_through=True)
    write_all_letters(screen)
    (tmp_path / "export.csv").write_text(f"Name,City\n{company},Łódź\nNaïve – Co,Köln\n", "utf-8")
    commands = (
        ("init", "own", "--name", company, "--no-passphrase"),
        ("--workspace", "own", "accounts", "check", "export.csv"),
        ("--workspace", "own", "accounts", "prepare", "export.csv"),
        ("--workspace", "own", "status"),
        ("--workspace", "own", "doctor"),
    )
    with contextlib.chdir(tmp_path), contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        for command in commands:
            cli.main(command, standalone_mode=False)
    text = shown.getvalue().decode(encoding)
    assert r"\u682a" in text
    assert r"\u0141" in text
