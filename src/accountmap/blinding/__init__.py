"""Curve arithmetic over many points: the backends behind psi's port."""

from accountmap.blinding.openssl import OpenSSLCurve

__all__ = ["OpenSSLCurve"]
