"""Find the accounts that two companies share, without either showing its list."""

__version__ = "0.1.0"
