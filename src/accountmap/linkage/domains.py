"""Registrable domains: the part of a web or mail address that belongs to one registrant.

A domain is a match key only if it is a company's own. The Public Suffix List (publicsuffix.org, MPL-2.0, pinned
in `data/`) says where registration happens. Both its sections are used: below a hoster's suffix such as
`myshopify.com` each label belongs to a different tenant, so `acme.myshopify.com` is Acme's and `myshopify.com` is
nobody's. Domains of governments under which separate bodies have labels of their own count as suffixes too.
Domains that many companies share without a label of their own (mail providers, social networks, marketplaces, link
shorteners) are listed in tables in `data/`: each is the domain of the company with that name, and of nobody else.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote

from publicsuffixlist import PublicSuffixList

from accountmap.linkage.data import DATA, read_words
from accountmap.linkage.transliterate import UNKNOWN, known

_LONGEST_TEXT: Final = 4096
"""How many characters of a cell are read; addresses end long before."""

_SEPARATORS: Final = re.compile(r"[\s,;|<>\[\](){}\"'`*]+")
_SCHEME: Final = re.compile(r"^(?:[a-z][a-z0-9+-]*:/*|https?/+|/+)", re.IGNORECASE | re.ASCII)
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_USUAL: Final = re.compile(rf"(?:https?://)?({_LABEL}(?:\.{_LABEL})+)/?", re.IGNORECASE | re.ASCII)
"""A host, or the address of its front page, and nothing else: what most cells contain."""

_DOTS: Final = re.compile("[\u3002\uff0e\uff61]")  # UTS #46 section 2.3: what people type for a full stop
_NO_FOLDER: Final = re.compile(
    r"[a-z]{2}(?:[-_][a-z]{2,4})?|(?:index|home|homepage|default|main|start|welcome)(?:\.[a-z]{1,5})?|global|corp|company|"
    r"about.*|contacts?(?:[-_]us)?|kontakt|contatti|contacto|contato|impressum|imprint|legal|privacy|"
    r"log-?[io]n|sign-?(?:in|up)|(?:über|ueber|uber|%c3%bcber)(?:-uns)?|over-ons|qui-sommes-nous|chi-siamo|"
    r"quienes-somos|sobre(?:-nos|-nosotros)?|o-nas|om(?:-oss|-os)?"
)
"""What follows the host in the address of a company's own front page: a language, a region, the page itself."""

_NO_SUBDOMAIN: Final = re.compile(
    r"www[0-9]{0,2}|[a-z]{2}|m|mobile|en-[a-z]{2}|web|home|corp|corporate|about|global|group"
)
"""What comes before the domain in the address of a company's own front page."""


@functools.cache
def public_suffixes() -> PublicSuffixList:
    """Load the pinned Public Suffix List; a name that is not below a listed suffix has no registrable domain."""
    return PublicSuffixList((DATA / "public_suffix_list.dat").read_text("utf-8"), accept_unknown=False)


