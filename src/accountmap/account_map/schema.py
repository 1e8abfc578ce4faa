"""The columns of the account map's tables and of a session's result, as docs/reports.md describes them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import pyarrow as pa

from accountmap.accounts.schema import ACCOUNT_SCHEMA
from accountmap.model import SHARED_FIELDS

MATCH_SCHEMA: Final = pa.schema(
    [
        pa.field("match_id", pa.string(), nullable=False),
        pa.field("entity", pa.int32(), nullable=False),
        pa.field("their_segment", pa.string(), nullable=False),
        pa.field("weight", pa.int64(), nullable=False),
        pa.field("strength", pa.string(), nullable=False),
        pa.field("evidence", pa.list_(pa.string()), nullable=False),
        pa.field("contradiction", pa.list_(pa.string()), nullable=False),
    ]
)
"""One row per match: id (hex), row of the own entity, the partner's segment, the summed weight, the strength of
the leading pair of slots (STRENGTHS), the slots that the shared pairs count as, highest-ranked first
(account-psi-v2 §8.2), and what contradicts the match (CONTRADICTIONS). All columns but the second and third are
equal on both sides. An entity has at most one match in each rectangle of the agreement: several only if the
partner lists the company in several segments."""

PAIR_SCHEMA: Final = pa.schema(
    [
        pa.field("match_id", pa.string(), nullable=False),
        pa.field("own_slot", pa.int32(), nullable=False),
        pa.field("their_slot", pa.int32(), nullable=False),
    ]
)
"""One row for each key that a possible match shares: the numbers, in the agreement, of the slots that have it on
either side."""

ESTIMATE_SCHEMA: Final = pa.schema(
    [
        pa.field("segment", pa.string()),
        pa.field("their_segment", pa.string()),
        pa.field("entities", pa.int64(), nullable=False),
        pa.field("estimate", pa.int64(), nullable=False),
        pa.field("at_least", pa.int64(), nullable=False),
        pa.field("at_most", pa.int64(), nullable=False),
        pa.field("made", pa.timestamp("us", "UTC"), nullable=False),
    ]
)
"""What the two sketches say, made once for the pair: how many own entities there are in a segment, how many of
them are on the partner's list, and the interval that holds the true number in about 95 of 100 cases
(account-psi-v2 §5.5). A null `segment` is the whole own list, a null `their_segment` the whole of theirs; only
sketches by segment name one of theirs. A segment of fewer than 100 own entities has no row."""

TOTALS_SCHEMA: Final = pa.schema(
    [
        pa.field("by", pa.string(), nullable=False),
        pa.field("their_segment", pa.string()),
        pa.field("value", pa.string()),
        pa.field("entities", pa.int64(), nullable=False),
    ]
)
"""What the partner showed of its list besides matches (message-v2 §6.2): noisy totals of the list of its
sketch, by "all", "country", "industry" and "size", which have no segment; and, if it opted in, "name": accounts
without a match. Values are text from outside."""

WITHHELD_SCHEMA: Final = pa.schema(
    [pa.field("entity", pa.int32(), nullable=False), pa.field("reason", pa.string(), nullable=False)]
)
"""Own entities that took no part, and why: "off limits" or "outside the joint filter"."""

ME: Final = "me"
THEM: Final = "them"
BOTH: Final = "both"


@dataclass(frozen=True)
class EngagementRule:
    """One of the agreement's rules of who leads, seen from this side. The first that fits an account applies.

    Attributes:
        segments, their_segments: the cells that it applies to.
        countries: ISO 3166 codes; it applies if the own entity's country is one of them. Empty for all.
        lead: ME, THEM or BOTH.
    """

    segments: frozenset[str]
    their_segments: frozenset[str]
    countries: frozenset[str]
    lead: str


@dataclass(frozen=True, repr=False)
class SessionResult:
    """One side's view of a finished session.

    Attributes:
        session_id: hex, equal on both sides.
        own_name, partner_name: as on the partner cards.
        finished: when this side finished, in UTC.
        partner_sizes: the partner's padded number of entities by segment.
        matches: MATCH_SCHEMA, the matches that were revealed.
        their_fields: what the partner showed of its matched entities: row for row with `matches`, one column of
            text for each field of the agreement, named as in ACCOUNT_SCHEMA. Text from outside.
        receipt: hex digest that both sides signed: what was counted, matched and shown.
        reveals: one plain sentence for each thing that the partner learned.
        named_cells: the (own segment, partner's segment) in which matches were revealed.
        shown_fields: what each showed of the matches in a named cell: own fields, the partner's fields.
        rules: the rules of engagement; empty if none are agreed.
        withheld: WITHHELD_SCHEMA.
        counted_cells: the cells for counts only: at most, there is an estimate for them.
        possible: MATCH_SCHEMA, the matches to ask about: neither side learned the other's account.
        possible_pairs: PAIR_SCHEMA, the keys that each of these matches shares.
        estimates: ESTIMATE_SCHEMA.
        totals: TOTALS_SCHEMA, or None if the partner shows nothing of its list besides matches.
        totals_noise: the scale t of the noise in the totals (account-psi-v2 §5.6); 0 without totals.
    """

    session_id: str
    own_name: str
    partner_name: str
    finished: datetime
    partner_sizes: dict[str, int]
    matches: pa.Table
    their_fields: pa.Table
    receipt: str
    reveals: tuple[str, ...]
    named_cells: frozenset[tuple[str, str]]
    shown_fields: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]]
    rules: tuple[EngagementRule, ...]
    withheld: pa.Table
    counted_cells: frozenset[tuple[str, str]] = frozenset()
    possible: pa.Table = field(default_factory=MATCH_SCHEMA.empty_table)
    possible_pairs: pa.Table = field(default_factory=PAIR_SCHEMA.empty_table)
    estimates: pa.Table = field(default_factory=ESTIMATE_SCHEMA.empty_table)
    totals: pa.Table | None = None
    totals_noise: int = 0


STRONG: Final = "strong"
WEAK: Final = "weak"
STRENGTHS: Final = (STRONG, WEAK)
"""How good the evidence of a match is, best first (account-psi-v2 §8.2)."""

CONTRADICTIONS: Final = ("domain", "country")
"""What can contradict a match: both have a domain and none is shared; or they share a name, both have a
country, and no key with a country is shared (account-psi-v2 §8.2)."""

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
    "currency",
    "stage",
    "last_activity",
    "registered_deal",
)
"""The owner's columns that go into reports.

Registry ids, phone, general e-mail and the owner's extra columns stay out: reports are passed on, and
account_id leads back to them.
"""

THEIR_PREFIX: Final = "their_"

SHARED_COLUMNS: Final = SHARED_FIELDS
"""The partner's columns that an agreement may name; here as `their_name` and so on.

All are text, as the partner wrote them: what comes from outside is shown, never computed with.
"""

SCORE_PARTS: Final = ("play", "amount", "stage", "recency", "fit", "propensity", "evidence")
"""The parts that add up to a score; their columns are `score_play` and so on."""

_OWN_FIELDS: Final = [ACCOUNT_SCHEMA.field(name) for name in OWN_COLUMNS]


def _text(*names: str) -> list[pa.Field]:
    return [pa.field(name, pa.string(), nullable=False) for name in names]


def _text_or_null(*names: str) -> list[pa.Field]:
    return [pa.field(name, pa.string()) for name in names]


OVERLAP_SCHEMA: Final = pa.schema(
    [
        *_text("match_id", "account_id", "entity_id", "segment", "their_segment", "play"),
        *_text_or_null("lead"),
        *_text("strength", "evidence"),
        *_text_or_null("contradiction", "doubt"),
        pa.field("match_score", pa.float64(), nullable=False),
        *_text_or_null("review"),
        pa.field("score", pa.float64(), nullable=False),
        *(pa.field(f"score_{part}", pa.float64()) for part in SCORE_PARTS),
        *_text("account_segment"),
        *_text_or_null("territory", "change"),
        *_OWN_FIELDS,
        *_text_or_null(*(THEIR_PREFIX + name for name in SHARED_COLUMNS)),
    ]
)
"""One row for each own account of a matched entity and each of its matches. `segment` is the entity's, the
strongest of its accounts; `account_segment` the account's own; `territory` the entity's country, as an ISO 3166
code. `lead` is "me", "them" or "both" by the first rule of engagement that fits, null if none does. `strength`,
`evidence` and `contradiction` (slots and contradictions joined by "+"), `doubt` (what speaks against the match)
and `match_score` (0 to 100, how good the evidence is) come from what both sides know, and are equal on both.
`review` is "kept" if the user said so, "confirmed" if a person answered that it is the same company. `score`,
0 to 100, ranks the match and is the sum of the parts after it; a part without any data is null.
`change` is "new", "moved" or "same" since the session before, null if there was none. What the partner showed
is null where the agreement does not name the field."""

POSSIBLE_SCHEMA: Final = pa.schema(
    [
        *_text("match_id", "account_id", "entity_id", "segment", "their_segment", "strength", "evidence"),
        *_text_or_null("contradiction", "doubt"),
        pa.field("match_score", pa.float64(), nullable=False),
        *_text_or_null("answer", "territory"),
        *_OWN_FIELDS,
    ]
)
"""One row for each own account of an entity with a possible match, and each such match, best evidence first.
`answer` is "asked" if the partner has not answered yet, "to answer" if its question waits for an answer, "no" if a
person said so, null if nobody has asked. An answer "same" moves the match to the overlap."""

WHITESPACE_SCHEMA: Final = pa.schema(
    [
        *_text("account_id", "entity_id", "segment", "status", "compared_with", "counted_with"),
        *_text_or_null("why_not", "review"),
        *_text("account_segment"),
        *_text_or_null("territory"),
        *_OWN_FIELDS,
    ]
)
"""One row per own account of an entity without a match or a possible one. `status` is one of WHITESPACE: only
what was compared with every segment of theirs is known not to be on their list. `compared_with` names the
partner's segments in which a match would have been revealed, `counted_with` those for counts only, joined by
"+"; `why_not` says why the entity was not compared with all: one of WHY_NOT. `review` is "rejected" if the user
rejected its match, "answered no" if a person on one side did."""

NOT_ON_THEIR_LIST: Final = "not on their list"
ONLY_COUNTED: Final = "only counted"
NOT_COMPARED: Final = "not compared"
WHITESPACE: Final = (NOT_ON_THEIR_LIST, ONLY_COUNTED, NOT_COMPARED)

OFF_LIMITS: Final = "off limits"
OUTSIDE: Final = "outside the joint filter"
COUNTS_AGREED: Final = "counts only, as agreed"
HIDDEN: Final = "hidden, as agreed"
WHY_NOT: Final = (COUNTS_AGREED, HIDDEN, OUTSIDE, OFF_LIMITS)

NAMES: Final = "names"
COUNTS: Final = "counts"
LEVELS: Final = (NAMES, COUNTS, "hidden")
"""What a session shows of a cell: which accounts match, about how many, or nothing."""

MATRIX_SCHEMA: Final = pa.schema(
    [
        *_text("segment", "their_segment", "play", "level"),
        pa.field("entities", pa.int64()),
        pa.field("accounts", pa.int64()),
        pa.field("amount", pa.float64()),
        pa.field("possible", pa.int64()),
        pa.field("estimate", pa.int64()),
        pa.field("at_least", pa.int64()),
        pa.field("at_most", pa.int64()),
    ]
)
"""One row per cell, all nine, strongest segments first; `level` is one of LEVELS. Where matches were revealed: the
own entities that have one, their accounts and the sum of their amounts, and the number of possible matches that
nobody has denied. The estimate and its interval, if the sketches have segments. Whatever is not known is null."""

UNMATCHED_SCHEMA: Final = pa.schema(
    [
        *_text("by"),
        *_text_or_null("value", "their_segment"),
        pa.field("listed", pa.int64()),
        pa.field("matched", pa.int64()),
        *(pa.field(name, pa.int64(), nullable=False) for name in ("entities", "at_least", "at_most")),
    ]
)
"""Theirs without me. `by` is "all", "country", "size" or "industry": `listed` is then the partner's noisy total,
`matched` what is in the overlap, `entities` the difference, and the last two the range that holds it in 95 of 100
cases. Or "name", if the partner opted in: how many of its entities have this name and no match."""

CONFLICT_SCHEMA: Final = pa.schema(
    [
        *_text("reason", "next_step", "match_id", "account_id", "entity_id", "segment", "their_segment"),
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
"""One row for each match and each reason why the two sides may get in each other's way, with what to do about it.
The match is named by its entity's first account; all columns are as in the overlap."""

CAMPAIGN_SCHEMA: Final = pa.schema(
    [
        *_text("entity_id", "account_id", "segment", "their_segment", "play"),
        *_text_or_null("name", "domain", "website", "territory", "region", "city", "industry", "size"),
        *_text_or_null("owner_name", "owner_email"),
        *_text_or_null("their_name", "their_owner_name", "their_owner_email"),
        pa.field("employees", pa.int64()),
    ]
)
"""One row per entity for joint marketing: `size` is its band of employees."""

BUDGET_SCHEMA: Final = pa.schema(
    [
        *_text("by"),
        *_text_or_null("value"),
        pa.field("entities", pa.int64(), nullable=False),
        pa.field("accounts", pa.int64(), nullable=False),
        pa.field("employees", pa.int64(), nullable=False),
    ]
)
"""The joint-marketing list in numbers. `by` is "territory", "industry" or "size", a null `value` stands for
entities of which the own list does not say; `employees` is the sum over entities whose number is known."""

COVERAGE_SCHEMA: Final = pa.schema(
    [
        *_text_or_null("territory"),
        *_text("segment"),
        *(
            pa.field(name, pa.int64(), nullable=False)
            for name in (
                "listed",
                "overlap",
                "their_customers",
                "possible",
                "whitespace",
                "only_counted",
                "not_compared",
            )
        ),
        pa.field("overlap_amount", pa.float64()),
        pa.field("whitespace_amount", pa.float64()),
    ]
)
"""Own entities by territory and segment: `listed` is the sum of overlap, possible, whitespace (not on their
list), only counted and not compared; `their_customers` is the part of the overlap that they serve."""
