"""Grouped private set intersection with a counts-only preview: protocols/account-psi-v1.md in code.

Pure: no files, sockets, clock, randomness or logging. All come in through ports.
"""
