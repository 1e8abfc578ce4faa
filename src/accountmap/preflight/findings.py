"""What there is to say about a list: counts, findings, and the cells and websites that cause them.

The examples contain names and values. They are for the owner's own screen and never leave the machine.

A domain whose label looks nothing like the account's name is common and harmless (a brand, an abbreviation). It is
suspicious if the list has another company whose name the label fits.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pyarrow as pa
from rapidfuzz import fuzz

from accountmap.accounts.schema import ListColumn, Remark, SegmentValue
from accountmap.linkage.blocking import LARGEST_BLOCK, blocks, is_duplicated, is_listed, marks_of
from accountmap.linkage.candidates import ListTraits
from accountmap.linkage.compare import Traits
from accountmap.linkage.dedupe import Pair
from accountmap.linkage.domains import (
    addresses,
    domain_label,
    hosts,
    is_mail_provider,
    is_shared_host,
    registrable,
)
from accountmap.linkage.facts import ADDRESS_COLUMNS, Facts
from accountmap.linkage.names import ending, split_words
from accountmap.linkage.places import country_code
from accountmap.linkage.written_name import PERSON, PLACEHOLDER, SITE, STATUS_MARK, WEB_ADDRESS, read_name

EXAMPLES: Final = 5
"""How many examples of each finding are kept: those with the smallest account ids."""


@dataclass(frozen=True)
class Coverage:
    """How many of the accounts have a column filled, or how many of the entities have a key.

    Attributes:
        name: name of the column or slot.
        filled: how many accounts or entities have it.
        of: how many there are.
    """

    name: str
    filled: int
    of: int

    @property
    def share(self) -> float:
        """The filled part, 0 to 1; 0 for an empty list."""
        return self.filled / self.of if self.of else 0.0


@dataclass(frozen=True)
class Example:
    """Accounts of the list that a finding is about.

    Attributes:
        account_ids: one, or those of a pair or group; none if the finding is about the whole list.
        names: as written, one for each id.
        text: the cell or the rule that the finding is about.
    """

    account_ids: tuple[str, ...]
    names: tuple[str | None, ...]
    text: str


@dataclass(frozen=True)
class Finding:
    """Something that costs matches or may make a wrong one.

    Attributes:
        kind: short and stable, for programs.
        what: one sentence without data of the list.
        advice: one sentence.
        count: how many accounts, pairs or groups are concerned.
        examples: the first few. Local only.
    """

    kind: str
    what: str
    advice: str
    count: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Preflight:
    """The state of a list before anything is shared.

    Attributes:
        accounts: rows of the list.
        entities: how many companies the accounts are.
        segments: entities by segment, strongest first.
        columns: coverage of the columns that matter for matching, by accounts.
        keys: coverage of each slot of the profile, by entities.
        preview: entities with a full name; the preview counts no others.
        strong: entities with a key stronger than "weak name".
        matchable: entities with any key; no others can match.
        findings: what to look at, in a fixed order; kinds without any case are left out.
        list_columns: every column of the list as it came, what it was read as, how full it is, some values.
        segment_values: what each value of the segment column was taken for.
    """

    accounts: int
    entities: int
    segments: dict[str, int]
    columns: tuple[Coverage, ...]
    keys: tuple[Coverage, ...]
    preview: Coverage
    strong: Coverage
    matchable: Coverage
    findings: tuple[Finding, ...]
    list_columns: tuple[ListColumn, ...] = ()
    segment_values: tuple[SegmentValue, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON, marked as not to be passed on."""
        return {"local_only": True, **asdict(self)}


Row = Mapping[str, str | None]

CELL_COLUMNS: Final = ("account_id", "name", *ADDRESS_COLUMNS, "country", "lei", "vat", "duns")
"""The columns whose cells are judged."""

