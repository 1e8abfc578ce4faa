"""What the owner of a list should see before anything is shared: how well it will match, and what to fix."""

from accountmap.preflight.check import check
from accountmap.preflight.findings import Coverage, Example, Finding, Preflight

__all__ = ["Coverage", "Example", "Finding", "Preflight", "check"]
