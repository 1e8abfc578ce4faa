"""Registrable domains: the part of a web or mail address that one registrant holds.

A domain is a match key only if it is a company's own. The Public Suffix List (publicsuffix.org, MPL-2.0, pinned
in `data/`) says where registration happens. Both its sections are used: below a hoster's suffix such as
`myshopify.com` each label belongs to another tenant, so `acme.myshopify.com` is Acme's and `myshopify.com` is
nobody's. Domains that many companies share without a label of their own (mail providers, social networks,
marketplaces, link shorteners) are tables in `data/` and never a key.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from publicsuffixlist import PublicSuffixList

from accountmap.linkage.tables import DATA, read_words
from accountmap.linkage.transliterate import UNKNOWN, known

_LONGEST_TEXT: Final = 4096
"""Characters of a cell that are looked at; addresses end long before."""

_SEPARATORS: Final = re.compile(r"[\s,;|<>\[\](){}\"'`*]+")
_SCHEME: Final = re.compile(r"^(?:[a-z][a-z0-9+-]*:/*|https?/+|/+)", re.IGNORECASE | re.ASCII)
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DOTS: Final = re.compile("[\u3002\uff0e\uff61]")  # UTS #46 section 2.3: what people type for a full stop


@functools.cache
def public_suffixes() -> PublicSuffixList:
    """Load the pinned Public Suffix List; a name below no listed suffix has no registrable domain."""
    return PublicSuffixList((DATA / "public_suffix_list.dat").read_text("utf-8"), accept_unknown=False)


@functools.cache
def _table(file_name: str) -> frozenset[str]:
    return read_words(file_name)


def is_mail_provider(domain: str) -> bool:
    """Tell whether people have mailboxes under `domain`: free mail, access providers, disposable addresses."""
    return domain in _table("mail_domains.txt")


def is_shared_host(domain: str) -> bool:
    """Tell whether many companies have a page on `domain`, or it is a placeholder."""
    return domain in _table("shared_hosts.txt")


def _mapped(host: str) -> str:
    """Write a host name as it is looked up (UTS #46, non-transitional: `ß` stays itself)."""
    lowered = "".join(char.lower() for char in unicodedata.normalize("NFKC", known(host)))
    return _DOTS.sub(".", unicodedata.normalize("NFC", lowered))


def _a_label(label: str) -> str:
    """Write a label in ASCII (RFC 3492). One with unknown characters stays, and so is no label of a domain."""
    return label if label.isascii() or UNKNOWN in label else "xn--" + label.encode("punycode").decode("ascii")


def _host(token: str) -> str:
    """Cut a URL, an e-mail address or a host name down to its host, lower-case and in ASCII."""
    text = token.replace("\\", "/")
    while (rest := _SCHEME.sub("", text)) != text:
        text = rest
    authority = re.split(r"[/?#]", text, maxsplit=1)[0]
    host = unquote(authority.rpartition("@")[2]).partition(":")[0]
    if host.isascii():
        return host.lower().strip(".")
    return ".".join(map(_a_label, _mapped(host).strip(".").split(".")))


def hosts(text: str) -> Iterator[str]:
    """Yield the host of everything in a cell that looks like an address, in the order of the text."""
    visible = known(text[:_LONGEST_TEXT])
    if not visible.isprintable():
        visible = "".join(c for c in visible if c.isspace() or unicodedata.category(c)[0] != "C")
    for token in _SEPARATORS.split(visible):
        if "." in _DOTS.sub(".", token):
            yield _host(token)


def registrable(host: str) -> str | None:
    """Cut a host name to the label below its public suffix, or None where there is none.

    A bare hoster (`www.myshopify.com`) has none: below its suffix, `www` is no tenant.
    """
    domain: str | None = public_suffixes().privatesuffix(host)
    if domain is None or len(domain) > 253 or domain.startswith("www."):
        return None
    return domain if all(_LABEL.fullmatch(label) for label in domain.split(".")) else None


@functools.lru_cache(maxsize=1 << 16)
def registrable_domain(text: str | None) -> str | None:
    """Find the company domain in a website, host name or e-mail address.

    Args:
        text: a cell as it was written; may hold a URL with everything that a URL can have, an international
            name, wiki markup, or several addresses, of which the first usable one counts.

    Returns:
        The registrable domain in lower-case ASCII (A-labels, RFC 5890), or None if there is none or it is not a
        company's own.
    """
    if not text:
        return None
    domains = (domain for host in hosts(text) if (domain := registrable(host)))
    return next((d for d in domains if not is_mail_provider(d) and not is_shared_host(d)), None)


def domain_label(domain: str | None) -> str | None:
    """Give the registrant's own label of a registrable domain, in Unicode: `müller` for `xn--mller-kva.co.at`.

    It is what a company writes into its address for its name, and stays the same in all its countries.
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
