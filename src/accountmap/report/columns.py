"""What people read for each column and each coded value."""

from typing import Final

LABELS: Final = {
    "match_id": "Match",
    "account_id": "Account ID",
    "entity_id": "Entity",
    "segment": "Your segment",
    "their_segment": "Their segment",
    "play": "Play",
    "tier": "Evidence",
    "evidence": "Shared keys",
    "score": "Score",
    "score_play": "Score: play",
    "score_amount": "Score: amount",
    "score_evidence": "Score: evidence",
    "score_parts": "Parts of the score",
    "account_segment": "Account's segment",
    "change": "Since last time",
    "why": "Why",
    "segment_before": "Your segment before",
    "their_segment_before": "Their segment before",
    "session_id": "Session",
    "finished": "Day",
    "listed": "Your list",
    "their_listed_at_most": "Their list, at most",
    "overlap": "Shared",
    "new": "New",
    "moved": "Moved",
    "gone": "Gone",
    "compared": "Compared",
    "compared_with": "Compared with their",
    "entities": "Entities",
    "accounts": "Accounts of yours",
    "preview_at_least": "Preview, at least",
    "name": "Account",
    "domain": "Domain",
    "website": "Website",
    "country": "Country",
    "region": "Region",
    "city": "City",
    "industry": "Industry",
    "employees": "Employees",
    "owner_name": "Owner",
    "owner_email": "Owner's e-mail",
    "amount": "Amount",
    "stage": "Stage",
    "last_activity": "Last activity",
    "registered_deal": "Registered deal",
    "their_name": "Their name",
    "their_website": "Their website",
    "their_country": "Their country",
    "their_region": "Their region",
    "their_city": "Their city",
    "their_industry": "Their industry",
    "their_employees": "Their employees",
    "their_owner_name": "Their owner",
    "their_owner_email": "Their owner's e-mail",
    "their_amount": "Their amount",
    "their_stage": "Their stage",
    "their_registered_deal": "Their registered deal",
}
"""The headings of the columns that people are shown."""

TIER_MEANINGS: Final = {
    "identifier": "Both lists hold the same registry number, such as an LEI, VAT or DUNS number.",
    "domain": "Both lists lead to the same company domain, from a website, a domain or an e-mail address.",
    "strong name": "The whole names agree once legal forms and spelling are evened out.",
    "weak name": "Part of the name agrees, or its sound, or a name and a domain label. Look before you act.",
}
"""What each tier of evidence says, best first."""

TERMS: Final = {
    "Account": "One row of your list.",
    "Entity": "All your accounts that are the same company. It has the strongest segment among them: customer, "
    "then opportunity, then prospect.",
    "Match": "A number that is the same in their report: use its first digits to name an account to them.",
    "Amount": "As in your list, in its currency. A sum leaves out accounts that have none.",
    "Their, theirs": "What is headed or marked so comes from your partner, as it wrote it.",
}
"""Words that a reader of the reports needs."""
