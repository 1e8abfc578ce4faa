"""What an assistant, a program that asks a language model, may read of a partner (trust-v2 §4.8).

Both signed it. Where the model runs, this program cannot know; so each reading is in the ledger, with the names of
the partner's fields.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from accountmap.model import Assistants
from accountmap.session.agreements import binding_terms
from accountmap.workspace import PartnerRecord, Workspace

_STRICTEST_FIRST: Final = (Assistants.NONE, Assistants.OWN, Assistants.SHARED)


def allowed_to_assistants(workspace: Workspace, partner: PartnerRecord) -> Assistants:
    """Return the strictest clause of the agreements of all sessions with a partner and of the latest both signed.

    All sessions, since what a partner answered or wrote after an earlier one is shown with the last one too.

    Returns:
        NONE too if there is no such agreement, or the partner's card was revoked.
    """
    clauses = [terms.assistants for terms in binding_terms(workspace, partner)]
    return min(clauses, key=_STRICTEST_FIRST.index, default=Assistants.NONE)


def record_reading(
    workspace: Workspace, partner: PartnerRecord, tool: str, rows: int, fields: Sequence[str], now: datetime
) -> None:
    """Put into the ledger that an assistant reads something. Call it before the answer leaves.

    Args:
        rows: how many accounts or steps it gets.
        fields: the partner's fields among what it gets.
    """
    with workspace.transaction():
        workspace.record(
            {
                "at": now.isoformat(timespec="seconds"),
                "partner": partner.card.name,
                "partner_card": partner.card.digest.hex(),
                "event": "assistant",
                "tool": tool,
                "rows": rows,
                "fields": list(fields),
            }
        )
