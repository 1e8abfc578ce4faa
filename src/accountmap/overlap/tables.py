"""The tables of an account map, column by column; docs/reports.md describes them for their readers."""

from typing import Final

import pyarrow as pa

from accountmap.accounts.schema import ACCOUNT_SCHEMA

TIERS: Final = ("identifier", "domain", "strong name", "weak name")
"""How good the evidence of a match is, best first (`canonical.prepared.Slot.tier`)."""

OWN_COLUMNS: Final = (
    "name",
    "domain",
    "website",
    "country",
    "region",
    "city",
    "industry",
    "employees",
    "owner_name",
    "owner_email",
    "amount",
    "stage",
    "last_activity",
    "registered_deal",
)
"""The owner's columns that go into reports.

Registry ids, phone, general e-mail and the owner's extra columns stay out: reports are passed on, and
account_id leads back to them.
"""

THEIR_PREFIX: Final = "their_"

SHARED_COLUMNS: Final = (
    "name",
    "website",
    "country",
    "region",
    "city",
    "industry",
    "employees",
    "owner_name",
    "owner_email",
    "amount",
    "stage",
    "registered_deal",
)
"""The partner's columns that an agreement may name; here as `their_name` and so on.

All are text, as the partner wrote them: what comes from outside is shown, never computed with.
"""

SCORE_PARTS: Final = ("play", "amount", "stage", "recency", "fit", "evidence")
"""What a score is the sum of, as `score_play` and so on."""

_OWN_FIELDS: Final = [ACCOUNT_SCHEMA.field(name) for name in OWN_COLUMNS]


def _text(*names: str) -> list[pa.Field]:
    return [pa.field(name, pa.string(), nullable=False) for name in names]


def _text_or_null(*names: str) -> list[pa.Field]:
    return [pa.field(name, pa.string()) for name in names]


OVERLAP_SCHEMA: Final = pa.schema(
    [
        *_text("match_id", "account_id", "entity_id", "segment", "their_segment", "play"),
        *_text_or_null("lead"),
        *_text("tier", "evidence"),
        *_text_or_null("doubt", "review"),
        pa.field("score", pa.float64(), nullable=False),
        *(pa.field(f"score_{part}", pa.float64()) for part in SCORE_PARTS),
        *_text("account_segment"),
        *_text_or_null("territory", "change"),
        *_OWN_FIELDS,
        *_text_or_null(*(THEIR_PREFIX + name for name in SHARED_COLUMNS)),
    ]
)
"""One row for each own account of a matched entity and each match of it. `segment` is the entity's, the strongest
of its accounts; `account_segment` the account's own; `territory` the entity's country, as an ISO 3166 code. `lead`
is "me", "them" or "both" by the first rule of engagement that fits, null if none does. `tier` is the best of the
match, `evidence` its slots joined by "+", `doubt` what speaks against it, `review` "kept" if the user said so.
`score` is the match's, 0 to 100, and the sum of the parts after it; a part that has nothing to go by is null.
`change` is "new", "moved" or "same" since the session before, null if there was none.
What the partner showed of its entity is null where the agreement does not name the field."""

WHITESPACE_SCHEMA: Final = pa.schema(
    [
        *_text("account_id", "entity_id", "segment", "compared_with", "counted_with"),
        *_text_or_null("why_not", "review"),
        *_text("account_segment"),
        *_text_or_null("territory"),
        *_OWN_FIELDS,
    ]
)
"""One row an own account of an entity without a match. `compared_with` names the partner's segments in which a
match would have been revealed, `counted_with` those in which matches were only counted, joined by "+". If the
entity was compared with none, `why_not` says why: one of WHY_NOT. `review` is "rejected" if the user rejected its
match."""

OFF_LIMITS: Final = "off limits"
OUTSIDE: Final = "outside the joint filter"
COUNTED_ONLY: Final = "only counted"
HIDDEN: Final = "segment hidden"
WHY_NOT: Final = (COUNTED_ONLY, HIDDEN, OUTSIDE, OFF_LIMITS)

MATRIX_SCHEMA: Final = pa.schema(
    [
        *_text("segment", "their_segment", "play"),
        pa.field("compared", pa.bool_(), nullable=False),
        pa.field("named", pa.bool_(), nullable=False),
        pa.field("entities", pa.int64()),
        pa.field("accounts", pa.int64()),
        pa.field("amount", pa.float64()),
        pa.field("preview_at_least", pa.int64()),
        pa.field("preview_fewer_than", pa.int64()),
    ]
)
"""One row a cell, all nine, strongest segments first. If its matches were revealed (`named`): how many there are,
in own entities, the own accounts in them and the sum of their amounts. If it was compared, the preview's count; in
a cell that was only counted, instead of a count above zero and below the agreement's smallest cell, that bound."""

CONFLICT_SCHEMA: Final = pa.schema(
    [
        *_text("reason", "settle", "match_id", "account_id", "entity_id", "segment", "their_segment"),
        *_text_or_null("lead", "territory", "name", "owner_name", "owner_email", "stage", "registered_deal"),
        pa.field("amount", pa.float64()),
        *_text_or_null(
            *(
                THEIR_PREFIX + name
                for name in ("name", "country", "owner_name", "owner_email", "stage", "registered_deal")
            )
        ),
    ]
)
"""One row a match and a reason for which both may get into each other's way, with what to settle. The match stands
with its entity's first account; all columns are as in the overlap."""

CAMPAIGN_SCHEMA: Final = pa.schema(
    [
        *_text("entity_id", "account_id", "segment", "their_segment", "play"),
        *_text_or_null("name", "domain", "website", "territory", "region", "city", "industry", "size"),
        *_text_or_null("owner_name", "owner_email"),
        *_text_or_null("their_name", "their_owner_name", "their_owner_email"),
        pa.field("employees", pa.int64()),
    ]
)
"""One row an entity for joint marketing: `size` is its band of employees."""

BUDGET_SCHEMA: Final = pa.schema(
    [
        *_text("by"),
        *_text_or_null("value"),
        pa.field("entities", pa.int64(), nullable=False),
        pa.field("accounts", pa.int64(), nullable=False),
        pa.field("employees", pa.int64(), nullable=False),
    ]
)
"""The joint-marketing list in numbers. `by` is "territory", "industry" or "size", a null `value` what the own list
does not say; `employees` are the sum over entities whose number is known."""

COVERAGE_SCHEMA: Final = pa.schema(
    [
        *_text_or_null("territory"),
        *_text("segment"),
        *(
            pa.field(name, pa.int64(), nullable=False)
            for name in ("listed", "overlap", "their_customers", "whitespace", "not_compared")
        ),
        pa.field("overlap_amount", pa.float64()),
        pa.field("whitespace_amount", pa.float64()),
    ]
)
"""Own entities by territory and segment: `listed` is the sum of overlap, whitespace and not compared, and
`their_customers` the part of the overlap that they serve."""
