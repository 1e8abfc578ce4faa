"""What people read for each column and each coded value."""

from typing import Final

LABELS: Final = {
    "match_id": "Match",
    "account_id": "Account ID",
    "segment": "Your segment",
    "their_segment": "Their segment",
    "play": "Play",
    "tier": "Evidence",
    "evidence": "Shared keys",
    "compared_with": "Compared with their",
    "name": "Account",
    "domain": "Domain",
    "country": "Country",
    "industry": "Industry",
    "owner_name": "Owner",
    "amount": "Amount",
    "their_name": "Their name",
    "their_owner_name": "Their owner",
    "their_amount": "Their amount",
}
"""The headings of the columns that people are shown."""

TIER_MEANINGS: Final = {
    "identifier": "Both lists hold the same registry number, such as an LEI, VAT or DUNS number.",
    "domain": "Both lists lead to the same company domain, from a website, a domain or an e-mail address.",
    "strong name": "The whole names agree once legal forms and spelling are evened out.",
    "weak name": "Part of the name agrees, or its sound, or a name and a domain label. Look before you act.",
}
"""What each tier of evidence says, best first."""
