"""Domains: canonical-v2, section 4."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from protocols.reference.canonical.characters import UNKNOWN, category, is_white, known, split_white
from protocols.reference.canonical.names import KINDS, Name, is_generic, split_words, squash
from protocols.reference.canonical.tables import FOLDER, words

SHARED = words("mail_domains.txt", "shared_hosts.txt")
MADE_UP = words("made_up_labels.txt")
SHARED_SUFFIXES = words("shared_suffixes.txt")
FRONT_PAGES = re.compile(
    "[a-z]{2}([-_][a-z]{2,4})?|(index|home|homepage|default|main|start|welcome)(\\.[a-z]{1,5})?|global|corp|company|"
    "about.*|contacts?([-_]us)?|kontakt|contatti|contacto|contato|impressum|imprint|legal|privacy|"
    "log-?(in|on)|sign-?(in|up)|(über|ueber|uber|%c3%bcber)(-uns)?|over-ons|qui-sommes-nous|chi-siamo|"
    "quienes-somos|sobre(-nos|-nosotros)?|o-nas|om(-oss|-os)?"
)
FRONT_HOSTS = re.compile("www[0-9]{0,2}|[a-z]{2}|m|mobile|en-[a-z]{2}|web|home|corp|corporate|about|global|group")
SEPARATORS = re.compile("[,;|<>\\[\\](){}\"'`*]")
STOPS = re.compile("[\u3002\uff0e\uff61]")
SCHEME = re.compile("[A-Za-z][A-Za-z0-9+-]*:/*|[Hh][Tt][Tt][Pp][Ss]?/|/")
LABEL = re.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def _punycode(label: str) -> str:
    return label if label.isascii() or UNKNOWN in label else "xn--" + label.encode("punycode").decode("ascii")


def _in_ascii(host: str) -> str:
    """Write a host in lower-case ASCII (step 2)."""
    if not host.isascii():
        lowered = "".join(char.lower() for char in unicodedata.normalize("NFKC", known(host)))
        host = STOPS.sub(".", unicodedata.normalize("NFC", lowered))
    return ".".join(map(_punycode, host.strip(".").lower().split(".")))


def _suffixes() -> Iterator[str]:
    for line in (FOLDER / "public_suffix_list.dat").read_text("utf-8").split("\n"):
        if line.strip() and not line.startswith("//"):
            sign, rule = ("!", line[1:]) if line.startswith("!") else ("", line)
            yield sign + _in_ascii(rule.split()[0])


SUFFIXES = frozenset(_suffixes())


def _host(part: str) -> str:
    rest = part.replace("\\", "/")
    while scheme := SCHEME.match(rest):
        rest = rest[scheme.end() :]
    authority = re.split("[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    return _in_ascii(unquote(authority).partition(":")[0])


def _suffix_length(labels: list[str]) -> int:
    """Count the labels of the longest public suffix; 0 if no rule fits."""
    longest = 0
    for size in range(1, len(labels) + 1):
        first, *others = end = labels[-size:]
        if ".".join([f"!{first}", *others]) in SUFFIXES:
            return size - 1
        if not SUFFIXES.isdisjoint(map(".".join, (end, ["*", *others], ["*", *end]))):
            longest = size
    return longest


def registrable(host: str) -> str | None:
    """Cut a host to its registrable domain (step 3)."""
    labels = host.split(".")
    size = _suffix_length(labels)
    domain = ".".join(labels[-size - 1 :])
    if domain in SHARED_SUFFIXES:
        size += 1
        domain = ".".join(labels[-size - 1 :])
    if "" in labels or not 0 < size < len(labels) or domain.startswith("www.") or len(domain) > 253:
        return None
    return domain if all(map(LABEL.fullmatch, domain.split("."))) else None


class Found(NamedTuple):
    """A domain in a cell, whether it is a page, and whether it is shared (steps 5 and 6)."""

    domain: str
    page: bool
    shared: bool


def _folders(part: str) -> list[str]:
    rest = re.split("[?#]", part.replace("\\", "/"), maxsplit=1)[0]
    while scheme := SCHEME.match(rest):
        rest = rest[scheme.end() :]
    return [folder for folder in rest.lower().split("/")[1:] if folder and not FRONT_PAGES.fullmatch(folder)]


def _is_shared(host: str, domain: str) -> bool:
    labels = host.split(".")
    size = len(domain.split("."))
    return any(".".join(labels[at:]) in SHARED for at in range(len(labels) - size + 1))


def _read(part: str) -> Found | None:
    host = _host(part)
    domain = registrable(host)
    if domain is None or domain.split(".")[0] in MADE_UP:
        return None
    front = host.removesuffix(domain).strip(".")
    deep = bool(_folders(part)) or (front != "" and not FRONT_HOSTS.fullmatch(front))
    return Found(domain, deep and not ("@" in part and "/" not in part), _is_shared(host, domain))


def domains_of_cell(cell: str) -> list[Found]:
    """Find the domains in one cell, each where it stands first (step 4)."""
    seen = "".join(char for char in known(cell)[:4096] if is_white(char) or category(char)[0] != "C")
    parts = [part for part in split_white(SEPARATORS.sub(" ", seen)) if "." in STOPS.sub(".", part)]
    found: dict[str, Found] = {}
    for each in filter(None, map(_read, parts)):
        found.setdefault(each.domain, each)
    return list(found.values())


def fit(name: Name | None, domain: str) -> int:
    """Say how well a domain fits a name (step 7)."""
    label = label_of(domain)
    if name is None or not label:
        return 0
    squashed = {squash(name.full), squash(name.core)}
    if {label, domain.replace(".", "").replace("-", "")} & squashed or label == "".join(w[0] for w in name.core):
        return 2
    begins = any(each.startswith(label) or label.startswith(each) for each in squashed)
    return 1 if begins or label in name.words else 0


def _is_own(name: Name | None, found: Found) -> bool:
    fits = fit(name, found.domain)
    if fits == 2 or not (found.shared or found.page):
        return True
    first = squash(name.full[:1]) if name else ""
    return found.shared and not found.page and bool(first) and first == label_of(found.domain)


def domain_of(account: Mapping[str, str], name: Name | None, address: str) -> tuple[str | None, str]:
    """Find the domain of an account, and its label (step 8)."""
    cells = [account.get(column, "") for column in ("domain", "website", "email")] + [address]
    listed = [domains_of_cell(cell) for cell in cells]
    for found in listed:
        own = [each for each in found if _is_own(name, each)]
        if own:
            best = max(fit(name, each.domain) for each in own)
            domain = next(each.domain for each in own if fit(name, each.domain) == best)
            return domain, label_of(domain)
    pages = [each.domain for found in listed for each in found if not each.shared]
    return None, label_of(pages[0]) if pages else ""


def written_label(domain: str) -> str:
    """Return the first label of a domain, decoded, or nothing."""
    label = domain.split(".", maxsplit=1)[0]
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return ""


def label_of(domain: str) -> str:
    """Return the label of a domain, or nothing."""
    found = split_words(written_label(domain))
    return "" if is_generic(found) or KINDS.issuperset(found) else squash(found)
