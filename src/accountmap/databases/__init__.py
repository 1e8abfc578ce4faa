"""SQL databases through ADBC: where lists are read from and results are written to."""

from accountmap.databases.address import DatabaseAddress
from accountmap.databases.connection import Database, open_database

__all__ = ["Database", "DatabaseAddress", "open_database"]
