"""Addresses of databases: what they lead to, and what of them may be shown."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from accountmap.databases import DatabaseAddress
from accountmap.errors import InputError


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        ("postgresql://anna@db.example.com:5433/crm?sslmode=require", "postgresql://db.example.com:5433/crm"),
        ("postgres://db.example.com/crm", "postgresql://db.example.com/crm"),
        ("postgresql://?service=crm", "postgresql://?service=crm"),
        ("postgresql://anna@one:1,two:2/crm", "postgresql://one:1,two:2/crm"),
        ("sqlite:////var/lib/crm.db", "sqlite:///crm.db"),
        ("duckdb:///crm.duckdb", "duckdb:///crm.duckdb"),
    ],
)
def test_what_is_shown_leaves_out_user_options_and_folders(dsn: str, shown: str) -> None:
    assert str(DatabaseAddress.parse(dsn)) == shown
    assert "anna" not in repr(DatabaseAddress.parse(dsn))


def test_slashes_say_where_a_file_is() -> None:
    assert DatabaseAddress.parse("sqlite:///crm.db").path == Path("crm.db")
    assert DatabaseAddress.parse("duckdb:////data/crm.duckdb").path == Path("/data/crm.duckdb")


def test_a_password_reaches_libpq_whatever_is_in_it() -> None:
    password = "a&b=c%41 ö/@:?#"
    uri = DatabaseAddress.parse("postgresql://anna@db/crm?sslmode=require").uri(password)
    assert parse_qs(urlsplit(uri).query) == {"sslmode": ["require"], "password": [password]}
    assert DatabaseAddress.parse("postgresql://anna@db/crm").uri(None) == "postgresql://anna@db/crm"


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://anna:secret1@db/crm",
        "postgresql://anna:@db/crm",
        "postgresql://db/crm?user=anna&password=secret1",
        "postgresql://db/crm?sslpassword=secret1",
        "postgresql://db/crm?password=",
        "postgresql://anna:secret1?x@db/crm",
        "postgresql://anna:?secret1@db/crm",
        "postgresql://db/crm?scram_client_key=secret1",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_repeated(dsn: str) -> None:
    with pytest.raises(InputError, match="holds a password") as caught:
        DatabaseAddress.parse(dsn)
    assert "secret1" not in str(caught.value) + caught.value.hint
    assert "anna" not in str(caught.value)


@pytest.mark.parametrize("dsn", ["", "crm.db", "mysql://db/crm", "sqlite://crm.db", "sqlite:///", "duckdb://"])
def test_other_addresses_are_refused(dsn: str) -> None:
    with pytest.raises(InputError) as caught:
        DatabaseAddress.parse(dsn)
    assert caught.value.hint
