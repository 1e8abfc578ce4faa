"""Cells that are filled but give no key: which kind of cell an account has there, judged one account at a time."""

from collections.abc import Iterator, Mapping
from typing import Final

from accountmap.canonical.domains import hosts, is_mail_provider, is_shared_host, registrable
from accountmap.canonical.keys import ADDRESS_COLUMNS, Facts
from accountmap.canonical.places import country_code

Row = Mapping[str, str | None]

CELL_COLUMNS: Final = ("account_id", "name", *ADDRESS_COLUMNS, "country", "lei", "vat", "duns")
"""The columns that are looked at."""

CELL_FINDINGS: Final = {
    "no_name": ("Accounts without a name.", "Fill in the name; it makes most of the keys."),
    "generic_name": (
        "Names that name no company: a legal form, one letter, a country or a word of trade alone.",
        "Write the company's whole name.",
    ),
    "mail_provider": (
        "Accounts whose only address is at a mail provider.",
        "Add the company's website; a mail provider's domain is never a key.",
    ),
    "shared_host": (
        "Accounts whose only address is a page on a site that many companies share.",
        "Add the company's own website.",
    ),
    "unreadable_address": (
        "Addresses in which no domain could be found.",
        "Correct the website or leave it empty.",
    ),
    "unknown_country": ("Countries that could not be read.", "Use the English name or the ISO 3166 code."),
    "invalid_lei": ("LEIs that are not 20 characters or fail their check digits.", "Correct or empty them."),
    "invalid_vat": (
        "VAT numbers that fail the check of their country.",
        "Correct them, and give the country or the prefix.",
    ),
    "invalid_duns": (
        "D-U-N-S numbers that are not nine digits.",
        "Correct them; spreadsheets drop leading zeros.",
    ),
}
"""What each kind means and what to do about it, in the order in which they are shown."""


def judge(row: Row, facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the findings about one account's cells, each as its kind and the cell's text.

    Args:
        row: the account's cells.
        facts: what was read in them, registry numbers included.
    """
    name = row["name"]
    if name is None:
        yield "no_name", ""
    elif facts.name is None:
        yield "generic_name", name
    addresses = [text for column in ADDRESS_COLUMNS if (text := row[column])]
    if addresses and facts.domain is None:
        yield _judge_addresses(addresses)
    country = row["country"]
    if country is not None and country_code(country) is None:
        yield "unknown_country", country
    for kind, number in facts.numbers.items():
        written = row[kind]
        if written is not None and number is None:
            yield f"invalid_{kind}", written


def _judge_addresses(texts: list[str]) -> tuple[str, str]:
    """Say why none of an account's addresses has a domain of its own."""
    domains = [domain for text in texts for host in hosts(text) if (domain := registrable(host))]
    if any(is_mail_provider(domain) for domain in domains):
        return "mail_provider", texts[0]
    if any(is_shared_host(domain) for domain in domains):
        return "shared_host", texts[0]
    return "unreadable_address", texts[0]
