"""What is new with all partners: counted, named only if wanted, and received where it is sent."""

import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from accountmap.api import read_digest
from accountmap.model import Step, Topic
from accountmap.session.agreements import end_agreement
from accountmap.workspace import Status
from accountmap_cli.digest import as_page, as_text, in_words, sent_in_page, sent_in_text
from tests.cli.running import accountmap
from tests.parties import NOW
from tests.planning import propose
from tests.talking import Talker, settle

LOGISTICS, QUILLSTONE = 2, 4
NAMES = ("Northwood", "Silverpine", "Harbour", "Quillstone", "Ostrich")
LATER = NOW + timedelta(days=30)


def map_again(acme: Talker) -> None:
    """Let a second session find the first match in another segment of theirs, and the last not at all."""
    own = acme.workspace
    (first,) = own.sessions(acme.partner)
    result = own.result(first)
    rows = result.matches.to_pylist()
    rows[0]["their_segment"] = "customer" if rows[0]["their_segment"] != "customer" else "prospect"
    kept = result.matches.slice(0, 0).from_pylist(rows[:-1], schema=result.matches.schema)
    second = replace(first, id=own.next_session_id(), sid=b"2" * 32, offer=b"2" * 32, finished=LATER)
    with own.transaction():
        own.put_session(second)
    fields = result.their_fields.slice(0, len(rows) - 1)
    own.save_result(second, replace(result, finished=LATER, matches=kept, their_fields=fields))


def of_globex(acme: Talker, **options: Any) -> Any:
    found = read_digest(acme.workspace, options.pop("now", LATER), **options)
    assert [each.slug for each in found] == sorted(each.slug for each in found)
    return next(each for each in found if each.partner == "Globex Data")


def test_changes_are_counted_from_the_session_before_or_from_a_day_on(talking: tuple[Talker, Talker]) -> None:
    acme, _ = talking
    first = of_globex(acme)
    assert (first.overlap, first.new, first.moved, first.gone, first.since) == (5, 5, 0, 0, None)
    map_again(acme)
    second = of_globex(acme)
    assert (second.overlap, second.new, second.moved, second.gone) == (4, 0, 1, 1)
    assert (second.since, second.mapped, second.accounts) == (NOW, LATER, ())
    assert of_globex(acme, since=LATER - timedelta(days=1)).gone == 1
    long_ago = of_globex(acme, since=NOW - timedelta(days=1))
    assert (long_ago.new, long_ago.moved, long_ago.gone) == (4, 0, 0)
    after = of_globex(acme, since=LATER + timedelta(seconds=1))
    assert (after.overlap, after.new, after.moved, after.gone, after.has_news) == (4, 0, 0, 0, False)
    named = of_globex(acme, names=True).accounts
    assert [(each.what, each.detail) for each in named] == [
        ("moved", "their segment"),
        ("gone", "no longer matches"),
    ]
    assert all(each.name.startswith(NAMES) for each in named)


