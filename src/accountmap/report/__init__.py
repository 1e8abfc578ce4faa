"""The account map rendered for people and for other programs."""

from accountmap.report.files import review_csv, write_influence, write_portfolio, write_reports
from accountmap.report.html import render_page
from accountmap.report.influence_words import influence_summary
from accountmap.report.json_export import json_schema, portfolio_schema
from accountmap.report.portfolio_words import portfolio_sentences
from accountmap.report.sql import write_sql
from accountmap.report.wording import headline, summary_sentences

__all__ = [
    "headline",
    "influence_summary",
    "json_schema",
    "portfolio_schema",
    "portfolio_sentences",
    "render_page",
    "review_csv",
    "summary_sentences",
    "write_influence",
    "write_portfolio",
    "write_reports",
    "write_sql",
]
