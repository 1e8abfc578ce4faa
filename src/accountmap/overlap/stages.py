"""How far an open deal is, by the names that CRMs give to stages.

The figures are the probabilities with which Salesforce and HubSpot deliver their standard stages, as their
documentation lists them; a stage of one's own is given its worth in the weights.
"""

from typing import Final

from accountmap.accounts.headings import fold

_STAGES: Final = {
    "Prospecting": 0.1,
    "Qualification": 0.1,
    "Needs Analysis": 0.2,
    "Value Proposition": 0.5,
    "Id. Decision Makers": 0.6,
    "Perception Analysis": 0.7,
    "Proposal/Price Quote": 0.75,
    "Negotiation/Review": 0.9,
    "Appointment Scheduled": 0.2,
    "Qualified to Buy": 0.4,
    "Presentation Scheduled": 0.6,
    "Decision Maker Bought-In": 0.8,
    "Contract Sent": 0.9,
    "appointmentscheduled": 0.2,
    "qualifiedtobuy": 0.4,
    "presentationscheduled": 0.6,
    "decisionmakerboughtin": 0.8,
    "contractsent": 0.9,
    "Proposal": 0.75,
    "Negotiation": 0.9,
}
STAGES: Final = {fold(stage): worth for stage, worth in _STAGES.items()}
"""By folded name, 0 to 1."""

UNKNOWN_OPEN_STAGE: Final = 0.5
"""Of a stage that is open, but not in the table: halfway."""
