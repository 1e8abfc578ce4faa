"""What decides how an account becomes match keys, for the agreement: both sides must have the same."""

import hashlib
from importlib.metadata import version
from typing import Final

from accountmap.canonical.tables import DATA

CANONICAL_VERSION: Final = "canonical-v1"
"""The specification that this package follows (`protocols/canonical-v1.md`)."""

LIBRARIES: Final = ("anyascii", "python-stdnum")
"""Libraries whose own rules decide keys, so that `pyproject.toml` pins them: anyascii the keys of every name,
python-stdnum those of the slots `lei`, `vat` and `reference`. publicsuffixlist only reads the list in `data/`."""


def data_digests() -> dict[str, str]:
    """Name the data behind the keys.

    Returns:
        SHA-256 in hex of each table's file under `data/<file name>`, and the version of each library under its
        name, ordered by name.
    """
    tables = {
        f"data/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in DATA.iterdir()
        if path.name.endswith((".tsv", ".txt", ".dat"))
    }
    libraries = {name: version(name) for name in LIBRARIES}
    return dict(sorted((tables | libraries).items()))