@functools.cache
def _rules() -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that public suffixes end with, and those below which every label is registered.

    The second are suffixes themselves, without a wildcard or an exception right below them.
    """
    lines = (DATA / "public_suffix_list.dat").read_text("utf-8").splitlines()
    rules = {line.split()[0].lower() for line in lines if line.strip() and not line.startswith("//")}
    bare = [rule.removeprefix("!").removeprefix("*.").split(".") for rule in rules]
    ends = frozenset(".".join(labels[at:]) for labels in bare for at in range(len(labels)))
    return ends, frozenset(rule for rule in rules if not {f"*.{rule}", f"!{rule}"} & rules)


@functools.cache
def _table(file_name: str) -> frozenset[str]:
    return read_words(file_name)


def is_mail_provider(domain: str) -> bool:
    """Return whether people have mailboxes under `domain`: free mail, access providers, disposable addresses."""
    return domain in _table("mail_domains.txt")


def is_shared_host(domain: str) -> bool:
    """Return whether many companies have a page on `domain`, or it is a placeholder."""
    return domain in _table("shared_hosts.txt")


def _mapped(host: str) -> str:
    """Write a host name as it is looked up (UTS #46, non-transitional: `ß` stays as it is)."""
    lowered = "".join(char.lower() for char in unicodedata.normalize("NFKC", known(host)))
    return _DOTS.sub(".", unicodedata.normalize("NFC", lowered))


def _a_label(label: str) -> str:
    """Write a label in ASCII (RFC 3492). One with unknown characters is left, and is then no label of a domain."""
    return label if label.isascii() or UNKNOWN in label else "xn--" + label.encode("punycode").decode("ascii")


def _host(token: str) -> str:
    """Reduce a URL, an e-mail address or a host name to its host, lower-case and in ASCII."""
    text = token.replace("\\", "/")
    while (rest := _SCHEME.sub("", text)) != text:
        text = rest
    authority = re.split(r"[/?#]", text, maxsplit=1)[0]
    host = unquote(authority.rpartition("@")[2]).partition(":")[0]
    if host.isascii():
        return host.lower().strip(".")
    return ".".join(map(_a_label, _mapped(host).strip(".").split(".")))


def _tokens(text: str) -> Iterator[str]:
    """Yield what looks like an address in a cell, in the order of the text."""
    visible = known(text[:_LONGEST_TEXT])
    if not visible.isprintable():
        visible = "".join(c for c in visible if c.isspace() or unicodedata.category(c)[0] != "C")
    for token in _SEPARATORS.split(visible):
        if "." in _DOTS.sub(".", token):
            yield token


def hosts(text: str) -> Iterator[str]:
    """Yield the host of everything in a cell that looks like an address, in the order of the text."""
    yield from map(_host, _tokens(text))


def registrable(host: str) -> str | None:
    """Cut a host name to the label below its public suffix; None if there is none.

    A hoster's own name (`www.myshopify.com`) has none: below its suffix, `www` is not a tenant. The same goes for
    the domains of governments in `shared_suffixes.txt`.
    """
    is_usual = _DOMAIN.fullmatch(host) is not None
    domain = _below_suffix(host) if is_usual and "xn--" not in host else public_suffixes().privatesuffix(host)
    if domain is not None and domain in _table("shared_suffixes.txt"):
        labels = host[: -len(domain)].rstrip(".").rpartition(".")[2]
        domain = f"{labels}.{domain}" if labels else None
    if domain is None or len(domain) > 253 or domain.startswith("www."):
        return None
    return domain if is_usual or _DOMAIN.fullmatch(domain) else None


def _below_suffix(host: str) -> str | None:
    """Cut a host name of ASCII labels to the label below its public suffix; the library knows the rare rules."""
    ends, plain = _rules()
    name, below = host, None
    while name and name not in ends:
        below = name
        name = name.partition(".")[2]
    if name in plain:
        return below
    found: str | None = public_suffixes().privatesuffix(host)
    return found


class Address(NamedTuple):
    """A company's domain, as found in a cell.

    Attributes:
        domain: registrable, in lower-case ASCII (A-labels, RFC 5890).
        is_page: whether a folder or subdomain is named, so that the page may be another company's.
        is_shared: whether people have mailboxes, or many companies have pages, under it.
    """

    domain: str
    is_page: bool
    is_shared: bool


def _folders(token: str) -> list[str]:
    path = re.split(r"[?#]", token.replace("\\", "/"), maxsplit=1)[0]
    while (rest := _SCHEME.sub("", path)) != path:
        path = rest
    return [each for each in path.lower().split("/")[1:] if each and not _NO_FOLDER.fullmatch(each)]


@functools.cache
def _listed() -> frozenset[str]:
    """Return the domains that many share, of both tables."""
    return _table("mail_domains.txt") | _table("shared_hosts.txt")


def _is_listed(host: str, domain: str) -> bool:
    """Return whether many companies share a host, or a domain above it up to the registrable one."""
    listed = _listed()
    while len(host) >= len(domain):
        if host in listed:
            return True
        _, _, host = host.partition(".")
    return False


def is_made_up(domain: str) -> bool:
    """Return whether a domain is what people type into a field that must not be empty: `test.com`, `none.de`."""
    return domain.partition(".")[0] in _table("made_up_labels.txt")


@functools.lru_cache(maxsize=1 << 12)
def addresses(text: str) -> tuple[Address, ...]:
    """Find the domains in a website, host name or e-mail address.

    Args:
        text: a cell as it was written; it may contain a URL with everything that a URL can have, an international
            name, wiki markup, or several addresses.

    Returns:
        Each domain once, in the order of the text; made-up ones are left out.
    """
    if len(text) <= _LONGEST_TEXT and (usual := _USUAL.fullmatch(text)):
        address = _address(usual[1].lower(), has_folders=False)
        return (address,) if address else ()
    found: dict[str, Address] = {}
    for token in _tokens(text):
        address = _address(_host(token), has_folders=bool(_folders(token)))
        if address:
            is_mail = "@" in token and "/" not in token
            found.setdefault(address.domain, address._replace(is_page=False) if is_mail else address)
    return tuple(found.values())


def _address(host: str, *, has_folders: bool) -> Address | None:
    domain = registrable(host)
    if domain is None or is_made_up(domain):
        return None
    subdomain = host[: -len(domain)].rstrip(".")
    is_page = has_folders or not (subdomain in ("", "www") or _NO_SUBDOMAIN.fullmatch(subdomain))
    return Address(domain, is_page, _is_listed(host, domain))


def registrable_domain(text: str | None) -> str | None:
    """Return the first domain in a cell that can be a company's own, or None."""
    return next((each.domain for each in addresses(text or "") if not each.is_shared), None)


def domain_label(domain: str | None) -> str | None:
    """Return the registrant's own label of a registrable domain, in Unicode: `müller` for `xn--mller-kva.co.at`.

    A company writes its name in its address with this label, and uses the same one in all its countries.
    """
    if not domain:
        return None
    label = domain.partition(".")[0]
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return None
