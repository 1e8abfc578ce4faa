"""Curve arithmetic over many points: the backends behind psi's port.

This module imports nothing, because worker processes import the package for the functions on parts of a job alone.
"""
