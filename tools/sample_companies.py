"""The real companies from which samples/ is built: where they come from, and which are easily confused.

The truth, which companies both lists have, comes from the sources' own identifiers, or, between SEC and GLEIF,
from names that are unique in both once case, punctuation and legal form are taken off. It never comes from the
package that is measured by it.
"""

import csv
import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

LEGAL_FORM: Final = re.compile(
    r"\b(incorporated|inc|corporation|corp|company|co|limited|ltd|llc|llp|lp|plc|private|pvt|pte|pty|gmbh|mbh|ag|kg"
    r"|kgaa|ohg|ug|se|sa|sas|sarl|srl|spa|sl|slu|bv|nv|ab|as|asa|aps|oy|oyj|kft|zrt|sro|doo|sp z o o)\b"
)
NOT_TRADING: Final = re.compile(
    r"\b(funds?|fonds|fondo|trust|series|portfolio|sicav|pension|opportunit(y|ies)|estates?|realty|lp|nominees?|spv)\b"
)
"""Words in the names of legal entities that nobody sells to: funds, trusts and the like."""

UMBRELLA: Final = re.compile(
    r"\b(holdings?|group|gruppe|groupe|gruppo|beteiligungs\w*|verwaltungs\w*|international)\b"
)
DIFFERENT_WRITING: Final[tuple[tuple[str, str], ...]] = (
    (r"\bAktiengesellschaft\b", "AG"),
    (r"\bGesellschaft mit beschränkter Haftung\b", "GmbH"),
    (r"(?i)\bprivate limited\b", "Pvt. Ltd."),
    (r"(?i)\bpty\.? ltd\.?", "Pty Limited"),
    (r"(?i)\blimited\b", "Ltd."),
    (r"(?i),? incorporated\b", " Inc."),
    (r"(?i)\bcorporation\b", "Corp."),
    (r"(?i)\bsociet[aà] a responsabilit[aà] limitata\b", "S.r.l."),
    (r"(?i)\bsoci[eé]t[eé] par actions simplifi[eé]e\b", "SAS"),
    (r"(?i)\bsociedad limitada\b", "S.L."),
    (r"(?i)\bbesloten vennootschap\b", "B.V."),
    (r"(?i) and ", " & "),
    (r"(?i) und ", " & "),
)

NEAR_MISSES: Final = {"holding": 6, "legal_namesake": 6, "namesake": 26, "neighbour": 45, "sister": 18}
"""Pairs of each kind of companies that are easily taken for one another."""

NO_COUNTRY: Final = frozenset(
    ["AI", "CC", "CO", "FM", "GG", "IO", "IS", "LA", "LY", "ME", "RE", "SH", "SO", "ST", "TO", "TV", "VC", "WS"]
)
"""Domains of countries that companies of all countries take."""

SECOND_LEVEL: Final = frozenset(["ac", "co", "com", "edu", "gob", "gov", "go", "gouv", "ne", "net", "or", "org"])

LAST_FORM: Final = (
    r"(?i)[ ,]+(gmbh|pvt\.? ltd\.?|ag|ltd\.?|llc|inc\.?|b\.?v\.?|s\.?r\.?l\.?|s\.?l\.?|s\.?a\.?|ab|oy)$"
)


@dataclass(frozen=True)
class Company:
    """One real company, as each of the two lists writes it.

    Attributes:
        kind: where it comes from, and for near misses which kind of near miss it is.
        left, right: the name on each list.
        website, country, lei: as its source gives them, or empty; country is ISO 3166-1 alpha-2.
        other_website: what the right list has, if that is another; empty for the same.
    """

    kind: str
    left: str
    right: str
    website: str = ""
    country: str = ""
    lei: str = ""
    other_website: str = ""


