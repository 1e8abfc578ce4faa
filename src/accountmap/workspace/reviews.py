"""What the user decided about matches with each partner, as files of the workspace."""

from pathlib import Path

from accountmap.account_map.reviews import MatchDecision, format_reviews, read_reviews
from accountmap.files import write_atomic
from accountmap.workspace.workspace import Workspace


def load_reviews(workspace: Workspace, partner: str) -> tuple[MatchDecision, ...]:
    """Read the decisions about matches with a partner; none if there are none yet.

    Raises:
        TrustError: there is no such partner.
        InputError: the file cannot be read, or was changed by hand and is not of the form any more.
    """
    file = _file(workspace, partner)
    return read_reviews(file)[0] if file.exists() else ()


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
        file = _file(workspace, partner)
        file.parent.mkdir(exist_ok=True, mode=0o700)
        write_atomic(file, format_reviews(decisions).encode())
    return decisions


def _file(workspace: Workspace, partner: str) -> Path:
    return workspace.folder / "reviews" / f"{workspace.partner(partner).slug}.csv"
