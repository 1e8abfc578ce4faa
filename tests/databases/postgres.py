"""A real PostgreSQL server for tests, on the loopback, with a password that a wrong one does not open."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.programs import POSTGRESQL

USER = "crm"
PASSWORD = "p%zz/ö:@ 1"
"""With all that a connection URI might stumble over."""


@dataclass(frozen=True)
class Server:
    """A running server with one empty database."""

    port: int

    @property
    def dsn(self) -> str:
        """The address of its database, without the password."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"


def as_owner(*command: str | Path) -> None:
    """Run a program as a user who may own a server: root may not, and becomes `postgres`."""
    drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    done = subprocess.run(
        [*drop, *map(str, command)], capture_output=True, encoding="utf-8", check=False, timeout=60, cwd="/"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running() -> Iterator[Server]:
    """Make a server in a folder of its own and stop it in the end."""
    # pytest's own folders are closed to other users, and the owner of the server is one when root runs the tests.
    with tempfile.TemporaryDirectory(prefix="accountmap-postgres-") as name:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        if os.getuid() == 0:
            for path in (folder, folder / "password"):
                shutil.chown(path, "postgres", "postgres")
        data, port, here = folder / "data", free_port(), Path(POSTGRESQL.require())
        choices = ["--auth=scram-sha-256", f"--username={USER}", f"--pwfile={folder / 'password'}", "--no-sync"]
        as_owner(here / "initdb", "--pgdata", data, "--encoding=UTF8", "--locale=C", *choices)
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        as_owner(here / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", settings, "start")
        try:
            yield Server(port)
        finally:
            as_owner(here / "pg_ctl", "-D", data, "-m", "immediate", "stop")