def plain(name: str) -> str:
    """Take off case, accents and punctuation."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^\w]+", " ", bare.replace(".", "").replace("&", " and ")).split())


def core(name: str) -> str:
    """Take off the legal form as well."""
    return " ".join(LEGAL_FORM.sub(" ", plain(name)).split())


def is_trading_company(company: Company) -> bool:
    """Tell whether the name holds a legal form and no word of a fund; others may be persons or mere vehicles."""
    name = plain(company.left)
    return core(company.left) != name and not NOT_TRADING.search(name)


def rewrite(name: str, draw: random.Random) -> str:
    """Write a name as another person would: legal form shortened or left out, other case, "&" for "and"."""
    words = name
    for pattern, replacement in DIFFERENT_WRITING:
        words = re.sub(pattern, replacement, words)
    short = re.sub(LAST_FORM, "", words)
    if draw.random() < 0.4 and len(short) > 6:
        words = short
    if draw.random() < 0.4 or words == name:
        words = words.title() if words.isupper() else words.upper()
    return words


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def host(website: str) -> str:
    """Return the host of a URL without "www."."""
    return re.sub(r"^\w+://", "", website.lower()).split("/")[0].removeprefix("www.")


def label(website: str) -> str:
    """Return the label that a company chose: of https://en.example.co.uk/about it is "example"."""
    labels = host(website).split(".")[:-1]
    return (labels[:-1] or labels)[-1] if labels[-1:] and labels[-1] in SECOND_LEVEL else (labels or [""])[-1]


def country_of(website: str) -> str:
    """Return the country of a website by its top-level domain, or nothing."""
    top = host(website).rpartition(".")[2].upper().replace("UK", "GB")
    return top if len(top) == 2 and top not in NO_COUNTRY else ""


def brands(data: Path) -> tuple[list[Company], list[Company], list[Company]]:
    """Return brands with both names, with the OpenStreetMap name only, and with the Wikidata label only.

    A website that several brands share says nothing about which of them is meant, so those are left out.
    """
    left = {row["entity_id"]: row for row in rows(data / "dev_brands_A.csv")}
    right = {row["entity_id"]: row for row in rows(data / "dev_brands_B.csv")}
    sites: defaultdict[str, set[str]] = defaultdict(set)
    for entity, row in right.items():
        sites[host(row["website"])].add(entity)
    own_site = {entity for entities in sites.values() if len(entities) == 1 for entity in entities}
    both = [
        Company("brand", left[each]["name"], right[each]["name"], right[each]["website"], left[each]["country"])
        for each in sorted(left.keys() & right.keys() & own_site)
    ]
    left_only = [
        Company("brand", left[each]["name"], "", "", left[each]["country"]) for each in sorted(left.keys() - right)
    ]
    right_only = [
        Company("brand", "", right[each]["name"], right[each]["website"])
        for each in sorted((right.keys() - left) & own_site)
    ]
    return both, left_only, right_only


def brand_namesakes(data: Path) -> list[tuple[Company, Company]]:
    """Return pairs of brands with one name and a website each, strangers or sisters in different countries."""
    both, _, _ = brands(data)
    by_name: defaultdict[str, list[Company]] = defaultdict(list)
    for brand in both:
        by_name[core(brand.left)].append(brand)
    pairs = [(group[0], group[1]) for group in by_name.values() if len(group) > 1]
    return [(one, other) for one, other in pairs if label(one.website) != label(other.website)]


def employers(data: Path, draw: random.Random) -> tuple[list[Company], list[Company]]:
    """Return employers with an alias that differs from their name, and those without."""
    names: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows(data / "dev_affil.csv"):
        names[row["entity_id"]].append(row)
    both: list[Company] = []
    single: list[Company] = []
    for entity in sorted(names):
        first, *aliases = names[entity]
        site = first["domains"].split(";")[0]
        # Contributors also typed two employers at once, and departments.
        whole = [each["name"] for each in aliases if "," not in each["name"] and len(each["name"].split()) <= 4]
        other = draw.choice(whole) if whole else first["name"]
        (both if whole else single).append(Company("employer", first["name"], other, site))
    return both, single


