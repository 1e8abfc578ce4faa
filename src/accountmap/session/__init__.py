"""The one place where backend, executor, channel, clock and randomness are put together."""

from accountmap.session.active import default_curve
from accountmap.session.admission import Growth, partner_growth
from accountmap.session.agreements import partner_of, propose_agreement, sign_agreement, write_agreement
from accountmap.session.engine import Steps
from accountmap.session.forecast import Forecast, forecast
from accountmap.session.result import Outcome, Preview, State

__all__ = [
    "Forecast",
    "Growth",
    "Outcome",
    "Preview",
    "State",
    "Steps",
    "default_curve",
    "forecast",
    "partner_growth",
    "partner_of",
    "propose_agreement",
    "sign_agreement",
    "write_agreement",
]
