"""The real companies from which samples/ is built: where they come from, and which are easily confused.

The truth, which company stands on both lists, comes from the sources' own identifiers, or, between SEC and
GLEIF, from names that are unique in both once case, punctuation and legal form are taken off. It never comes
from the package that is measured by it.
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

NEAR_MISSES: Final = 40
"""Pairs of each kind; on real lists of this size there are some dozens of each."""

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
    """

    kind: str
    left: str
    right: str
    website: str = ""
    country: str = ""
    lei: str = ""


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
        Pairs by kind: "holding" (one name is the other with a word such as Holding), "namesake" (same name in two
        countries), "sister" (same first two words and country).
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
    found: dict[str, list[tuple[Company, Company]]] = {"holding": [], "namesake": [], "sister": []}
    for group in by_stem.values():
        if len(group) == 2:
            one, other = group
            if core(one.left) != core(other.left) and one.country == other.country:
                found["holding"].append((one, other))
            elif core(one.left) == core(other.left) and one.country != other.country:
                found["namesake"].append((one, other))
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
                mark for each in group for mark in (core(each.left), core(each.right), host(each.website))
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


def choose(data: Path, draw: random.Random) -> tuple[list[Company], list[Company], list[Company]]:
    """Choose the companies on both lists, on the left one only, and on the right one only."""
    picker = Picker(draw)
    brand_both, brand_left, brand_right = brands(data)
    employer_both, employer_single = employers(data, draw)
    entities = gleif(data)
    listed_both, listed_single = listed(data, entities)
    formal = [entity for entity in entities if is_trading_company(entity)]

    both = picker.singles(employer_both, 110) + picker.singles(listed_both, 220) + picker.singles(brand_both, 550)
    left, right = [], []
    for kind, pairs in near_misses(entities).items():
        for one, other in picker.groups(pairs, NEAR_MISSES):
            left.append(replace(one, kind=kind))
            right.append(replace(other, kind=kind))
    both += [replace(each, right=rewrite(each.right, draw)) for each in picker.singles(formal, 250)]
    left += (
        picker.singles(brand_left, 150) + picker.singles(employer_single, 120) + picker.singles(brand_both, 800)
    )
    right += (
        picker.singles(brand_right, 300) + picker.singles(employer_single, 120) + picker.singles(brand_both, 550)
    )
    left += picker.singles(listed_single, 350) + picker.singles(formal, 500)
    right += picker.singles(listed_single, 350) + picker.singles(formal, 420)
    return both, left, right
