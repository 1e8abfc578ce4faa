"""Two people at their terminals who work a match together: what leaves is shown, and both inboxes say the same."""

import json
import shutil
from pathlib import Path

from tests.cli.running import accountmap, digits
from tests.talking import OWNERS, Talker

LOGISTICS, HARBOUR, QUILLSTONE = 2, 3, 4


def test_an_introduction_is_asked_for_accepted_and_made(sides: tuple[Path, Path, Talker]) -> None:
    acme, globex, talker = sides
    match = digits(talker, LOGISTICS)
    ask = ("introduce", "ask", "--with", "globex", "--match", match, "--folder", "../shared")
    shown = accountmap(*ask, "--note", "Who buys?", cwd=acme)
    assert "Nothing was sent." in shown.stdout
    assert "Globex Data will see that your company asks for an introduction" in shown.stderr
    assert OWNERS["acme"] in shown.stderr
    assert "with this note: Who buys?" in shown.stderr
    assert list((acme.parent / "shared").iterdir()) == []
    accountmap(*ask, "--note", "Who buys?", "-y", cwd=acme)
    inbox = accountmap("inbox", "--with", "Acme Cloud", "--folder", "../shared", cwd=globex).stdout
    assert f"introduce accept|decline --with acme-cloud --match {match}" in inbox
    assert "SILVERPINE LOGISTICS" in inbox
    assert "Who buys?" in inbox
    reply = ("--with", "acme", "--match", match, "--folder", "../shared", "-y")
    accountmap("introduce", "accept", *reply, cwd=globex)
    accountmap("introduce", "made", *reply, cwd=globex)
    assert f"introduce outcome --with globex-data --match {match} --result" in accountmap(
        "inbox", "--folder", "../shared", cwd=acme
    ).stdout.replace("\n", " ")
    result = ("introduce", "outcome", "--with", "globex", "--match", match, "--result", "meeting")
    done = json.loads(accountmap(*result, "--folder", "../shared", "-y", "--json", cwd=acme).stdout)
    assert (done["step"], len(done["sent"])) == ("outcome", 1)
    for side, partner in ((globex, "acme"), (acme, "globex")):
        inbox = accountmap("inbox", "--with", partner, "--folder", "../shared", "--json", cwd=side).stdout
        (found,) = json.loads(inbox)
        (introduction,) = found["introductions"]
        assert (introduction["state"], introduction["result"]) == ("outcome", 2)
    ledger = accountmap("ledger", "show", cwd=acme).stdout
    assert "You told them about introductions (asked), 1 match: owner name." in ledger
    accountmap("ledger", "verify", cwd=acme)


def test_what_is_not_allowed_is_refused_before_anything_leaves(sides: tuple[Path, Path, Talker]) -> None:
    acme, globex, talker = sides
    send = ("--folder", "../shared", "-y")
    ask = ("introduce", "ask", "--with", "globex", "--match")
    refused = accountmap(*ask, digits(talker, HARBOUR), *send, cwd=acme, check=5)
    assert "rule of engagement 1 does not allow it" in refused.stderr.lower()
    assert "Globex Data leads" in refused.stderr
    assert "no revealed match has" in accountmap(*ask, "zz", *send, cwd=acme, check=3).stderr.lower()
    match = digits(talker, LOGISTICS)
    register = ("deal", "register", "--with", "globex", "--match", match, *send)
    assert "does not show amount" in accountmap(*register, "--set", "amount=5", cwd=acme, check=3).stderr
    accountmap("introduce", "accept", "--with", "globex", "--match", match, *send, cwd=acme, check=70)
    accountmap("deal", "lead", "--with", "globex", "--match", match, *send, cwd=acme, check=3)
    assert list((acme.parent / "shared").iterdir()) == []
    assert "Introductions" not in accountmap("inbox", "--folder", "../shared", cwd=globex).stdout


def test_deals_that_cross_are_decided_by_people(sides: tuple[Path, Path, Talker]) -> None:
    acme, globex, talker = sides
    match = digits(talker, LOGISTICS)
    for side, partner in ((acme, "globex"), (globex, "acme")):
        accountmap("deal", "register", "--with", partner, "--match", match, "-y", cwd=side)  # each by mail
    for source, target in ((acme, globex), (globex, acme)):
        for file in list((source / "exchange").glob(f"{source.name}*")):
            shutil.copy(file, target / "exchange")
    inbox = accountmap("inbox", cwd=acme).stdout
    assert "undecided: the dates are within a day" in inbox
    assert f"accountmap deal lead --with globex-data --match {match} --propose" in inbox
    say = ("--match", match, "--folder", "../shared", "-y")
    accountmap("inbox", cwd=globex)
    accountmap("deal", "lead", "--with", "globex", "--propose", "me", *say, cwd=acme)
    accountmap("inbox", "--folder", "../shared", cwd=globex)
    accountmap("deal", "lead", "--with", "acme", "--agree", *say, cwd=globex)
    accountmap("deal", "note", "--with", "acme", "--note", "Good luck =cmd()", *say, cwd=globex)
    inbox = accountmap("inbox", "--folder", "../shared", cwd=acme).stdout
    assert "yours, counts: both agreed who leads" in inbox
    assert "Good luck =cmd()" in inbox
