"""The one place where backend, executor, channel, clock and randomness are put together."""

from accountmap.exchange.agreements import partner_of, propose_agreement, sign_agreement, write_agreement
from accountmap.exchange.forecast import Forecast, forecast
from accountmap.exchange.growth import Growth, partner_growth
from accountmap.exchange.outcome import Outcome, Preview, State
from accountmap.exchange.ports import default_curve
from accountmap.exchange.steps import Steps

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
