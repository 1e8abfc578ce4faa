"""Feeds: rows for a partner system to import, under that system's headings, and the same as JSON.

Each is about one partner alone, except the list of partners, which is for the own company alone. The headings:

- deals and partners (partner relationship management): the labels of ServiceNow's tables "Deal registration" and
  "Channel partner" where they have one; Magentrix and Oracle map columns of any name.
- campaign (through-channel marketing): the fields of Salesforce's CampaignMember, of accounts; Mindmatrix maps
  columns of any name.
- learners (learning management): the columns of Moodle's "Upload users".

docs/feeds.md has the sources, and says who may see what.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map import AccountMap
from accountmap.account_map.co_selling import CoSelling, DealRegistration
from accountmap.errors import InputError
from accountmap.influence import Influence
from accountmap.influence.evidence import PartnerNames
from accountmap.influence.rules import REGISTERED
from accountmap.portfolio import Portfolio

FORMAT: Final = "accountmap-feed-v1"


@dataclass(frozen=True)
class Feed:
    """One kind of feed.

    Attributes:
        system: the kind of system that imports it.
        columns: its headings, each with what it is.
        counted: the columns by whose values the rows are counted where no names are wanted.
    """

    system: str
    columns: Mapping[str, str]
    counted: tuple[str, ...]

    def table(self, rows: list[dict[str, Any]]) -> pa.Table:
        """Put rows into a table of text; what a row does not have is null."""
        texts = [
            {name: None if row.get(name) is None else str(row[name]) for name in self.columns} for row in rows
        ]
        return pa.Table.from_pylist(texts, schema=pa.schema([(name, pa.string()) for name in self.columns]))


FEEDS: Final[Mapping[str, Feed]] = {
    "deals": Feed(
        "partner relationship management",
        {
            "Number": "The match, the same on both sides.",
            "Channel partner": "The partner.",
            "Registered by": "Who registered the deal, you or the partner.",
            "Registered on": "The day, by the clock of who registered it.",
            "State": "registered or withdrawn.",
            "Counts": "yes, no, or undecided, by the rules that both sides have; blank if it was withdrawn.",
            "Account": "Your account.",
            "Estimated deal size": "As written by the side that registered it, if the agreement shows it.",
            "Deal": "Your deal that the registration is a touch of, if deals are prepared.",
            "Credit": "What the registration counts as for that deal under the rule: sourced, influenced or no.",
            "Credit rule": "Digest of the rule, if it is the one agreed with this partner.",
        },
        ("Registered by", "State", "Counts", "Credit"),
    ),
    "partners": Feed(
        "partner relationship management",
        {
            "Name": "The partner.",
            "Mapping": "How much is known: mapped, preview only, nothing yet.",
            "Partner type": "The types of its profile.",
            "Partner tier": "By hand, or by your rule.",
            "Enterprise partner manager": "Who looks after the partnership on your side.",
            "Partner manager": "Who looks after it on theirs.",
            "Score": "0 to 100.",
            "Companies shared": "A number.",
            "Introductions received": "A number.",
            "Introductions given": "A number.",
            "Last mapped": "The day of the last session.",
        },
        ("Mapping", "Partner tier"),
    ),
    "campaign": Feed(
        "through-channel marketing",
        {
            "CampaignId": "The campaign in your CRM, as you gave it.",
            "AccountId": "Your account.",
            "Company": "Its name on your list.",
            "Website": "From your list.",
            "Country": "ISO 3166 code.",
            "Industry": "From your list.",
            "NumberOfEmployees": "From your list.",
            "Segment": "What the company is to you.",
            "Partner": "The partner of the campaign.",
            "PartnerSegment": "What the company is to the partner.",
        },
        ("Country", "Industry", "Segment"),
    ),
    "learners": Feed(
        "learning management",
        {
            "username": "The e-mail address, in lower case; _ where Moodle allows no such character.",
            "firstname": "First word of the name.",
            "lastname": "The rest of it.",
            "email": "As the partner showed it.",
            "institution": "The partner.",
            "department": "The types of its profile: the role in which it learns.",
            "cohort1": "partner- and its short name.",
            "cohort2": "tier- and its tier, if it has one.",
        },
        ("institution", "department"),
    ),
}
"""The kinds of feeds."""


def deals_feed(own_name: str, partner: str, said: CoSelling, influence: Influence | None) -> pa.Table:
    """List the deals that both sides registered with each other, one row per registration.

    Args:
        influence: of the own deals, if any are prepared.
    """
    credited = _credited(partner, influence)
    agreed = [] if influence is None else [each for each in influence.agreed if each.partner == partner]
    rule = next((each.digest for each in agreed if not each.differs), None)
    rows = []
    for deal in said.deals:
        found = () if deal.ours else credited.get(deal.match_id[:8], ())
        for own_deal, credit in found or ((None, None),):
            rows.append(
                {
                    "Number": deal.match_id,
                    "Channel partner": partner,
                    "Registered by": own_name if deal.ours else partner,
                    "Registered on": deal.registered.date().isoformat(),
                    "State": deal.state.value,
                    "Counts": _counts(deal),
                    "Account": deal.account_id,
                    "Estimated deal size": dict(deal.fields).get("amount") or None,
                    "Deal": own_deal,
                    "Credit": credit,
                    "Credit rule": rule if credit else None,
                }
            )
    return FEEDS["deals"].table(rows)


def _counts(deal: DealRegistration) -> str | None:
    if deal.withdrawn is not None:
        return None
    return "undecided" if deal.counts is None else "yes" if deal.counts else "no"


def _credited(partner: str, influence: Influence | None) -> dict[str, list[tuple[str, str]]]:
    """Return, by match, the deals that a partner's registrations are touches of, and what those count as."""
    found: dict[str, list[tuple[str, str]]] = {}
    if influence is not None:
        names = PartnerNames(influence.rules.partners)  # The rule may have another name for the partner.
        name = names.names[names.number(partner)]
        own = pc.and_(
            pc.equal(influence.touches["partner_name"], name), pc.equal(influence.touches["kind"], REGISTERED)
        )
        for row in influence.touches.filter(own).to_pylist():
            _, marked, match = row["record"].rpartition("(match ")
            if marked:
                found.setdefault(match.rstrip(")"), []).append((row["deal_id"], row["counts"]))
    return found


