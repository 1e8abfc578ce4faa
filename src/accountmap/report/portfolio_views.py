"""The views of the portfolio, from which page, workbook, CSV, Parquet and JSON follow."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.portfolio import (
    ACCOUNTS_SCHEMA,
    GOALS_SCHEMA,
    MATURITY_SCHEMA,
    MEETING_SCHEMA,
    ORDER_SCHEMA,
    OVER_TIME_SCHEMA,
    PARTNERS_SCHEMA,
    QUESTION_SCHEMA,
    REACH_SCHEMA,
    SCORES_SCHEMA,
    SETS_SCHEMA,
    SHARED_SCHEMA,
    TOGETHER_SCHEMA,
    Portfolio,
)
from accountmap.report.views import HIDDEN, View

_OWNER: Final = {"owner_name": "", "country": "", "industry": "country", "amount": "", "currency": "amount"}


def _covered(portfolio: Portfolio) -> pa.Table:
    return portfolio.accounts.filter(pc.greater(portfolio.accounts["partners"], 0))


PORTFOLIO_VIEWS: Final[tuple[View[Portfolio], ...]] = (
    View(
        name="partners",
        title="Your partners",
        schema=PARTNERS_SCHEMA,
        rows=lambda portfolio: portfolio.partners,
        about="Those with the highest score first, then those known only by a preview, by their estimate.",
        noun=("partner", "partners"),
    ),
    View(
        name="reach",
        title="Reach",
        schema=REACH_SCHEMA,
        rows=lambda portfolio: portfolio.reach,
        about="How much of your list each partner shares, and all of them together, and what only one shares.",
        noun=("line", "lines"),
    ),
    View(
        name="sets",
        title="Fewest partners",
        schema=SETS_SCHEMA,
        rows=lambda portfolio: portfolio.sets,
        about="The fewest partners that reach a given share of what all partners reach.",
        noun=("line", "lines"),
        shown=lambda portfolio: portfolio.sets.num_rows > 0,
    ),
    View(
        name="order",
        title="What each one adds",
        schema=ORDER_SCHEMA,
        rows=lambda portfolio: portfolio.order,
        about="If you began again with none: at each step the partner that adds most to those before it.",
        noun=("line", "lines"),
        shown=lambda portfolio: portfolio.order.num_rows > 0,
    ),
    View(
        name="scores",
        title="Scores",
        schema=SCORES_SCHEMA,
        rows=lambda portfolio: portfolio.scores,
        about="What each score is made of. The less is known, the closer a part is to the average of all "
        "partners, and the wider its range.",
        noun=("line", "lines"),
        shown=lambda portfolio: portfolio.scores.num_rows > 0,
    ),
    View(
        name="over_time",
        title="Over time",
        schema=OVER_TIME_SCHEMA,
        rows=lambda portfolio: portfolio.over_time,
        about="Your sessions with all partners, the oldest first.",
        noun=("session", "sessions"),
        shown=lambda portfolio: portfolio.over_time.num_rows > 0,
    ),
    View(
        name="together",
        title="Where partners meet",
        schema=TOGETHER_SCHEMA,
        rows=lambda portfolio: portfolio.together,
        about="Companies of yours that two or three partners share. They do not know this about each other.",
        noun=("group", "groups"),
        shown=lambda portfolio: portfolio.together.num_rows > 0,
    ),
    View(
        name="meeting",
        title="Accounts to team up on",
        schema=MEETING_SCHEMA,
        rows=lambda portfolio: portfolio.meeting,
        about="Open deals and targets of yours that several partners share and at least one of them serves.",
        layout={
            "name": "",
            "account_id": "name",
            "segment": "",
            "partners": "",
            "customer_of": "",
            "shared_with": "",
            "owner_name": "",
            "country": "",
            "amount": "",
            "currency": "amount",
        },
        nothing="No open deal or target is shared by several partners and served by one of them.",
        shown=lambda portfolio: portfolio.together.num_rows > 0,
    ),
    View(
        name="questions",
        title="What to ask each of them",
        schema=QUESTION_SCHEMA,
        rows=lambda portfolio: portfolio.questions,
        about="Ask each partner separately, before you bring anybody together. A question names nobody else, but "
        "being asked may still tell a partner that somebody else knows the company. accountmap portfolio "
        "questions writes the questions for one partner.",
        layout={
            "name": "",
            "account_id": "name",
            "match_id": "name",
            "partner_name": "",
            "question": "",
            "their_owner_name": "",
            "their_owner_email": HIDDEN,
            "owner_name": "",
        },
        noun=("question", "questions"),
        nothing="There is nothing to ask.",
        shown=lambda portfolio: portfolio.questions.num_rows > 0,
    ),
    View(
        name="shared",
        title="Who shares which account",
        schema=SHARED_SCHEMA,
        rows=lambda portfolio: portfolio.shared,
        about="Each row is an account of yours and a partner that shares its company. Work them in this order.",
        layout={
            "name": "",
            "domain": "name",
            "account_id": "name",
            "partner_name": "",
            "mapped": "partner_name",
            "segment": "",
            "their_segment": "",
            "play": "",
            **_OWNER,
            "their_owner_name": "owner_name",
            "their_owner_email": HIDDEN,
            "evidence": "",
            "doubt": "evidence",
            "partners": "",
        },
        noun=("row", "rows"),
        nothing="No account of yours is known to be shared with anybody.",
        most=20_000,
    ),
    View(
        name="accounts",
        title="Your accounts and who has them",
        schema=ACCOUNTS_SCHEMA,
        rows=lambda portfolio: portfolio.accounts,
        about="Each account that somebody shares, those that most partners share first.",
        layout={
            "name": "",
            "domain": "name",
            "account_id": "name",
            "segment": "",
            "partners": "",
            "customer_of": "",
            "shared_with": "",
            **_OWNER,
        },
        nothing="No account of yours is known to be shared with anybody.",
        listed=_covered,
    ),
    View(
        name="uncovered",
        title="Accounts that nobody has",
        schema=ACCOUNTS_SCHEMA,
        rows=lambda portfolio: portfolio.uncovered,
        about="No mapped partner shares these. Open deals come first, the largest at the top. Partners known only "
        "by a preview may have some of them.",
        layout={"name": "", "domain": "name", "account_id": "name", "segment": "", **_OWNER},
        nothing="Every account of yours is shared with somebody.",
    ),
    View(
        name="goals",
        title="Goals",
        schema=GOALS_SCHEMA,
        rows=lambda portfolio: portfolio.goals,
        about="What the partnerships are meant to reach, from their profiles.",
        noun=("goal", "goals"),
        shown=lambda portfolio: portfolio.goals.num_rows > 0,
    ),
    View(
        name="maturity",
        title="Maturity",
        schema=MATURITY_SCHEMA,
        rows=lambda portfolio: portfolio.maturity,
        about="How both sides see the partnership, and the next step of the one that is behind.",
        noun=("topic", "topics"),
        shown=lambda portfolio: portfolio.maturity.num_rows > 0,
    ),
)
"""In the order of the page's sections and the workbook's sheets."""

PORTFOLIO_VIEW: Final = {view.name: view for view in PORTFOLIO_VIEWS}


def portfolio_tables(portfolio: Portfolio) -> dict[str, pa.Table]:
    """Return each view's table by its name, as docs/portfolio.md describes them."""
    return {view.name: view.rows(portfolio) for view in PORTFOLIO_VIEWS}
