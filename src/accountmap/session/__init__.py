"""The one place where backend, channel, clock, randomness and workspace are put together."""

from accountmap.session.admission import Capacity, Change, capacity_of, too_few_changed
from accountmap.session.agreements import (
    cards_of,
    concerns_of,
    end_agreement,
    partner_of,
    propose_agreement,
    propose_preview,
    read_agreement,
    renew_agreement,
    sign_agreement,
    write_agreement,
)
from accountmap.session.decisions import Claims, Decisions, Preview
from accountmap.session.disclosure import Forecast, forecast
from accountmap.session.result import Outcome, State
from accountmap.session.runner import SessionRunner

__all__ = [
    "Capacity",
    "Change",
    "Claims",
    "Decisions",
    "Forecast",
    "Outcome",
    "Preview",
    "SessionRunner",
    "State",
    "capacity_of",
    "cards_of",
    "concerns_of",
    "end_agreement",
    "forecast",
    "partner_of",
    "propose_agreement",
    "propose_preview",
    "read_agreement",
    "renew_agreement",
    "sign_agreement",
    "too_few_changed",
    "write_agreement",
]
