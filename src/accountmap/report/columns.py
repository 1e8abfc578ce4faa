"""The columns of the reports: their headings, and how people read their values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map import CHANGES, PLAYS, REASONS, SCORE_PARTS, STRENGTHS, WHITESPACE
from accountmap.account_map.ideal import VERDICTS
from accountmap.account_map.own_accounts import mapped
from accountmap.account_map.qualification import DISAGREEMENTS
from accountmap.accounts.schema import SEGMENTS, SIZE_BANDS, size_band
from accountmap.influence.attribution import CLASSES
from accountmap.influence.models import MODELS
from accountmap.portfolio import STATES

_USUAL_WIDTH: Final = 16


@dataclass(frozen=True)
class Column:
    """How a column is shown to people, wherever it is shown.

    Attributes:
        label: the heading.
        width: of a text column in the workbook, in characters.
        choose: whether the page offers its values as a filter.
        order: its values in the order in which to list them; empty for the alphabet.
        before: what the page writes before a value that is shown below another one.
        mail: the column with the e-mail addresses that the page links its values to.
        parts: whether its values are parts joined by " · ", none of which is broken across lines.
        opens: the table of the page where choosing a value lists the rows that have it.
    """

    label: str
    width: int = _USUAL_WIDTH
    choose: bool = False
    order: Sequence[str] = ()
    before: str = ""
    mail: str = ""
    parts: bool = False
    opens: str = ""


_PLAY_ORDER: Final = tuple(dict.fromkeys(play.name for play in sorted(PLAYS.values(), key=lambda play: play.rank)))

_OF_INFLUENCE: Final[dict[str, Column]] = {
    "of": Column("Revenue or pipeline", 18, choose=True),
    "class": Column("Class", choose=True, order=CLASSES),
    "role": Column("Role", choose=True, order=CLASSES),
    "deals": Column("Deals"),
    "with_others": Column("Of these, also another partner's"),
    "deal_id": Column("Deal ID", before="ID ", opens="touches"),
    "deal_name": Column("Deal", 36),
    "deal_amount": Column("Amount"),
    "outcome": Column("Outcome", choose=True),
    "sourced_by": Column("Sourced by", 24, choose=True),
    "sourced_how": Column("By which touch", 18, before="by "),
    "influenced_by": Column("Influenced by", 30, parts=True),
    "claimed_by": Column("Claimed by", 30, parts=True),
    "touches": Column("Touches that count"),
    "created": Column("Created"),
    "closed": Column("Closed"),
    "kind": Column("Kind of touch", 18, choose=True),
    "date": Column("Day"),
    "days_after_creation": Column("Days after creation"),
    "stage_then": Column("Stage then", 18),
    "counts": Column("Counts as", choose=True, order=(*CLASSES, "no")),
    "not_counted": Column("Why it does not count", 30, choose=True),
    "record": Column("Where it is recorded", 44),
    "model": Column("Model", choose=True),
    "credit": Column("Credit, in smallest units"),
    "credited": Column("Credit"),
    **{name.replace(" ", "_"): Column(name.capitalize()) for name in MODELS},
    "lowest": Column("Lowest"),
    "highest": Column("Highest"),
    "spread": Column("Spread"),
    "with_deals": Column("Deals with"),
    "without_deals": Column("Deals without"),
    "with_value": Column("With"),
    "without_value": Column("Without"),
    "difference": Column("Difference"),
    "verdict": Column("Verdict", 20, choose=True),
    "attribute": Column("Attribute"),
    "apart_before": Column("Apart before matching"),
    "apart_after": Column("Apart after matching"),
    "exactly": Column("Of these, alike in everything"),
    "unmatched": Column("Without a similar deal"),
    "partner_cost": Column("Cost"),
    "cost_from": Column("Cost from"),
    "sourced_revenue": Column("Sourced revenue"),
    "credited_at_least": Column("Credited, at least"),
    "credited_at_most": Column("Credited, at most"),
    "return_at_least": Column("Return, at least"),
    "return_at_most": Column("Return, at most"),
    "known_since": Column("Known since"),
    "series": Column("Series", 20, choose=True),
    "month": Column("Month"),
    "months": Column("Months"),
    "since": Column("Since"),
    "mean_before": Column("Mean before"),
    "mean_after": Column("Mean after"),
    "by_chance": Column("By chance"),
}

COLUMNS: Final[dict[str, Column]] = {
    **_OF_INFLUENCE,
    "partner_name": Column("Partner", 24, choose=True),
    "measure": Column("Measure", choose=True),
    "method": Column("Method"),
    "match_id": Column("Match", 34, before="match "),
    "account_id": Column("Account ID", before="ID "),
    "entity_id": Column("Company ID"),
    "segment": Column("Your segment", choose=True, order=SEGMENTS),
    "their_segment": Column("Their segment", choose=True, order=SEGMENTS),
    "play": Column("Play", 22, choose=True, order=_PLAY_ORDER),
    "lead": Column("Who leads", choose=True),
    "strength": Column("Evidence", choose=True, order=STRENGTHS),
    "evidence": Column("Same on both lists", 24),
    "contradiction": Column("Different"),
    "doubt": Column("In doubt", 26, choose=True),
    "match_score": Column("Evidence score"),
    "review": Column("Reviewed", choose=True),
    "answer": Column("Answer", choose=True, order=("to answer", "asked", "no")),
    "decision": Column("Decision"),
    "reason": Column("Reason", 26, choose=True, order=REASONS),
    "next_step": Column("Next step", 60),
    "score": Column("Score"),
    **{f"score_{part}": Column(f"Score: {part}") for part in SCORE_PARTS},
    "score_parts": Column("Parts of the score", parts=True),
    "account_segment": Column("Account's own segment"),
    "probability": Column("Chance to buy, %"),
    "reasons": Column("What raises or lowers it", 60),
    "agreed_fit": Column("Agreed ideal customer", 18, choose=True, order=VERDICTS),
    "agreed_points": Column("Points, agreed", before="points: "),
    "own_fit": Column("Your ideal customer", 18, choose=True, order=VERDICTS),
    "own_points": Column("Points, yours", before="points: "),
    "their_fit": Column("Their ideal customer", 18, choose=True, order=VERDICTS),
    "their_points": Column("Points, theirs", before="points: "),
    "disagreement": Column("Where the profiles disagree", 24, choose=True, order=DISAGREEMENTS),
    "change": Column("Since last time", choose=True, order=CHANGES, before="since last time: "),
    "why": Column("Why", 24, choose=True),
    "segment_before": Column("Your segment before", before="before: "),
    "their_segment_before": Column("Their segment before", before="before: "),
    "session_id": Column("Session"),
    "finished": Column("Day"),
    "made": Column("Estimated on"),
    "listed": Column("On the list"),
    "their_listed_at_most": Column("Their list, at most"),
    "overlap": Column("Shared"),
    "new": Column("New"),
    "moved": Column("Moved"),
    "gone": Column("Gone"),
    "level": Column("What was revealed"),
    "status": Column("Status", 18, choose=True, order=WHITESPACE),
    "compared_with": Column("Compared with their", 20),
    "counted_with": Column("Only counted with their", 20, before="only counted with: "),
    "why_not": Column("Why not compared", 22, choose=True),
    "territory": Column("Country code", choose=True),
    "by": Column("By"),
    "value": Column("Which", 24),
    "size": Column("Size", choose=True, order=SIZE_BANDS),
    "their_customers": Column("Of these, their customers"),
    "possible": Column("Possible matches"),
    "whitespace": Column("Only on your list"),
    "only_counted": Column("Only counted"),
    "not_compared": Column("Not compared"),
    "overlap_amount": Column("Open amount, shared"),
    "whitespace_amount": Column("Open amount, only on your list"),
    "entities": Column("Companies"),
    "accounts": Column("Accounts of yours"),
    "matched": Column("Of these, matched"),
    "estimate": Column("Estimate"),
    "at_least": Column("At least, about"),
    "at_most": Column("At most, about"),
    "name": Column("Account", 36),
    "domain": Column("Domain"),
    "website": Column("Website"),
    "country": Column("Country", choose=True),
    "region": Column("Region"),
    "city": Column("City"),
    "industry": Column("Industry", choose=True, before="industry: "),
    "employees": Column("Employees"),
    "owner_name": Column("Owner", choose=True),
    "owner_email": Column("Owner's e-mail", 28),
    "amount": Column("Open amount"),
    "currency": Column("Currency", choose=True),
    "stage": Column("Stage"),
    "last_activity": Column("Last activity"),
    "registered_deal": Column("Registered deal"),
    "their_name": Column("Their name", 30),
    "their_website": Column("Their website"),
    "their_country": Column("Their country"),
    "their_region": Column("Their region"),
    "their_city": Column("Their city"),
    "their_industry": Column("Their industry"),
    "their_employees": Column("Their employees"),
    "their_owner_name": Column("Their owner", choose=True, mail="their_owner_email"),
    "their_owner_email": Column("Their owner's e-mail", 28),
    "their_amount": Column("Their amount"),
    "their_stage": Column("Their stage"),
    "their_registered_deal": Column("Their registered deal"),
    "partner": Column("Partner, short"),
    "second": Column("Second partner, short"),
    "third": Column("Third partner, short"),
    "who": Column("Partners", 50, parts=True),
    "state": Column("Known from", choose=True, order=STATES),
    "types": Column("Types", 24, choose=True),
    "partner_tier": Column("Tier", choose=True),
    "tier_by": Column("Tier by"),
    "owner": Column("Looked after by"),
    "their_owner": Column("On their side", before="theirs: "),
    "rating": Column("Rating", choose=True),
    "score_at_least": Column("Score, at least"),
    "score_at_most": Column("Score, at most"),
    "shared": Column("Shared"),
    **{name: Column(name.capitalize()) for name in ("customers", "opportunities", "targets", "pipeline")},
    **{
        f"adds_{name}": Column(f"{name.capitalize()} only through them")
        for name in ("customers", "opportunities", "targets", "pipeline")
    },
    **{
        f"{name}_at_{end}": Column(f"{name.capitalize()}, at {end}")
        for name in ("shared", "customers", "opportunities", "targets")
        for end in ("least", "most")
    },
    "first_mapped": Column("First mapped"),
    "last_mapped": Column("Last mapped"),
    "sessions": Column("Sessions"),
    "introductions_received": Column("Introductions they made"),
    "introductions_given": Column("Introductions you made"),
    "asked": Column("Asked of them"),
    "answered_in_time": Column("Answered in time"),
    "answer_days": Column("Days to answer, median"),
    "cost": Column("Cost a year"),
    "cost_currency": Column("Currency of the cost"),
    "margin": Column("Margin, percent"),
    "our_maturity": Column("Maturity, as you see it"),
    "their_maturity": Column("Maturity, as they see it"),
    "note": Column("Note", 40),
    "total": Column("On your list"),
    "reached": Column("Reached"),
    "share": Column("Share"),
    "adds": Column("Only through them"),
    "adds_at_least": Column("Only through them, at least"),
    "adds_at_most": Column("Only through them, at most"),
    "wanted": Column("Share wanted"),
    "members": Column("How many"),
    "chosen": Column("Partners", 60, parts=True),
    "step": Column("Step"),
    "best_at_most": Column("Best with as many, at most"),
    "partners": Column("Partners"),
    "customer_of": Column("Served by"),
    "shared_with": Column("Shared with", 60, parts=True),
    "mapped": Column("Mapped on", before="mapped "),
    "question": Column("What to ask", 90),
    "part": Column("Part"),
    "points": Column("Points"),
    "most_points": Column("Points, at most"),
    "hits": Column("Hits"),
    "observed": Column("Of"),
    "day": Column("Day"),
    "several": Column("With several"),
    "mapped_partners": Column("Partners mapped"),
    "goal": Column("Goal"),
    "topic": Column("Topic", 20),
    "ours": Column("You"),
    "theirs": Column("They"),
    "apart": Column("Stages apart"),
    "finding": Column("What stands out", 44),
    "whose_step": Column("Whose step"),
    "opened": Column("Opened"),
}
"""Every column that people are shown, by name."""

THEIRS: Final = "theirs: "

MATCH_DIGITS: Final = 8
"""Enough of a match id to name an account to the partner on the phone."""

LEADS: Final = {"me": "you lead", "them": "they lead", "both": "both lead"}
SLOT_WORDS: Final = {
    "lei": "LEI",
    "vat": "VAT number",
    "duns": "DUNS number",
    "domain": "website",
    "reference": "entry of the reference list",
    "name": "full name",
    "common_name": "common name",
    "name_country": "name and country",
    "short_country": "short name and country",
    "label": "name and web address",
    "label_country": "web address and country",
    "first_two_words": "first two words of the name",
    "stem": "beginning of the name",
}
"""What people call the keys that decide most matches; other keys are shown by their names."""

_NOTHING: Final = pa.scalar(None, pa.string())


def before(name: str) -> str:
    """Return what the page writes before a value of a column that is shown below another one."""
    return THEIRS if name.startswith("their_") and not COLUMNS[name].before else COLUMNS[name].before


def for_people(name: str, table: pa.Table) -> pa.ChunkedArray:
    """Return a column of a view as people read it.

    Args:
        name: of a column of the table, or `score_parts`, `size` or `domain`, which are made from other columns.
    """
    return _WRITTEN[name](table) if name in _WRITTEN else table[name]


def _match(table: pa.Table) -> pa.ChunkedArray:
    return pc.utf8_slice_codeunits(table["match_id"], 0, MATCH_DIGITS)


def _domain(table: pa.Table) -> pa.ChunkedArray:
    """Fall back on the website where a list has no domain."""
    host = pc.replace_substring_regex(table["website"], r"^(https?://)?(www\.)?|/$", "")
    return pc.coalesce(table["domain"], host)


def _their_name(table: pa.Table) -> pa.ChunkedArray:
    """Show their name only where it differs."""
    theirs = table["their_name"]
    same = pc.equal(pc.utf8_lower(theirs), pc.utf8_lower(table["name"]))
    return pc.if_else(pc.fill_null(same, False), _NOTHING, theirs)


def _their_owner(table: pa.Table) -> pa.ChunkedArray:
    return pc.coalesce(table["their_owner_name"], table["their_owner_email"])


def _change(table: pa.Table) -> pa.ChunkedArray:
    """Hide what has not changed."""
    return pc.if_else(pc.equal(table["change"], "same"), _NOTHING, table["change"])


def _score_parts(table: pa.Table) -> pa.ChunkedArray:
    """Write the parts of the score as "play 50 · amount 12.5 · evidence 20"."""
    used = [part for part in SCORE_PARTS if table[f"score_{part}"].null_count < table.num_rows]
    if not used:
        return pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
    points = [
        pc.binary_join_element_wise(
            f"{part} ", pc.replace_substring_regex(table[f"score_{part}"].cast(pa.string()), r"\.0$", ""), ""
        )
        for part in used
    ]
    return pc.binary_join_element_wise(*points, " · ")


def _percent(table: pa.Table) -> pa.ChunkedArray:
    return pc.round(pc.multiply(table["probability"], 100.0), 1)


def _size(table: pa.Table) -> pa.ChunkedArray:
    bands = [size_band(employees) for employees in table["employees"].to_pylist()]
    return pa.chunked_array([pa.array(bands, pa.string())])


def _translated(name: str, reading: Callable[[str], str | None]) -> Callable[[pa.Table], pa.ChunkedArray]:
    return lambda table: pa.chunked_array([mapped(table[name], reading)])


def _slots(evidence: str) -> str:
    """Name the best evidence, and say how many more keys agree."""
    best, *others = evidence.split("+")
    words = SLOT_WORDS.get(best, best.replace("_", " "))
    return f"{words}, {len(others)} more" if others else words


def _joined(segments: str) -> str | None:
    return segments.replace("+", ", ") or None


_WRITTEN: Final[dict[str, Callable[[pa.Table], pa.ChunkedArray]]] = {
    "probability": _percent,
    "match_id": _match,
    "domain": _domain,
    "their_name": _their_name,
    "their_owner_name": _their_owner,
    "change": _change,
    "lead": _translated("lead", LEADS.get),
    "score_parts": _score_parts,
    "size": _size,
    "compared_with": _translated("compared_with", _joined),
    "counted_with": _translated("counted_with", _joined),
    "contradiction": _translated("contradiction", _joined),
    "evidence": _translated("evidence", _slots),
}