def test_what_waits_is_counted_for_the_side_that_has_to_act(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    acme.say(LOGISTICS, Topic.INTRODUCTION, Step.ASKED)
    globex.now = acme.now + timedelta(days=2)
    for each in (acme, globex):
        each.say(QUILLSTONE, Topic.DEAL, Step.REGISTERED)
    settle(acme, globex)
    mine, theirs = of_globex(acme), read_digest(globex.workspace, LATER)[0]
    counted = [{w.what: (w.for_you, w.for_them) for w in each.waiting} for each in (mine, theirs)]
    assert [each["introductions"] for each in counted] == [(0, 1), (1, 0)]
    assert counted[0]["deals"] == counted[1]["deals"]
    assert (mine.received, theirs.received) == (1, 2)
    assert theirs.waiting[1].since == globex.now, "when it arrived"
    assert read_digest(globex.workspace, LATER, LATER)[0].received == 0
    others = [each for each in read_digest(acme.workspace, LATER, names=True) if each.partner != "Globex Data"]
    assert [any(w.for_you or w.for_them for w in each.waiting) for each in others] == [False]


def test_plans_that_wait_are_counted(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    propose(acme, [LOGISTICS])
    globex.now = acme.now + timedelta(days=2)
    settle(acme, globex)
    mine, theirs = of_globex(acme), read_digest(globex.workspace, LATER, names=True)[0]
    counted = [next(w for w in each.waiting if w.what == "plans") for each in (mine, theirs)]
    assert [(each.for_you, each.for_them) for each in counted] == [(0, 1), (1, 0)]
    assert counted[1].since == globex.now, "when it arrived"
    assert theirs.has_news
    assert "Waits for you: 1 joint plan, the oldest since" in "\n".join(in_words(theirs))
    assert not any(each.what == "plans" for each in theirs.accounts), "a plan is about many"


def test_sessions_and_agreements_that_wait_or_end(talking: tuple[Talker, Talker]) -> None:
    acme, _ = talking
    own = acme.workspace
    until = own.agreements(acme.partner)[0].terms.valid_until
    days = timedelta(days=1)
    states = [of_globex(acme, now=LATER.replace(year=until.year, month=until.month, day=until.day) + n * days)
              for n in (-31, -30, 0, 1)]  # fmt: skip
    assert [each.agreement for each in states] == ["in force", "ends soon", "ends soon", "ended"]
    assert {each.until for each in states} == {until}
    end_agreement(own, acme.partner, LATER)
    assert (of_globex(acme).agreement, of_globex(acme).until) == ("ended", LATER.date())
    (first,) = own.sessions(acme.partner)
    for step, waits in ((3, "them"), (4, "me")):
        with own.transaction():
            own.put_session(
                replace(first, id=2, sid=b"2" * 32, offer=b"2" * 32, status=Status.OPEN, step=step, finished=None)
            )
        assert (of_globex(acme).session_waits_for, of_globex(acme).overlap) == (waits, 5)


def test_no_account_is_named_unless_the_user_says_so(talking: tuple[Talker, Talker], tmp_path: Path) -> None:
    acme, globex = talking
    globex.say(LOGISTICS, Topic.NOTE, Step.NOTED, text="Their budget closes in March")
    acme.say(LOGISTICS, Topic.INTRODUCTION, Step.ASKED, text="Who buys?")
    settle(acme, globex)
    map_again(acme)
    own = tmp_path / "acme"
    for form in ((), ("--json",), ("--html",)):
        counts = accountmap("digest", *form, cwd=own).stdout
        assert "Globex Data" in counts
        assert not re.search("|".join((*NAMES, "Gregor", "budget", "Who buys")), counts, re.IGNORECASE)
        named = accountmap("digest", "--names", *form, cwd=own).stdout
        assert re.search("Silverpine Logistics", named)
        assert not re.search("Gregor|budget|Who buys", named)
    lines = accountmap("digest", cwd=own).stdout
    assert "4 shared companies: 0 new, 1 moved, 1 gone since 2026-11-22" in lines
    assert "Waits for them: 1 introduction." in lines
    given = json.loads(accountmap("digest", "--since", "1d", "--json", cwd=own).stdout)
    assert [each["slug"] for each in given["partners"]] == ["globex-data", "initech-systems"]
    assert accountmap("digest", "--since", "soon", cwd=own, check=2).stdout == ""
    accountmap("digest", "--json", "--html", cwd=own, check=2)


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[str]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [name for name, _ in attrs]))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_names_as_text_and_loads_nothing(talking: tuple[Talker, Talker], tmp_path: Path) -> None:
    acme, _ = talking
    own = acme.workspace
    record = own.current_list()
    accounts, prepared = own.load_list(record.id)
    hostile = "<img src=x onerror=alert(1)>\u202e & {{ 7*7 }}"
    names = pc.if_else(pc.equal(accounts.table["account_id"], "a1"), hostile, accounts.table["name"])
    at = accounts.table.column_names.index("name")
    renamed = replace(accounts, table=accounts.table.set_column(at, accounts.table.schema.field("name"), names))
    own.save_list(renamed, prepared, "test", LATER)
    (first,) = own.sessions(acme.partner)
    with own.transaction():
        own.put_session(replace(first, list_id=own.current_list().id))
    accountmap("digest", "--names", "--html", "--output", "page.html", cwd=tmp_path / "acme")
    page = Page((tmp_path / "acme" / "page.html").read_text("utf-8"))
    assert {tag for tag, _ in page.tags} <= {"html", "head", "meta", "title", "body", "div", "h1", "h2", "h3",
                                             "ul", "li", "p"}  # fmt: skip
    assert not {name for _, names in page.tags for name in names} & {"src", "href", "onerror"}
    assert "<img src=x onerror=alert(1)>\\u202e & {{ 7*7 }}" in page.text


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted, and answers with the status of its server."""

    def do_POST(self) -> None:
        self.server.got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Any]:
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.got, server.status = [], 200
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise, before Python 3.13
def test_a_server_receives_it_and_the_address_is_shown_nowhere(
    talking: tuple[Talker, Talker],
    tmp_path: Path,
    receiver: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    own, address = tmp_path / "acme", f"json://127.0.0.1:{receiver.server_port}/hook-s3cret"
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("ACCOUNTMAP_NOTIFY_URL", address)
    said = accountmap("digest", "--send", cwd=own)
    assert (said.stdout, said.stderr.splitlines()[-1]) == ("", "Sent to 1 address.")
    ((path, body),) = receiver.got
    message = json.loads(body)
    assert path == "/hook-s3cret"
    assert re.fullmatch(r"Acme Cloud: partners, \d{4}-\d\d-\d\d", message["title"])
    assert "5 shared companies: 5 new" in message["message"]
    assert not re.search("|".join(NAMES), message["message"], re.IGNORECASE)
    accountmap("digest", "--send", address, "--html", "--names", cwd=own)
    assert "<h2" in json.loads(receiver.got[1][1])["message"]
    with monkeypatch.context() as patched:
        for spell in ("sent_in_text", "sent_in_page"):
            patched.setattr(f"accountmap_cli.digest.{spell}", lambda _: "As it is sent")
        for form in ((), ("--html",)):
            accountmap("digest", "--send", *form, cwd=own)
            assert "As it is sent" in json.loads(receiver.got.pop()[1])["message"]
    receiver.status = 403
    failed = accountmap("digest", "--send", cwd=own, check=6)
    assert "did not reach every address" in failed.stderr
    wrong = accountmap("digest", "--send", "nothing://s3cret", cwd=own, check=3)
    monkeypatch.delenv("ACCOUNTMAP_NOTIFY_URL")
    unknown = accountmap("digest", "--send", cwd=own, check=3)
    assert "ACCOUNTMAP_NOTIFY_URL" in unknown.stderr
    assert "accountmap digest" not in accountmap("digest", cwd=own).stdout, "without --send nothing is sent"
    assert len(receiver.got) == 3
    told = "".join(each.stdout + each.stderr for each in (said, failed, wrong, unknown))
    assert "s3cret" not in told + caplog.text


def test_a_name_calls_nobody_and_links_nowhere_where_it_is_sent(talking: tuple[Talker, Talker]) -> None:
    acme, _ = talking
    about = replace(of_globex(acme), partner="@everyone [x](https://evil) <!channel> *b* _i_ |")
    assert "\n@everyone [x](https://evil) <!channel> *b* _i_ |\n" in as_text("Title", [about])
    said = as_text("Title", [about], sent_in_text)
    assert "\n@\u200beveryone \\[x\\](https://evil) \\<!channel\\> \\*b\\* \\_i\\_ \\|\n" in said
    page = Page(as_page("Title", [about], sent_in_page)).text
    assert "@\u200beveryone [\u200bx]\u200b(https://evil) <\u200b!channel>" in page


def test_without_the_library_it_says_what_to_install(
    talking: tuple[Talker, Talker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    failed = accountmap("digest", "--send", "json://127.0.0.1/", cwd=tmp_path / "acme", check=8)
    assert 'pip install "accountmap[notify]"' in failed.stderr
