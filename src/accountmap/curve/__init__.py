"""Curve arithmetic over many points: the backends behind psi's port.

Imports nothing, for worker processes import this package for its part functions alone.
"""
