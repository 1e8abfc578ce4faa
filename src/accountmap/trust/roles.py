"""The two parties of an agreement, by what they do in a session."""

from typing import Final

INITIATOR: Final = "initiator"
RESPONDER: Final = "responder"
BOTH: Final = "both"
ROLES: Final = (INITIATOR, RESPONDER)

OTHER: Final = {INITIATOR: RESPONDER, RESPONDER: INITIATOR}
"""The partner of each."""
