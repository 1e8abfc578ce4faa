"""Where a database is, without the password that opens it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import parse_qsl, quote

from accountmap.errors import InputError

System = Literal["postgresql", "sqlite", "duckdb"]

_SYSTEMS: Final[dict[str, System]] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
}
_SECRETS: Final = {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}
"""Parameters of a PostgreSQL connection URI that are secret (libpq, "Parameter Key Words")."""


@dataclass(frozen=True, repr=False)
class DatabaseAddress:
    """A database, as the user named it.

    Attributes:
        server: of PostgreSQL what stands between `//` and `?`: user, hosts, ports, name of the database.
        options: of PostgreSQL what stands after `?`.
        path: of SQLite and DuckDB the file.
    """

    system: System
    server: str = ""
    options: str = ""
    path: Path | None = None

    @classmethod
    def parse(cls, dsn: str) -> Self:
        """Read `postgresql://user@host:port/name?option=value`, `sqlite:///file` or `duckdb:///file`.

        Three slashes lead to a file in the current folder, four to one from the root.

        Raises:
            InputError: it is none of these, or holds a password. The message does not repeat it.
        """
        scheme, _, rest = dsn.partition("://")
        system = _SYSTEMS.get(scheme)
        if system is None:
            raise InputError(
                "This is no address of a database that can be used.",
                "Write postgresql://user@host/name, sqlite:///file.db or duckdb:///file.duckdb.",
            )
        if system == "postgresql":
            user, address = _user(rest)
            server, _, options = address.partition("?")
            _refuse_password(user, options)
            return cls(system, f"{user}@{server}" if user else server, options)
        if not rest.startswith("/") or len(rest) == 1:
            raise InputError(
                f"The address names no file of {scheme}.", f"Write {scheme}:///file, or ////path/file."
            )
        return cls(system, path=Path(rest[1:]))

    def __str__(self) -> str:
        """Show it as it may stand in a workspace or a log: without the user and the options, the service aside."""
        if self.path is not None:
            return f"{self.system}:///{self.path.name}"
        service = next((value for name, value in parse_qsl(self.options) if name == "service"), None)
        return f"postgresql://{self.server.rpartition('@')[2]}" + (f"?service={service}" if service else "")

    def uri(self, password: str | None) -> str:
        """Return what libpq is given. Without a password it looks where it always does: PGPASSFILE, a service."""
        options = [
            part for part in (self.options, f"password={quote(password, safe='')}" if password else "") if part
        ]
        return f"postgresql://{self.server}" + (f"?{'&'.join(options)}" if options else "")


def _user(rest: str) -> tuple[str, str]:
    """Cut off what libpq takes as user and password: all before the first `@`, if no `/` stands before it."""
    user, at, address = rest.partition("@")
    return (user, address) if at and "/" not in user else ("", rest)


def _refuse_password(user: str, options: str) -> None:
    if ":" in user or _SECRETS & {name for name, _ in parse_qsl(options, keep_blank_values=True)}:
        raise InputError(
            "The address of the database holds a password, which would end up in logs and histories.",
            "Leave it out: keep it in ~/.pgpass or a service file, or give it apart; docs/library.md says how.",
        )
