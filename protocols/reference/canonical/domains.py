"""Domains: canonical-v1, section 4."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from protocols.reference.canonical.characters import UNKNOWN, category, is_white, known, split_white
from protocols.reference.canonical.names import is_generic, split_words, squash
from protocols.reference.canonical.tables import FOLDER, words

NO_KEYS = words("mail_domains.txt", "shared_hosts.txt")
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
    if "" in labels or not 0 < size < len(labels) or domain.startswith("www.") or len(domain) > 253:
        return None
    return domain if all(map(LABEL.fullmatch, domain.split("."))) else None


def domain_of_cell(cell: str) -> str | None:
    """Find the domain in one cell."""
    seen = "".join(char for char in known(cell)[:4096] if is_white(char) or category(char)[0] != "C")
    parts = split_white(SEPARATORS.sub(" ", seen))
    domains = [registrable(_host(part)) for part in parts if "." in STOPS.sub(".", part)]
    return next((domain for domain in domains if domain and domain not in NO_KEYS), None)


def domain_of(account: Mapping[str, str]) -> str | None:
    """Find the domain of an account."""
    cells = (account.get(column, "") for column in ("domain", "website", "email"))
    return next((domain for cell in cells if (domain := domain_of_cell(cell))), None)


def label_of(domain: str) -> str:
    """Give the label of a domain, or nothing."""
    label = domain.split(".", maxsplit=1)[0]
    if label.startswith("xn--"):
        try:
            label = label[4:].encode("ascii").decode("punycode")
        except UnicodeError:
            return ""
    found = split_words(label)
    return "" if is_generic(found) else squash(found)