CELL_FINDINGS: Final = {
    "no_name": ("Accounts without a name.", "Fill in the name; it makes most of the keys."),
    "generic_name": (
        "Names that do not name a company (only a legal form, one letter, a country or a word such as Café).",
        "Write the company's whole name, or add its website: without one these accounts cannot match.",
    ),
    "placeholder_name": (
        "Placeholders in the place of a name, and test accounts.",
        "Write the company's name, or leave these accounts out of the export: their names make no key.",
    ),
    "test_record": (
        "Names that look like tests or samples.",
        "Leave them out of the export, unless a company has that name: they are compared like all others.",
    ),
    "person_name": (
        "Names that look like those of people.",
        "Leave private persons out, or have your CRM mark them: such rows are not read. Firms may stay.",
    ),
    "status_mark": (
        "Names with a mark such as (INACTIVE) or a record number.",
        "Leave dead accounts out of the export: the mark is removed, and they are compared like all others.",
    ),
    "site": (
        "Names followed by a site, such as `- Leeds, UK` or `(London office)`.",
        "If they are sites of that company, do nothing: they are compared without the site, as the company.",
    ),
    "web_address_name": (
        "Web or mail addresses in the place of a name.",
        "Write the company's name there, and the address in the column of websites.",
    ),
    "glued_records": (
        "Names that contain several companies, or other cells of their record.",
        "Give each company a row of its own, and each cell its column.",
    ),
    "mail_provider": (
        "Accounts whose only address is at a mail provider.",
        "Add the company's website; a mail provider's domain is never a key.",
    ),
    "shared_host": (
        "Accounts whose only address is a page on a site that many companies share.",
        "Add the company's own website.",
    ),
    "several_domains": (
        "Accounts with several websites of their own: only the one that fits the name best is compared.",
        "Keep the website that a partner would list. The examples name the one that is compared first.",
    ),
    "page_elsewhere": (
        "Addresses of a page or subdomain without the account's name in them, which may be another company's.",
        "Add the company's own domain, or leave out the rest of the address if the site is its own.",
    ),
    "unreadable_address": (
        "Addresses in which no domain could be found.",
        "Correct the website or leave it empty.",
    ),
    "unknown_country": ("Countries that could not be read.", "Use the English name or the ISO 3166 code."),
    "invalid_lei": ("LEIs that are not 20 characters or fail their check digits.", "Correct or clear them."),
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
    else:
        yield from _judge_name(name, facts)
    texts = [text for column in ADDRESS_COLUMNS if (text := row[column])]
    if texts and facts.domain is None:
        yield _judge_addresses(texts)
    if facts.domain and (others := _other_domains(row, facts.domain)):
        yield "several_domains", "; ".join([facts.domain, *others])
    country = row["country"]
    if country is not None and country_code(country) is None:
        yield "unknown_country", country
    for kind, number in facts.numbers.items():
        written = row[kind]
        if written is not None and number is None:
            yield f"invalid_{kind}", written


_OF_WRITTEN: Final = {
    PLACEHOLDER: "placeholder_name",
    PERSON: "person_name",
    STATUS_MARK: "status_mark",
    SITE: "site",
    WEB_ADDRESS: "web_address_name",
}

_WORDS: Final = {
    kind: frozenset(words)
    for kind, words in tomllib.loads(
        files("accountmap.preflight").joinpath("name_words.toml").read_text("utf-8")
    ).items()
}
_MOST_WORDS_OF_PERSON: Final = 3


def _judge_name(name: str, facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield what there is to say about a name that is filled in: at most one finding of each kind."""
    finding = read_name(name).finding
    if finding:
        yield _OF_WRITTEN[finding], name
    if facts.name is None:
        if not finding:
            yield "generic_name", name
        return
    if is_glued(name):
        yield "glued_records", name
    words = re.findall(r"[^\W\d_]+", name.casefold())
    if words and not {words[0], words[-1]}.isdisjoint(_WORDS["test"]):
        yield "test_record", name
    if facts.domain is None and len(words) > 1 and words[0] in _WORDS["given"] and _is_bare(words, facts):
        yield "person_name", name


def _is_bare(words: Sequence[str], facts: Facts) -> bool:
    """Return whether a name has so few words, and no legal form, that it may be a person's."""
    name = facts.name
    return name is not None and len(words) <= _MOST_WORDS_OF_PERSON and len(name.full) == len(name.words)


_BETWEEN_RECORDS: Final = re.compile(r"[;|\n\t]|\s/\s|,(?=\s*\S)|\s\+\s")
_ADDRESS: Final = re.compile(r"\S+@\S+\.\w+|(?:https?://|www\.)\S+", re.IGNORECASE)


def is_glued(name: str) -> bool:
    """Return whether a name contains several companies, each with its legal form, or addresses of a company."""
    parts = [part for part in _BETWEEN_RECORDS.split(name) if part and part.strip()]
    if len(parts) < 2:
        return False
    with_form = [
        words for part in parts if len(words := tuple(split_words(part))) > 1 and 0 < ending(words) < len(words)
    ]
    return len(with_form) > 1 or any(_ADDRESS.search(part) for part in parts)


def _judge_addresses(texts: list[str]) -> tuple[str, str]:
    """Say why none of an account's addresses has a domain of its own."""
    domains = [domain for text in texts for host in hosts(text) if (domain := registrable(host))]
    of_mail, is_page = any(map(is_mail_provider, domains)), any(e.is_page for t in texts for e in addresses(t))
    if of_mail and not is_page:
        return "mail_provider", texts[0]
    if of_mail or any(map(is_shared_host, domains)):
        return "shared_host", texts[0]
    if is_page:
        return "page_elsewhere", texts[0]
    return "unreadable_address", texts[0]


def _other_domains(row: Row, domain: str) -> list[str]:
    """Return the domains of an account's websites that are not compared, without those of its e-mail addresses."""
    found = (each for column in ADDRESS_COLUMNS if column != "email" for each in addresses(row[column] or ""))
    own = dict.fromkeys(each.domain for each in found if not each.is_shared and not each.is_page)
    return [each for each in own if each != domain]


_FITS: Final = 60.0
"""Least partial ratio (0 to 100) of a label and a name that belong together."""


def _label(domain: str | None) -> str | None:
    return "".join(split_words(domain_label(domain) or "")) or None


def _fits(label: str, name: str) -> bool:
    words = name.split()
    squashed = "".join(words)
    initials = "".join(word[0] for word in words)
    if len(initials) > 1 and label.startswith(initials):
        return True
    return fuzz.partial_ratio(label, squashed, score_cutoff=_FITS) > 0


def label_marks(traits: Traits) -> pa.Table:
    """Mark the labels of domains, as names are marked."""
    return pa.table({"label": marks_of(map(_label, traits.domains))})


def doubtful_websites(list_traits: ListTraits) -> Iterator[tuple[str, str, str]]:
    """Find accounts whose domain fits another account's name but not their own.

    Args:
        list_traits: the accounts, with `label_marks`.

    Yields:
        The ids of the doubtful account and of the company whose website it seems to be, and the domain.
    """
    letters, labels = list_traits.marks("letters"), list_traits.marks("label")
    elsewhere = (labels != letters) & is_listed(labels, np.unique(letters))
    traits = list_traits.take(np.flatnonzero(elsewhere | is_listed(letters, np.unique(labels[elsewhere]))))
    owners = {name.replace(" ", ""): row for row, name in reversed(list(enumerate(traits.names))) if name}
    ids = traits.account_ids
    for row, (name, domain) in enumerate(zip(traits.names, traits.domains, strict=True)):
        label = _label(domain)
        owner = owners.get(label or "")
        if name and domain and label and owner is not None and not _fits(label, name):
            yield ids[row], ids[owner], domain


def other_forms(list_traits: ListTraits, asked: Sequence[Pair]) -> Iterator[tuple[Sequence[str], str]]:
    """Find accounts with the same name and different legal forms that are not all in different countries.

    Args:
        list_traits: the accounts, with `shared_marks`.
        asked: pairs that are shown anyway.

    Yields:
        The ids of the accounts with different forms, and the forms.
    """
    traits = list_traits.take(np.flatnonzero(is_duplicated(list_traits.marks("letters"))))
    shown = {id_ for pair in asked for id_ in (pair.one, pair.other)}
    for block in blocks([name and name.replace(" ", "") for name in traits.names]):
        by_form = {traits.forms[row]: row for row in reversed(block) if traits.forms[row]}
        rows = sorted(by_form.values())
        countries = [traits.countries[row] for row in rows if traits.countries[row]]
        ids = [traits.account_ids[row] for row in rows]
        if 1 < len(rows) <= LARGEST_BLOCK and len(set(countries)) <= len(rows) - 1 and shown.isdisjoint(ids):
            yield ids[:EXAMPLES], " / ".join(" ".join(sorted(traits.forms[row])) for row in rows[:EXAMPLES])


def from_remark(remark: Remark) -> Finding:
    """Turn a remark of the reader into a finding."""
    examples = tuple(Example((), (), text) for text in remark.examples)
    return Finding(remark.kind, remark.what, remark.advice, remark.count, examples)