def partners_feed(portfolio: Portfolio) -> pa.Table:
    """List all partners with their tiers: for the own company alone."""
    names = {
        "Name": "partner_name",
        "Mapping": "state",
        "Partner type": "types",
        "Partner tier": "partner_tier",
        "Enterprise partner manager": "owner",
        "Partner manager": "their_owner",
        "Companies shared": "shared",
        "Introductions received": "introductions_received",
        "Introductions given": "introductions_given",
        "Last mapped": "last_mapped",
    }
    rows = [
        {heading: row[column] for heading, column in names.items()}
        | {"Score": None if row["score"] is None else f"{row['score']:.0f}"}
        for row in portfolio.partners.to_pylist()
    ]
    return FEEDS["partners"].table(rows)


def campaign_feed(account_map: AccountMap, campaign: str) -> pa.Table:
    """List the companies of the joint-marketing list with one partner.

    Args:
        campaign: id of the campaign in the own CRM; may be empty.
    """
    rows = [
        {
            "CampaignId": campaign or None,
            "AccountId": row["account_id"],
            "Company": row["name"],
            "Website": row["website"] or row["domain"],
            "Country": row["territory"],
            "Industry": row["industry"],
            "NumberOfEmployees": row["employees"],
            "Segment": row["segment"],
            "Partner": account_map.partner_name,
            "PartnerSegment": row["their_segment"],
        }
        for row in account_map.campaign.to_pylist()
    ]
    return FEEDS["campaign"].table(rows)


def learners_feed(account_map: AccountMap, slug: str, portfolio: Portfolio) -> pa.Table:
    """List the people of one partner whose addresses it showed, as owners of shared accounts.

    Args:
        slug: short name of the partner.
    """
    (profile,) = [row for row in portfolio.partners.to_pylist() if row["partner"] == slug]
    tier = profile["partner_tier"]
    people: dict[str, dict[str, str | None]] = {}
    for row in account_map.overlap.select(["their_owner_email", "their_owner_name"]).to_pylist():
        email, name = row["their_owner_email"] or "", row["their_owner_name"] or ""
        if "@" in email:
            first, _, last = name.strip().partition(" ")
            people.setdefault(
                email.lower(),
                {
                    "username": re.sub(r"[^-.@_a-z0-9]", "_", email.lower()),
                    "firstname": first or email.partition("@")[0],
                    "lastname": last.strip() or account_map.partner_name,
                    "email": email,
                    "institution": account_map.partner_name,
                    "department": profile["types"] or None,
                    "cohort1": f"partner-{slug}",
                    "cohort2": f"tier-{tier}" if tier else None,
                },
            )
    return FEEDS["learners"].table([people[email] for email in sorted(people)])


def feed_document(
    kind: str, own_name: str, partner: str | None, made: datetime, table: pa.Table, *, names: bool
) -> dict[str, Any]:
    """Return a feed as JSON values that `feed_schema` describes.

    Args:
        names: whether to write the rows themselves; without it they are only counted.
    """
    counts = {
        column: dict(sorted(Counter(value or "" for value in table[column].to_pylist()).items()))
        for column in FEEDS[kind].counted
    }
    document: dict[str, Any] = {
        "format": FORMAT,
        "kind": kind,
        "own_name": own_name,
        "partner": partner,
        "made": made.isoformat(timespec="seconds"),
        "rows": table.num_rows,
        "counts": counts,
    }
    return document | ({"records": table.to_pylist()} if names else {})


def feed_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a feed. Within version 1, members may be added.

    Raises:
        InputError: there is no such feed.
    """
    if kind not in FEEDS:
        raise InputError(f"There is no feed '{kind}'.", f"Feeds: {', '.join(FEEDS)}.")
    feed = FEEDS[kind]
    columns = {name: {"type": ["string", "null"], "description": about} for name, about in feed.columns.items()}
    number = {"type": "integer", "minimum": 0}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{FORMAT}: {kind}, for {feed.system}",
        "type": "object",
        "required": ["format", "kind", "own_name", "partner", "made", "rows", "counts"],
        "properties": {
            "format": {"const": FORMAT},
            "kind": {"const": kind},
            "own_name": {"type": "string"},
            "partner": {"type": ["string", "null"], "description": "Null in the list of all partners."},
            "made": {"type": "string", "format": "date-time"},
            "rows": number,
            "counts": {
                "type": "object",
                "description": "Rows by the values of some columns; blank ones under an empty name.",
                "required": list(feed.counted),
                "additionalProperties": {"type": "object", "additionalProperties": number},
            },
            "records": {
                "type": "array",
                "description": "Only where names were asked for.",
                "items": {"type": "object", "required": list(columns), "properties": columns},
            },
        },
    }