@dataclass(frozen=True)
class Members:
    """Members of open-source foundations, by what the foundation and what another landscape says of them."""

    both: list[Company]
    left: list[Company]
    right: list[Company]
    neighbours: list[tuple[Company, Company]]


def members(data: Path) -> Members:
    """Return the companies of dev_landscape; what is no company, or another's page, is left out."""
    left = {row["a_id"]: member(row, "left") for row in rows(data / "dev_landscape_A.csv")}
    right = {
        row["b_id"]: member(row, "right")
        for row in rows(data / "dev_landscape_B.csv")
        if row["kind"] == "company" and "github" not in row["website"]
    }
    links = {row["a_id"]: row["b_id"] for row in rows(data / "dev_landscape_links.csv")}
    both = [
        replace(left[a], right=right[b].right, other_website=right[b].website)
        for a, b in sorted(links.items())
        if b in right
    ]
    related = set(links) | {row["a_id"] for row in rows(data / "dev_landscape_A.csv") if row["group_id"]}
    taken = set(links.values()) | {row["b_id"] for row in rows(data / "dev_landscape_B.csv") if row["group_id"]}
    neighbours = [
        (left[row["a_id"]], right[row["b_id"]])
        for row in rows(data / "dev_landscape_hard_negatives.csv")
        if row["b_id"] in right and row["kind"] != "same_domain_related"
    ]
    strangers = [
        (one, other)
        for one, other in neighbours
        if not (core(one.left).startswith(core(other.right)) or core(other.right).startswith(core(one.left)))
    ]
    return Members(
        both,
        [left[each] for each in sorted(left.keys() - related)],
        [right[each] for each in sorted(right.keys() - taken)],
        strangers,
    )


def member(row: dict[str, str], side: str) -> Company:
    """Read one entry of a landscape."""
    company = Company("member", "", "", row["website"], country_of(row["website"]))
    return replace(company, **{side: row["name"]})


def gleif(data: Path) -> list[Company]:
    """Return the legal entities of GLEIF."""
    table = pq.read_table(data / "large_gleif_names.parquet").to_pylist()
    return [
        Company("legal", row["name"], row["name"], "", row["country"], row["lei"])
        for row in sorted(table, key=lambda row: row["lei"])
        if 4 <= len(row["name"]) <= 80
    ]


def listed(data: Path, entities: Iterable[Company]) -> tuple[list[Company], list[Company]]:
    """Pair SEC registrants with the US legal entity of the same core; return pairs, and SEC names without one."""
    by_core: defaultdict[str, list[Company]] = defaultdict(list)
    for entity in entities:
        if entity.country == "US":
            by_core[core(entity.left)].append(entity)
    sec: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows(data / "dev_listed_variants.csv"):
        if row["source"] == "sec":
            sec[core(row["name"])].add(row["name"])
    pairs, single = [], []
    for key, names in sorted(sec.items()):
        match by_core.get(key, []):
            case [entity] if len(names) == 1:
                pairs.append(Company("listed", min(names), entity.right, "", "US", entity.lei))
            case []:
                single.append(Company("listed", min(names), min(names)))
    return pairs, single


