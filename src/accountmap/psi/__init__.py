"""Grouped private set intersection after a preview by noisy sketches: protocols/account-psi-v2.md in code.

Pure: no files, sockets, clock, randomness or logging. These come in through ports.
"""
