"""The one place where backend, channel, clock, randomness and workspace are put together."""

from accountmap.session.active import default_curve
from accountmap.session.agreements import (
    partner_of,
    propose_agreement,
    propose_preview,
    sign_agreement,
    write_agreement,
)
from accountmap.session.engine import Decisions, SessionRunner
from accountmap.session.forecast import Forecast, forecast
from accountmap.session.result import Claims, Outcome, Preview, State

__all__ = [
    "Claims",
    "Decisions",
    "Forecast",
    "Outcome",
    "Preview",
    "SessionRunner",
    "State",
    "default_curve",
    "forecast",
    "partner_of",
    "propose_agreement",
    "propose_preview",
    "sign_agreement",
    "write_agreement",
]
