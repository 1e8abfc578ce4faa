"""The matches in doubt as a file to fill in and give back to `accountmap report review`."""

from typing import Final

import pyarrow as pa

from accountmap.overlap import REVIEW_COLUMNS, AccountMap
from accountmap.overlap.columns import first_of_each
from accountmap.report.csv_table import to_csv

_TO_READ_BY: Final = (
    "doubt",
    "name",
    "their_name",
    "domain",
    "website",
    "their_website",
    "country",
    "their_country",
    "owner_name",
    "match_id",
)


def review_csv(account_map: AccountMap) -> bytes:
    """Write one row a match in doubt: the columns of a review, the decision blank, and what to judge it by.

    An entity is named by its first account.
    """
    rows = account_map.to_review
    rows = rows.take(pa.array(first_of_each(rows["match_id"])))
    table = rows.append_column("decision", pa.nulls(rows.num_rows, pa.string()))
    return b"".join(to_csv(table.select([*REVIEW_COLUMNS, *_TO_READ_BY])))
