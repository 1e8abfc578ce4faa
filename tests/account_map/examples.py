"""Account lists and session results made up in memory, for the tests of maps and reports."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from accountmap.account_map import MATCH_SCHEMA, AccountMap, SessionResult, build_map, with_history
from accountmap.account_map.schema import WITHHELD_SCHEMA
from accountmap.accounts.schema import ACCOUNT_SCHEMA, SEGMENTS, AccountList
from accountmap.linkage.prepared import ENTITY_SCHEMA, KEY_SCHEMA, MEMBER_SCHEMA, Prepared, Profile, Slot
from accountmap.model import Says, Strength

PROFILE = Profile(
    name="example",
    slots=(
        Slot("domain", "domain", 16, Strength.STRONG, Says.DOMAIN),
        Slot("lei", "lei", 8, Strength.STRONG, Says.OTHER),
        Slot("name", "name", 4, Strength.STRONG, Says.NAME),
        Slot("name_country", "name in country", 3, Strength.STRONG, Says.COUNTRY),
        Slot("label", "name", 2, Strength.WEAK, Says.OTHER),
    ),
    threshold=4,
)

ALL_CELLS = frozenset((mine, theirs) for mine in SEGMENTS for theirs in SEGMENTS)

MATCH = {"weight": 4, "strength": "strong", "evidence": ["name"], "contradiction": []}
"""What the matches of these examples have in common."""

Row = Mapping[str, Any]


def account_list(rows: Iterable[Row], notes: tuple[str, ...] = ()) -> AccountList:
    table = pa.Table.from_pylist([{"segment": "prospect", **row} for row in rows], schema=ACCOUNT_SCHEMA)
    return AccountList(table=table, extras=pa.table({"row": pa.array(range(table.num_rows))}), notes=notes)


def prepared_list(accounts: AccountList, together: Iterable[tuple[str, ...]] = ()) -> Prepared:
    """Each account is an entity of its own, but for those that are named together."""
    first = {account_id: min(group) for group in together for account_id in group}
    entity_of = [first.get(x, x) for x in accounts.table["account_id"].to_pylist()]
    entities = list(dict.fromkeys(entity_of))
    row_of = {entity: row for row, entity in enumerate(entities)}
    segments = [len(SEGMENTS)] * len(entities)
    for entity, segment in zip(entity_of, accounts.table["segment"].to_pylist(), strict=True):
        segments[row_of[entity]] = min(segments[row_of[entity]], SEGMENTS.index(segment))
    members = reversed(list(zip(accounts.table["account_id"].to_pylist(), entity_of, strict=True)))
    return Prepared(
        profile=PROFILE,
        entities=pa.table(
            {
                "entity_id": entities,
                "segment": [SEGMENTS[s] for s in segments],
                "full_name": [None] * len(entities),
            },
            schema=ENTITY_SCHEMA,
        ),
        members=pa.Table.from_pylist(
            [{"account_id": a, "entity": row_of[e]} for a, e in members], schema=MEMBER_SCHEMA
        ),
        keys=KEY_SCHEMA.empty_table(),
    )


def session(
    matches: Iterable[Row], shown: Mapping[str, list[str | None]] | None = None, **changes: Any
) -> SessionResult:
    """A result with these matches; `shown` are the partner's fields, each a column with a value a match."""
    rows = [{"match_id": f"{row['entity']:032x}", **MATCH, **row} for row in matches]
    values: dict[str, Any] = {
        "session_id": "5e55" * 16,
        "own_name": "Northwind",
        "partner_name": "Contoso",
        "finished": datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        "named_cells": ALL_CELLS,
        "partner_sizes": {"customer": 20, "opportunity": 10, "prospect": 30},
        "matches": pa.Table.from_pylist(rows, schema=MATCH_SCHEMA),
        "their_fields": pa.table({name: pa.array(column, pa.string()) for name, column in (shown or {}).items()}),
        "receipt": "beef" * 16,
        "reveals": ("Which of your accounts are on both lists.",),
        "rules": (),
        "withheld": WITHHELD_SCHEMA.empty_table(),
    } | changes
    fields = dict.fromkeys(values["named_cells"], (tuple(shown or ()), tuple(shown or ())))
    return SessionResult(**({"shown_fields": fields} | values))


def one_account_map(shown: Mapping[str, str] | None = None, **columns: Any) -> AccountMap:
    """A map with one account, which is shared, and what the partner showed of it."""
    accounts = account_list([{"account_id": "1"} | columns])
    result = session(
        [{"entity": 0, "their_segment": "customer"}], {name: [text] for name, text in (shown or {}).items()}
    )
    return build_map(accounts, prepared_list(accounts), result)


def month(
    number: int,
    segments: dict[str, str],
    shared: dict[str, str],
    together: Iterable[tuple[str, ...]] = (),
    name: str = "Tern",
    **changes: Any,
) -> AccountMap:
    """The map of one month's session: segments by account, and the partner's segment by shared entity."""
    accounts = account_list(
        {"account_id": a, "segment": s, "name": f"{name} {a} in {number}"} for a, s in segments.items()
    )
    prepared = prepared_list(accounts, together)
    row = {entity: at for at, entity in enumerate(prepared.entities["entity_id"].to_pylist())}
    matches = [
        {"entity": row[e], "their_segment": theirs, "match_id": f"{number}{row[e]:031x}"}
        for e, theirs in shared.items()
    ]
    finished = datetime(2026, number, 2, tzinfo=UTC)
    return build_map(accounts, prepared, session(matches, finished=finished, session_id=f"{number:02}", **changes))


def two_months(name: str = "Tern") -> AccountMap:
    """The map of a second session, with its history: one account each is new, moved, gone and the same."""
    own = dict.fromkeys(("new", "moved", "gone", "same"), "prospect")
    before = month(1, own, {"moved": "prospect", "gone": "customer", "same": "customer"}, name=name)
    now = month(2, own, {"new": "customer", "moved": "customer", "same": "customer"}, name=name)
    return with_history([before, now])
