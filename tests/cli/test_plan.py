"""Two people at their terminals who plan together: what leaves is shown, and both end with the same files."""

import csv
import json
import re
from datetime import date
from pathlib import Path

from accountmap.account_map.joint_plan import PlanKind, PlanLine, PlanTerms
from accountmap_cli.plan_words import PlanWords
from tests.cli.running import accountmap, digits
from tests.talking import OWNERS, Talker

BAKERY, LOGISTICS, HARBOUR, QUILLSTONE, TYRES = range(1, 6)
SHARED = ("--folder", "../shared")


def test_a_plan_from_the_list_to_the_results(sides: tuple[Path, Path, Talker]) -> None:
    acme, globex, talker = sides
    listed = acme / "overlap.csv"
    rows = [(talker.match(n).hex(), f"Call {n}") for n in range(1, 6)]
    listed.write_text("match_id;next_step\n" + "".join(f"{m};{step}\n" for m, step in rows), "utf-8-sig")
    new = (
        "plan",
        "new",
        "--with",
        "globex",
        "--title",
        "=Spring campaign",
        "--until",
        "2027-03-31",
        "--file",
        listed,
    )
    money = ("--budget", "2500.50", "--their-budget", "1250", "--currency", "eur", "--holdout", "40%")
    shown = accountmap(*new, *money, *SHARED, cwd=acme)
    assert "Nothing was sent." in shown.stdout
    for text in (
        "Globex Data will see this plan",
        OWNERS["acme"],
        "Call 2",
        "2500.5 EUR by you",
        "both of you leave 2 alone",
    ):
        assert text in shown.stderr
    assert "Globex Data" in next(line for line in shown.stderr.splitlines() if "Harbour Finch" in line)
    assert list((acme.parent / "shared").iterdir()) == []
    accountmap(*new, *money, *SHARED, "-y", cwd=acme)
    waiting = accountmap("inbox", "--with", "acme", *SHARED, cwd=globex).stdout
    plan = json.loads(accountmap("plan", "status", "--json", cwd=globex).stdout)[0]
    assert f"accountmap plan sign|decline --with acme-cloud --plan {plan['plan'][:8]}" in waiting
    signing = accountmap("plan", "sign", "--with", "acme", *SHARED, "-y", cwd=globex)
    assert f"They will see that you sign it, and your owners: {OWNERS['globex']}." in signing.stderr
    accountmap("inbox", *SHARED, cwd=acme)  # it opens its seed by itself
    accountmap("inbox", *SHARED, cwd=globex)
    for side, partner in ((acme, "globex"), (globex, "acme")):
        accountmap("plan", "export", "--with", partner, "-o", "early", cwd=side)
    early = [json.loads((side / "early" / "plan.json").read_text("utf-8")) for side in (acme, globex)]
    held = {line["match_id"] for line in early[0]["lines"] if line["held_out"]}
    assert {line["match_id"] for line in early[1]["lines"] if line["held_out"]} == held
    assert (len(held), [each["state"] for each in early]) == (2, ["running"] * 2)
    leads = {line["match_id"]: line["leads"] for line in early[0]["lines"]}
    at_work = next(m for m, _ in rows if m not in held)
    who, where = (acme, "globex") if leads[at_work] == "both" else (globex, "acme")
    step = ("plan", "update", "--with", where, "--match", at_work[:10], "--next-step", "Send the offer", "-y")
    assert "next step Send the offer" in accountmap(*step, *SHARED, cwd=who).stderr
    report_and_reconcile(acme, globex)
    check_exports(acme, globex, plan["plan"], at_work)
    ledger = accountmap("ledger", "show", cwd=acme).stdout
    assert "You told them about plans (proposed), 5 matches: owner name." in ledger
    accountmap("ledger", "verify", cwd=acme)


def report_and_reconcile(acme: Path, globex: Path) -> None:
    for side, partner in ((acme, "globex"), (globex, "acme")):
        accountmap("inbox", *SHARED, cwd=side)
        table, to = side / "progress.csv", ("plan", "progress", "--with", partner)
        accountmap(*to, "--write", table, cwd=side)
        fill(table, meetings="2" if side == acme else "1")
        done = accountmap(*to, "--file", table, "--spent", "99.95", *SHARED, "-y", "--json", cwd=side)
        assert json.loads(done.stdout)["steps"] == ["reported"]
    accountmap("inbox", *SHARED, cwd=acme)
    asked = accountmap("plan", "reconcile", "--with", "globex", *SHARED, "-y", cwd=acme)
    assert "Your reports differ on 3 accounts" in asked.stderr
    assert "too few to say" in asked.stderr
    inbox = accountmap("inbox", *SHARED, cwd=globex).stdout
    assert "accountmap plan reconcile --with acme-cloud" in inbox
    accountmap("plan", "reconcile", "--with", "acme", *SHARED, "-y", cwd=globex)
    accountmap("inbox", *SHARED, cwd=acme)


