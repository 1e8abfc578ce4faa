"""What each seller is to do: a list for people, one owner after the other."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.overlap import PLAYS, AccountMap
from accountmap.report.columns import LABELS

_COLUMNS: Final = (
    "owner_name",
    "owner_email",
    "name",
    "sentence",
    "lead",
    "settle",
    "segment",
    "their_segment",
    "their_owner_name",
    "their_owner_email",
    "their_name",
    "amount",
    "country",
    "city",
    "website",
    "account_id",
    "match_id",
)


def sellers_list(account_map: AccountMap) -> pa.Table:
    """Give one row a shared account: by own owner, each in the order of the overlap; without an owner last.

    The headings are those that people read; "What to do" holds the play in plain words,
    "To settle" what both have to talk about first.
    """
    overlap = account_map.best_matches
    sentences = {f"{mine}+{theirs}": play.sentence for (mine, theirs), play in PLAYS.items()}
    cell = pc.binary_join_element_wise(overlap["segment"], overlap["their_segment"], "+")
    which = pc.index_in(cell, value_set=pa.array(list(sentences)))
    what_to_do = pa.chunked_array([pa.array(list(sentences.values()))]).take(which)
    table = (
        overlap.append_column("sentence", what_to_do)
        .append_column("settle", _to_settle(overlap["match_id"], account_map.conflicts))
        .append_column("seller", pc.coalesce(overlap["owner_name"], overlap["owner_email"]))
        .append_column("rank", pa.array(range(overlap.num_rows), pa.int64()))
        .sort_by([("seller", "ascending"), ("rank", "ascending")])
    )
    headings = LABELS | {"sentence": "What to do"}
    return table.select(_COLUMNS).rename_columns([headings[name] for name in _COLUMNS])


def _to_settle(match_id: pa.ChunkedArray, conflicts: pa.Table) -> pa.Array:
    """Join for each match what is to be settled, in one cell."""
    sentences: dict[str, list[str]] = {}
    for match, sentence in zip(conflicts["match_id"].to_pylist(), conflicts["settle"].to_pylist(), strict=True):
        sentences.setdefault(match, []).append(sentence)
    return pa.array([" ".join(sentences.get(match, ())) or None for match in match_id.to_pylist()], pa.string())
