"""The account map of a workspace, from its finished sessions."""

from contextlib import suppress
from typing import Final

from accountmap.errors import UsageError, WorkspaceError
from accountmap.overlap import STANDARD_WEIGHTS, AccountMap, MatchDecision, Weights, build_map, with_history
from accountmap.workspace import SessionRecord, Status, Workspace
from accountmap.workspace.reviews import load_reviews

SESSIONS_COMPARED: Final = 12
"""How many sessions a history goes back: a year, month by month."""


def account_map(workspace: Workspace, partner: str, weights: Weights = STANDARD_WEIGHTS) -> AccountMap:
    """Build the account map from the last finished session with a partner.

    It tells what has changed since earlier sessions, and leaves out the matches that the user has rejected.

    Args:
        weights: what the overlap is ranked by.

    Raises:
        WorkspaceError: no session with this partner is finished.
    """
    finished = [s for s in workspace.sessions(workspace.partner(partner)) if s.status is Status.DONE]
    if not finished:
        raise WorkspaceError(
            "no session with this partner is finished", f"Go on with: accountmap map --with {partner}"
        )
    latest, *earlier = finished[:SESSIONS_COMPARED]
    decisions = load_reviews(workspace, partner)
    maps = [_map_of(workspace, latest, weights, decisions)]
    for session in earlier:
        # A list or result that cannot be read any more shortens the history, and must not cost the report.
        with suppress(WorkspaceError, UsageError):
            before = _map_of(workspace, session, weights, decisions)
            # The clock may have been set back in between.
            maps += [before] if before.finished < maps[-1].finished else []
    return with_history(maps[::-1])


def _map_of(
    workspace: Workspace, session: SessionRecord, weights: Weights, decisions: tuple[MatchDecision, ...]
) -> AccountMap:
    accounts, prepared = workspace.load_list(session.list_id)
    return build_map(accounts, prepared, workspace.result(session), weights, decisions)
