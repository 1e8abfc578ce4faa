"""What the user decided about matches with each partner, as sealed files of the workspace."""

from dataclasses import asdict
from pathlib import Path

from accountmap.account_map.reviews import MatchDecision, read_reviews
from accountmap.workspace.sealed_files import SealedFile
from accountmap.workspace.workspace import Workspace


def load_reviews(workspace: Workspace, partner: str) -> tuple[MatchDecision, ...]:
    """Read the decisions about matches with a partner; none if there are none yet.

    Raises:
        TrustError: there is no such partner.
        OSError, WorkspaceError: the file cannot be read or is damaged.
    """
    file = _file(workspace, partner)
    if not file.exists():
        return ()
    return tuple(MatchDecision(**each) for each in file.read_json())


def add_reviews(workspace: Workspace, partner: str, path: Path) -> tuple[MatchDecision, ...]:
    """Add decisions to those about matches with a partner; a new one about the same match replaces the old.

    Args:
        path: of a CSV file, as `read_reviews` reads it.

    Returns:
        All decisions.

    Raises:
        InputError: it is not of that form; nothing is changed.
        TrustError: there is no such partner.
        WorkspaceError: the workspace cannot be written.
    """
    new, taken_back = read_reviews(path)
    kept = {decision.subject: decision for decision in load_reviews(workspace, partner)}
    kept |= {decision.subject: decision for decision in new}
    decisions = tuple(sorted(decision for subject, decision in kept.items() if subject not in taken_back))
    with workspace.transaction():
        _file(workspace, partner).write_json([asdict(decision) for decision in decisions])
    return decisions


def _file(workspace: Workspace, partner: str) -> SealedFile:
    return workspace.sealed(f"reviews/{workspace.partner(partner).slug}")
