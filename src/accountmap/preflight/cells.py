"""Cells that are filled but give no key: which kind of cell an account has there, judged one account at a time."""

from collections.abc import Iterator, Mapping
from typing import Final

from accountmap.canonical.domains import hosts, is_mail_provider, is_shared_host, registrable, registrable_domain
from accountmap.canonical.keys import ADDRESS_COLUMNS
from accountmap.canonical.names import parse
from accountmap.canonical.places import country_code
from accountmap.canonical.registry_ids import duns, lei, vat

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


def judge(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the findings about one account's cells, each as its kind and the cell's text."""
    name = row["name"]
    if name is None:
        yield "no_name", ""
    elif parse(name) is None:
        yield "generic_name", name
    yield from _judge_addresses([text for column in ADDRESS_COLUMNS if (text := row[column])])
    country = row["country"]
    if country is not None and country_code(country) is None:
        yield "unknown_country", country
    for kind, number in (("lei", lei(row["lei"])), ("vat", vat(row["vat"], country_code(country)))):
        if row[kind] is not None and number is None:
            yield f"invalid_{kind}", row[kind] or ""
    if row["duns"] is not None and duns(row["duns"]) is None:
        yield "invalid_duns", row["duns"]


def _judge_addresses(texts: list[str]) -> Iterator[tuple[str, str]]:
    """Say why none of an account's addresses has a domain of its own."""
    if not texts or any(registrable_domain(text) for text in texts):
        return
    domains = [domain for text in texts for host in hosts(text) if (domain := registrable(host))]
    if any(is_mail_provider(domain) for domain in domains):
        yield "mail_provider", texts[0]
    elif any(is_shared_host(domain) for domain in domains):
        yield "shared_host", texts[0]
    else:
        yield "unreadable_address", texts[0]
