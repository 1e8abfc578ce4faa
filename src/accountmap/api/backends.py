"""The backends of the curve arithmetic, for those who choose one or wonder which is used."""

from accountmap.blinding.examine import BackendState, examine_backends

__all__ = ["BackendState", "examine_backends"]
