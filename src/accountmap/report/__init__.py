"""The account map rendered for people and for other programs."""

from accountmap.report.page import render_page
from accountmap.report.review_sheet import review_csv
from accountmap.report.sentences import headline, summary_sentences
from accountmap.report.sql_tables import write_sql
from accountmap.report.write import write_reports

__all__ = ["headline", "render_page", "review_csv", "summary_sentences", "write_reports", "write_sql"]