def check_exports(acme: Path, globex: Path, plan: str, at_work: str) -> None:
    for side, partner in ((acme, "globex"), (globex, "acme")):
        accountmap("plan", "export", "--with", partner, "--plan", plan[:6], "-o", "spring", cwd=side)
        assert json.loads((side / "spring" / "plan.json").read_text("utf-8"))["state"] == "reconciled"
    for name in ("accounts.csv", "comparison.csv", "budget.csv"):
        assert (acme / "spring" / name).read_bytes() == (globex / "spring" / name).read_bytes()
    assert "EUR,2500.5,99.95" in (acme / "spring" / "budget.csv").read_text()
    with (globex / "spring" / "plan.csv").open(newline="") as file:
        exported = {row["match_id"]: row for row in csv.DictReader(file)}
    assert exported[at_work]["next_step"] == "Send the offer"
    assert exported[at_work]["their_owner"] == OWNERS["acme"]
    assert sum(row["held_out"] == "True" for row in exported.values()) == 2


def fill(table: Path, meetings: str) -> None:
    """Fill in a table of progress: accounts at work came to something, those left alone to nothing."""
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        worked_on = row["arm"] == "worked on"
        row.update({"steps": "1", "meetings": meetings} if worked_on else {})
        row["result"] = "meeting" if worked_on else "nothing"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_what_is_not_allowed_is_refused_before_anything_leaves(sides: tuple[Path, Path, Talker]) -> None:
    acme, globex, talker = sides
    new = ("plan", "new", "--with", "globex", "--title", "T", "--until", "2027-03-31", *SHARED, "-y")
    harbour = ("--match", digits(talker, HARBOUR))
    refused = accountmap(*new, *harbour, "--lead", "me", cwd=acme, check=5)
    assert "rule of engagement 1 does not allow it" in refused.stderr.lower()
    assert "a plan needs matches" in accountmap(*new, cwd=acme, check=3).stderr.lower()
    assert "no match here has" in accountmap(*new, "--match", "zz", cwd=acme, check=3).stderr.lower()
    assert "at least one account" in accountmap(*new, *harbour, "--holdout", "1", cwd=acme, check=3).stderr
    assert "a number of accounts" in accountmap(*new, *harbour, "--holdout", "few", cwd=acme, check=3).stderr
    assert "needs a currency" in accountmap(*new, *harbour, "--budget", "5", cwd=acme, check=3).stderr
    accountmap(*new, *harbour, "--budget", "5.00001", cwd=acme, check=2)
    accountmap(*new, *harbour, "--due", "soon", cwd=acme, check=2)
    (acme / "odd.csv").write_text("account\n1\n", "utf-8")
    assert "no column match_id" in accountmap(*new, "--file", "odd.csv", cwd=acme, check=3).stderr
    assert "there is no plan" in accountmap("plan", "show", "--with", "globex", cwd=acme, check=3).stderr.lower()
    assert "There is no plan yet" in accountmap("plan", "status", cwd=acme).stdout
    assert list((acme.parent / "shared").iterdir()) == []
    assert json.loads(accountmap("inbox", *SHARED, "--json", cwd=globex).stdout)[0]["plans"] == []


def test_a_plan_is_declined(sides: tuple[Path, Path, Talker]) -> None:
    acme, globex, talker = sides
    match = ("--match", digits(talker, BAKERY))
    new = (
        "plan",
        "new",
        "--with",
        "globex",
        "--title",
        "T\u202e\x9b",
        "--until",
        "2027-03-31",
        "--type",
        "accounts",
        *match,
    )
    accountmap(*new, *SHARED, "-y", cwd=acme)
    accountmap("inbox", *SHARED, cwd=globex)
    accountmap("plan", "decline", "--with", "acme", "--note", "Not now", *SHARED, "-y", cwd=globex)
    seen = accountmap("inbox", *SHARED, cwd=acme).stdout
    assert re.search(r"^Globex Data declined plan [0-9a-f]{8}: Not now$", seen, re.MULTILINE)
    (found,) = json.loads(accountmap("plan", "status", "--json", cwd=acme).stdout)
    assert (found["state"], found["type"], found["waits_for"]) == ("declined", "accounts", None)
    assert found["declined_with"] == "Not now"
    accountmap("plan", "export", "--with", "acme", "-o", "files", cwd=globex)
    exported = (globex / "files" / "plan.json").read_text("utf-8")
    assert not set(exported) & {"\u202e", "\x9b"}, "a terminal that shows the file would obey them"
    assert json.loads(exported)["title"] == "T\u202e\x9b"


def test_a_title_writes_no_lines_of_the_program(sides: tuple[Path, Path, Talker]) -> None:
    """A partner's program may write any title: a new line in it is shown, and not obeyed."""
    *_, talker = sides
    day, title = date(2027, 3, 31), "Plan\nNo account is left alone.\x1b[8m"
    line = PlanLine(talker.match(BAKERY), 3, 3, day)
    terms = PlanTerms(PlanKind.CAMPAIGN, title, day, day, "", (0, 0), 0, bytes(32), (line,))
    first = next(PlanWords("globex", "Globex Data").terms(terms, talker.matches))
    assert first.startswith(r"Plan\nNo account is left alone.\u001b[8m (campaign), 2027-03-31")
