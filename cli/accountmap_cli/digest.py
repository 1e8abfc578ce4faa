"""`accountmap digest`: what is new with all partners, to read, to mail, or to send to a chat."""

import logging
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from accountmap.errors import BackendError, ChannelError, InputError, install_command
from accountmap_cli.context import workspace
from accountmap_cli.output import Command, as_json_text, emit, harmless, plural, say

if TYPE_CHECKING:
    from accountmap.session.digest import PartnerDigest

ADDRESS_VARIABLE: Final = "ACCOUNTMAP_NOTIFY_URL"
MOST_NAMED: Final = 20
"""The most accounts of each kind that are named; the JSON has all."""
_NOTHING: Final = "\u200b"
"""A zero-width space: after a sign such as @, it keeps chats from seeing a mention or a link."""

_NOUNS: Final = {
    "questions": "question",
    "introductions": "introduction",
    "leads": "proposal of who leads",
    "deals": "undecided deal",
    "plans": "joint plan",
}
_KINDS: Final = {
    "new": "New in the overlap",
    "moved": "Moved to another segment",
    "gone": "Gone from the overlap",
    "possible": "Possible matches to ask about",
    "questions": "Questions",
    "introductions": "Introductions",
    "leads": "Who leads",
    "deals": "Deals that both registered",
}

PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
</head>
<body style="margin:0;padding:24px;background:#ffffff;color:#1a1a1a;font:16px/1.5 sans-serif">
<div style="max-width:640px;margin:0 auto">
<h1 style="font-size:22px;margin:0 0 16px">{{ title }}</h1>
{% for name, lines, accounts in partners %}
<h2 style="font-size:18px;margin:24px 0 8px;border-bottom:1px solid #767676">{{ name }}</h2>
<ul style="margin:0;padding-left:20px">
{% for line in lines %}<li>{{ line }}</li>
{% endfor %}</ul>
{% for kind, rows in accounts %}
<h3 style="font-size:16px;margin:12px 0 4px">{{ kind }}</h3>
<ul style="margin:0;padding-left:20px">
{% for row in rows %}<li>{{ row }}</li>
{% endfor %}</ul>
{% endfor %}
{% else %}
<p>No partner yet.</p>
{% endfor %}
</div>
</body>
</html>
"""


def _since(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime | None:
    """Read `2026-11-01` as the beginning of that day in UTC, and `7d` as seven days ago."""
    if value is None:
        return None
    if days := re.fullmatch(r"(\d{1,4})d", value):
        return datetime.now(UTC) - timedelta(days=int(days[1]))
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise click.BadParameter("A date such as 2026-11-01, or a number of days such as 7d.") from error


def send_option(what: str, more: str) -> Callable[[Command], Command]:
    """Add the option that sends something to addresses of apprise.

    Args:
        what: what it sends.
        more: more about the address.
    """
    return click.option(
        "--send",
        "address",
        is_flag=False,
        flag_value="",
        metavar="[URL]",
        help=f"Send {what} to an apprise address, {more}. [default: the variable {ADDRESS_VARIABLE}]",
    )


@click.command()
@click.option(
    "--since",
    metavar="DATE|Nd",
    callback=_since,
    help="Say what is new since then. [default: since the session before]",
)
@click.option("--names", is_flag=True, help="Name the accounts too. [default: counts only]")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--html", "as_html", is_flag=True, help="As a page that mail programs show.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file instead of showing it."
)
@send_option("it", "or to several, separated by spaces")
@click.pass_context
def digest(
    context: click.Context,
    since: datetime | None,
    names: bool,
    as_json: bool,
    as_html: bool,
    output: Path | None,
    address: str | None,
) -> None:
    """Say what is new with all partners, and what waits for whom.

    Shared companies that are new, moved or gone; possible matches, questions, introductions, leads, deals and
    plans that wait; sessions; agreements that end. It shows counts, and names accounts only with --names: then
    whoever gets it can read what your partners have agreed to show to you alone.

    With --send it goes to Slack, Teams, a mailbox or a webhook (https://github.com/caronc/apprise lists the
    addresses). An address often contains a secret: set ACCOUNTMAP_NOTIFY_URL to it instead of typing it.

    \b
    Examples:
      accountmap digest
      accountmap digest --since 7d --names --html --output digest.html
      accountmap digest --since 1d --send
    """
    from accountmap.api import read_digest

    if as_json and as_html:
        raise click.UsageError("Choose one of --json and --html.")
    targets = None if address is None else targets_of(address)
    now = datetime.now(UTC)
    with workspace(context) as own:
        found = read_digest(own, now, since, names=names)
        title = f"{own.card.name}: partners, {now:%Y-%m-%d}"
    if as_json:
        body = as_json_text({"title": title, "partners": [asdict(each) for each in found]})
    else:
        body = as_page(title, found) if as_html else as_text(title, found)
    if output is not None:
        from accountmap.files import write_atomic

        write_atomic(output, f"{body}\n".encode())
        say(f"Wrote {output}.")
    if targets is not None:
        if not as_json:
            body = as_page(title, found, sent_in_page) if as_html else as_text(title, found, sent_in_text)
        targets.send(title, body, as_html=as_html)
        say(f"Sent to {plural(len(targets), 'address')}.")
    if output is None and targets is None:
        emit(body)


def shown(name: str) -> str:
    """Return a name as a terminal or a page shows it."""
    return harmless(name, lines=False)


def sent_in_text(name: str) -> str:
    """Return a name in which a chat finds no mention, link or formatting."""
    return re.sub(r"([\[\]*_<>|])", r"\\\1", shown(name)).replace("@", f"@{_NOTHING}")


def sent_in_page(name: str) -> str:
    """Return a name in which a chat that gets the page as text finds no mention or link."""
    return re.sub(r"([@\[\]<])", rf"\1{_NOTHING}", shown(name))


def as_text(title: str, digests: Sequence["PartnerDigest"], spell: Callable[[str], str] = shown) -> str:
    """Write the digest as plain text, with names as `spell` writes them."""
    lines = [title]
    for each in digests:
        lines += ["", spell(each.partner), *(f"  {line}" for line in in_words(each))]
        for kind, rows in _named(each, spell):
            lines += [f"  {kind}:", *(f"    {row}" for row in rows)]
    return "\n".join(lines if digests else [title, "", "No partner yet."])


def as_page(title: str, digests: Sequence["PartnerDigest"], spell: Callable[[str], str] = shown) -> str:
    """Write the digest as one HTML page without scripts or links; its styles are inline, for mail programs."""
    from jinja2 import Environment, StrictUndefined

    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(PAGE)
    partners = [(spell(each.partner), list(in_words(each)), list(_named(each, spell))) for each in digests]
    return page.render(title=harmless(title, lines=False), partners=partners)


def in_words(about: "PartnerDigest") -> Iterator[str]:
    """Say what is new with a partner, in sentences without the name of an account."""
    if about.overlap is None:
        yield "No session is finished yet."
    else:
        since = f" since {about.since:%Y-%m-%d}" if about.since else ", in the first session"
        changes = ", ".join(f"{getattr(about, what):,} {what}" for what in ("new", "moved", "gone"))
        yield f"{plural(about.overlap, 'shared company')}: {changes}{since}. Last session {about.mapped:%Y-%m-%d}."
    yield from _waiting_in_words(about)
    if about.possible:
        yield f"Possible matches that nobody has asked about: {about.possible:,}."
    came = _came(about)
    if came:
        yield f"Received from them: {came}."
    yield from _agreement_in_words(about)
    if not about.has_news:
        yield "Nothing is new, and nothing waits for you."


def _came(about: "PartnerDigest") -> str:
    parts = [f"answers to your questions, {about.answers:,}"] if about.answers else []
    parts += [f"steps and notes about matches, {about.received:,}"] if about.received else []
    return "; ".join(parts)


def _waiting_in_words(about: "PartnerDigest") -> Iterator[str]:
    from accountmap.session.digest import ME

    yours = [(each.for_you, _NOUNS[each.what]) for each in about.waiting if each.for_you]
    oldest = min((each.since for each in about.waiting if each.since), default=None)
    if yours and oldest:
        yield f"Waits for you: {_listed(yours)}, the oldest since {oldest:%Y-%m-%d}. See accountmap inbox."
    theirs = [(each.for_them, _NOUNS[each.what]) for each in about.waiting if each.for_them]
    if theirs:
        yield f"Waits for them: {_listed(theirs)}."
    if about.session_waits_for and about.session_since:
        whom = "you" if about.session_waits_for == ME else "them"
        yield f"The session waits for {whom}, since {about.session_since:%Y-%m-%d}."


def _listed(counts: Sequence[tuple[int, str]]) -> str:
    return ", ".join(_counted(count, noun) for count, noun in counts)


def _counted(count: int, noun: str) -> str:
    head, of, rest = noun.partition(" of ")
    return f"{plural(count, head)}{of}{rest}"


def _agreement_in_words(about: "PartnerDigest") -> Iterator[str]:
    from accountmap.session.digest import ENDED, ENDS_SOON

    if about.agreement == ENDS_SOON:
        yield f"The agreement ends soon, on {about.until}."
    elif about.agreement == ENDED:
        yield f"The agreement ended on {about.until}."
    elif about.agreement == "proposed":
        yield "An agreement is proposed, and waits for a signature."
    elif about.agreement == "none":
        yield "There is no agreement."


def _named(about: "PartnerDigest", spell: Callable[[str], str]) -> Iterator[tuple[str, list[str]]]:
    for what, rows in groupby(about.accounts, lambda each: each.what):
        accounts = list(rows)
        shown = [_account(spell(each.name or each.account_id), each.detail) for each in accounts[:MOST_NAMED]]
        more = len(accounts) - len(shown)
        yield _KINDS[what], [*shown, f"and {more:,} more"] if more else shown


def _account(name: str, detail: str) -> str:
    words = {"me": "waits for you", "them": "waits for them"}.get(detail, detail)
    return f"{name} ({words})" if words else name


class Targets:
    """Where a digest or a feed is sent. Addresses hold secrets: none of them is shown or logged."""

    def __init__(self, addresses: str, what: str) -> None:
        self._what = what
        try:
            import apprise
        except ImportError as error:
            raise BackendError(
                "sending needs a library that is not installed",
                f"Install it with: {install_command('notify')}",
            ) from error
        self._apprise = apprise
        self._notify = apprise.Apprise(asset=apprise.AppriseAsset(app_id="accountmap", async_mode=False))
        with _silent():
            known = all(self._notify.add(each) for each in addresses.split())
        if not known or not len(self._notify):
            raise InputError(
                "apprise does not know an address to send to",
                "They look like slack://…, msteams://…, mailtos://… or jsons://…; see "
                "https://github.com/caronc/apprise",
            )

    def __len__(self) -> int:
        return len(self._notify)

    def send(self, title: str, body: str, *, as_html: bool) -> None:
        """Send to all.

        Raises:
            ChannelError: at least one address did not get it; others may have.
        """
        format_of = self._apprise.NotifyFormat
        with _silent():
            sent = self._notify.notify(
                body=body, title=title, body_format=format_of.HTML if as_html else format_of.TEXT
            )
        if not sent:
            raise ChannelError(
                f"{self._what} did not reach every address",
                "Check the address and the network, and send it again; some addresses may have got it already.",
            )


def targets_of(address: str, what: str = "the digest") -> Targets:
    """Return where to send something: the addresses that were typed, or those of ADDRESS_VARIABLE.

    Raises:
        InputError: there is no address, or apprise does not know one of them.
        BackendError: the library that sends is not installed.
    """
    addresses = address or os.environ.get(ADDRESS_VARIABLE, "")
    if not addresses.strip():
        raise InputError("no address to send to was given", f"Set {ADDRESS_VARIABLE}, or add one after --send.")
    return Targets(addresses, what)


@contextmanager
def _silent() -> Iterator[None]:
    """Log nothing: the libraries that send quote addresses in their logs."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