def near_misses(entities: Iterable[Company]) -> dict[str, list[tuple[Company, Company]]]:
    """Find different legal entities with names that are easily taken for one another.

    Returns:
        Pairs by kind: "holding" (one name is the other with a word such as Holding), "legal_namesake" (same name
        in two countries), "sister" (same first two words and country).
    """
    by_stem: defaultdict[str, list[Company]] = defaultdict(list)
    by_start: defaultdict[tuple[str, ...], list[Company]] = defaultdict(list)
    for entity in filter(is_trading_company, entities):
        words = core(entity.left).split()
        stem = " ".join(UMBRELLA.sub(" ", " ".join(words)).split())
        if len(stem) >= 5:
            by_stem[stem].append(entity)
        if len(words) >= 3 and len(words[0]) >= 4:
            by_start[entity.country, words[0], words[1]].append(entity)
    found: dict[str, list[tuple[Company, Company]]] = {"holding": [], "legal_namesake": [], "sister": []}
    for group in by_stem.values():
        if len(group) == 2:
            one, other = group
            if core(one.left) != core(other.left) and one.country == other.country:
                found["holding"].append((one, other))
            # Longer names that are equal mostly belong to one group.
            elif (
                core(one.left) == core(other.left)
                and one.country != other.country
                and " " not in stem.replace(" ", "", 1)
            ):
                found["legal_namesake"].append((one, other))
    found["sister"] = [
        (group[0], group[1])
        for group in by_start.values()
        if len(group) == 2 and core(group[0].left).split()[2] != core(group[1].left).split()[2]
    ]
    return found


class Picker:
    """Draws companies such that no name or website comes up twice by accident, which the truth would not know."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._taken: set[str] = set()

    def groups(self, candidates: Iterable[tuple[Company, ...]], count: int) -> list[tuple[Company, ...]]:
        """Draw `count` groups, each of companies that share nothing with those drawn before."""
        shuffled = list(candidates)
        self._draw.shuffle(shuffled)
        picked: list[tuple[Company, ...]] = []
        for group in shuffled:
            marks = {
                mark
                for each in group
                for mark in (
                    *(core(name).replace(" ", "") for name in (each.left, each.right)),
                    *(label(site) for site in (each.website, each.other_website)),
                )
            } - {""}
            if marks and not marks & self._taken:
                self._taken |= marks
                picked.append(group)
                if len(picked) == count:
                    return picked
        raise SystemExit(f"only {len(picked)} of {count} companies are to be had")

    def singles(self, candidates: Iterable[Company], count: int) -> list[Company]:
        """Draw `count` companies."""
        return [company for (company,) in self.groups(((each,) for each in candidates), count)]


@dataclass(frozen=True)
class Choice:
    """The companies of both lists.

    Attributes:
        both: on both lists.
        left, right: on one list only.
        near: pairs of different companies, one on each list, that are easily taken for one another.
    """

    both: list[Company]
    left: list[Company]
    right: list[Company]
    near: list[tuple[Company, Company]]


def choose(data: Path, draw: random.Random) -> Choice:
    """Choose the companies: a fifth of what both lists hold together stands on both."""
    picker = Picker(draw)
    brand_both, brand_left, brand_right = brands(data)
    local = [brand for brand in brand_both if brand.country]
    employer_both, employer_single = employers(data, draw)
    entities = gleif(data)
    listed_both, listed_single = listed(data, entities)
    formal = [entity for entity in entities if is_trading_company(entity)]
    member = members(data)

    pairs = {**near_misses(entities), "namesake": brand_namesakes(data), "neighbour": member.neighbours}
    near = [
        (replace(one, kind=kind), replace(other, kind=kind))
        for kind, count in NEAR_MISSES.items()
        for one, other in picker.groups(pairs[kind], count)
    ]
    both = (
        picker.singles(member.both, 320)
        + picker.singles(employer_both, 50)
        + picker.singles(listed_both, 40)
        + picker.singles(local, 80)
        + [replace(each, right=rewrite(each.right, draw)) for each in picker.singles(formal, 60)]
    )
    left = (
        picker.singles(member.left, 1050)
        + picker.singles(employer_single, 120)
        + picker.singles(local, 1150)
        + picker.singles(brand_left, 60)
        + picker.singles(listed_single, 220)
        + picker.singles(formal, 280)
    )
    right = (
        picker.singles(member.right, 240)
        + picker.singles(employer_single, 80)
        + picker.singles(local, 350)
        + picker.singles(brand_right, 180)
        + picker.singles(listed_single, 90)
        + picker.singles(formal, 130)
    )
    return Choice(both, left, right, near)
