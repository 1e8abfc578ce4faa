"""Introductions and registered deals become evidence; what the overlap alone says does not."""

import csv
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from accountmap.accounts.deals import read_deals, read_touches
from accountmap.accounts.schema import DEAL_SCHEMA, DealList
from accountmap.errors import TrustError, WorkspaceError
from accountmap.influence import Influence, InfluenceRules
from accountmap.influence.watch import LONGEST_WAIT
from accountmap.model import Step, Topic
from accountmap.report.files import write_influence
from accountmap.report.influence_words import agreed_sentences
from accountmap.session import end_agreement, propose_agreement, sign_agreement
from accountmap.session.influence import INTRODUCTION_ASKED, agreed_rules, credit_rule, read_influence
from accountmap.workspace.user_files import save_deals
from tests.parties import NOW, share_all
from tests.talking import Talker, settle

BAKERY, LOGISTICS, QUILLSTONE = 1, 2, 4


def with_deals(side: Talker, days: int = 60) -> Influence:
    """One open deal with each of three accounts, created a week after the conversation and prepared later."""
    rows = [
        {"deal_id": f"D{at}", "account_id": f"a{at}", "amount": 100.0 * at, "currency": "EUR", "outcome": "open",
         "created": (NOW + timedelta(days=7)).date(), "row": str(at)}
        for at in (BAKERY, LOGISTICS, QUILLSTONE)
    ]  # fmt: skip
    deals = DealList(pa.Table.from_pylist(rows, schema=DEAL_SCHEMA), source="deals.csv")
    save_deals(side.workspace, deals, NOW + timedelta(days=days))
    return read_influence(side.workspace)


def test_an_accepted_introduction_sources_a_deal_and_leads_to_the_ledger(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    acme.say(LOGISTICS, Topic.INTRODUCTION, Step.ASKED)
    acme.say(BAKERY, Topic.INTRODUCTION, Step.ASKED)
    settle(acme, globex)
    globex.say(LOGISTICS, Topic.INTRODUCTION, Step.ACCEPTED)
    settle(acme, globex)
    found = with_deals(acme)
    classes = dict(zip(found.deals["deal_id"].to_pylist(), found.deals["class"].to_pylist(), strict=True))
    assert classes["D2"] == "sourced"
    assert classes["D1"] == "shared", "asked, and not answered"
    touches = {row["deal_id"]: row for row in found.touches.to_pylist()}
    assert touches["D2"]["kind"] == "introduction"
    assert touches["D1"]["kind"] == INTRODUCTION_ASKED
    number = int(touches["D2"]["record"].removeprefix("ledger entry ").split()[0])
    entry = acme.workspace.ledger().entries[number - 1].facts
    assert (entry["event"], entry["topic"]) == ("was_told", "introductions")
    assert date.fromisoformat(entry["at"][:10]) >= touches["D2"]["date"]
    missed = {(row["deal_id"], row["partner_name"]) for row in found.missed.to_pylist()}
    assert not missed & {("D1", "Globex Data"), ("D2", "Globex Data")}, "somebody has asked"
    assert ("D2", "Initech Systems") in missed, "who has the company as a customer too"


def test_who_is_introduced_by_us_is_no_touch_of_theirs(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    globex.say(LOGISTICS, Topic.INTRODUCTION, Step.ASKED)
    settle(acme, globex)
    acme.say(LOGISTICS, Topic.INTRODUCTION, Step.ACCEPTED)
    settle(acme, globex)
    assert with_deals(acme).touches.num_rows == 0


def test_a_deal_that_the_partner_registered_counts_until_it_is_withdrawn(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    globex.say(BAKERY, Topic.DEAL, Step.REGISTERED)
    settle(acme, globex)
    found = with_deals(acme)
    (row,) = [each for each in found.deals.to_pylist() if each["deal_id"] == "D1"]
    assert (row["class"], row["sourced_how"]) == ("sourced", "registered deal")
    assert found.touches.to_pylist()[0]["record"].startswith("ledger entry ")
    globex.say(BAKERY, Topic.DEAL, Step.WITHDRAWN)
    settle(acme, globex)
    assert with_deals(acme).touches.num_rows == 0


def test_sessions_and_answers_are_watched(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    acme.say(LOGISTICS, Topic.INTRODUCTION, Step.ASKED)
    settle(acme, globex)
    globex.say(LOGISTICS, Topic.INTRODUCTION, Step.ACCEPTED)
    settle(acme, globex)
    found = with_deals(acme)
    observed = {
        row["series"]: row["value"] for row in found.series.to_pylist() if row["partner_name"] == "Globex Data"
    }
    revealed = [row for row in found.deals.to_pylist() if row["shared_with"]]
    assert observed["companies shared"] >= len(revealed) > 0
    assert 0 <= observed["days to an answer"] < 31
    verdicts = {(row["partner_name"], row["series"]): row["verdict"] for row in found.changes.to_pylist()}
    assert verdicts["Globex Data", "days to an answer"] == "too few months"
    soon = with_deals(acme, days=20).series.to_pylist()
    assert not any(row["series"] == "days to an answer" for row in soon), "it could have taken longer than that"


def test_what_is_not_answered_counts_as_long_as_an_answer_can_take(talking: tuple[Talker, Talker]) -> None:
    """Left out, a partner that stops answering would look quick."""
    acme, globex = talking
    acme.say(LOGISTICS, Topic.INTRODUCTION, Step.ASKED)
    settle(acme, globex)
    waits = [row["value"] for row in with_deals(acme).series.to_pylist() if row["series"] == "days to an answer"]
    assert waits == [LONGEST_WAIT]


CRM = """Deal ID,Account ID,Amount,Currency,Created,Status,Source,Partner
C1,a1,900,EUR,2026-11-25,Open,Partner,Globex Data
C2,a2,400,EUR,2026-11-25,Open,,
C3,a3,70,EUR,2026-11-25,Open,Web,
C4,a4,30,EUR,2026-11-25,Open,,
"""
ACTIVITIES = """Account ID,Partner,Type,Date
a3,Initech Systems,Meeting,2026-11-26
a1,Globex Data,Demo,2026-11-27
"""


def test_every_credit_of_the_files_can_be_followed_to_the_ledger_or_the_crm(
    talking: tuple[Talker, Talker], tmp_path: Path
) -> None:
    """From the JSON document alone, as somebody does who doubts a number: touches, and where each is written."""
    acme, globex = talking
    acme.say(LOGISTICS, Topic.INTRODUCTION, Step.ASKED)
    settle(acme, globex)
    globex.say(LOGISTICS, Topic.INTRODUCTION, Step.ACCEPTED)
    globex.say(QUILLSTONE, Topic.DEAL, Step.REGISTERED)
    settle(acme, globex)
    texts = {"crm.csv": CRM, "activities.csv": ACTIVITIES}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    read = replace(read_deals(tmp_path / "crm.csv"), touches=read_touches(tmp_path / "activities.csv"))
    save_deals(acme.workspace, read, NOW + timedelta(days=60))
    page, *files = write_influence(read_influence(acme.workspace), tmp_path / "out")
    document = json.loads(next(file for file in files if file.suffix == ".json").read_text("utf-8"))
    found = set()
    for credit in document["credits"]:
        records = [
            touch
            for touch in document["touches"]
            if (touch["deal_id"], touch["partner_name"]) == (credit["deal_id"], credit["partner_name"])
            and touch["counts"] != "no"
        ]
        assert records, credit
        for touch in records:
            assert touch["record"] in page.read_text("utf-8")
            found.add(follow(touch, acme, texts))
    assert found == {"introductions", "deals", "source field", "activities.csv"}
    assert {row["deal_id"] for row in document["credits"]} == {"C1", "C2", "C3", "C4"}


def follow(touch: dict[str, Any], side: Talker, texts: dict[str, str]) -> str:
    """Look a touch up where its record says it is written; returns what kind of place that is."""
    record = touch["record"]
    if entry := re.fullmatch(r"ledger entry (\d+) \(match (\w{8})\)", record):
        facts = side.workspace.ledger().entries[int(entry[1]) - 1].facts
        assert (facts["number"], facts["event"], facts["partner"]) == (int(entry[1]), "was_told", "Globex Data")
        assert facts["at"][:10] == touch["date"]
        account = {"C2": LOGISTICS, "C4": QUILLSTONE}[touch["deal_id"]]
        assert side.match(account).hex().startswith(entry[2])
        return str(facts["topic"])
    if field := re.fullmatch(
        r"source field of the deal \(row (\d+)\): (.*); it has no date, so the deal's date of creation is used",
        record,
    ):
        row = list(csv.DictReader(texts["crm.csv"].splitlines()))[int(field[1]) - 2]
        assert (row["Deal ID"], row["Source"], row["Partner"]) == (
            touch["deal_id"],
            field[2],
            touch["partner_name"],
        )
        return "source field"
    line = re.fullmatch(r"(\S+), row (\d+)", record)
    assert line, record
    row = list(csv.DictReader(texts[line[1]].splitlines()))[int(line[2]) - 2]
    assert (row["Partner"], row["Date"], row["Type"]) == (touch["partner_name"], touch["date"], touch["kind"])
    return line[1]


def agree(one: Talker, other: Talker, rules: InfluenceRules) -> None:
    """Both sign a later agreement with a rule of credit."""
    made = propose_agreement(
        one.workspace,
        one.partner,
        purpose="commissions",
        sharing=share_all("name"),
        credit=credit_rule(rules),
        days=73_000,
        now=NOW + timedelta(hours=1),
    )
    signed = sign_agreement(
        other.workspace, made.document.encode(), NOW + timedelta(hours=1), sizes_confirmed=True
    )
    sign_agreement(one.workspace, signed.document.encode(), NOW + timedelta(hours=1), sizes_confirmed=True)


def test_both_sides_count_by_the_rule_of_the_agreement_or_say_in_what_not(
    talking: tuple[Talker, Talker], tmp_path: Path
) -> None:
    """What one company's costs and periods are is its own business, and changes nothing of what is agreed."""
    acme, globex = talking
    wanted = replace(InfluenceRules(), before_days=60, kinds=("introduction", "meeting"), position=(0.5, 0.0, 0.5))
    assert with_deals(acme).agreed == ()
    agree(acme, globex, wanted)
    found = []
    for number, side in enumerate(talking):
        with_deals(side)
        text = agreed_rules(side.workspace, side.partner, NOW.date())
        rules = tmp_path / f"{number}.toml"
        own = "[return]\ngross_margin = 0.7\n" if side is acme else "[period]\nsince = 2026-01-01\n"
        rules.write_text(f"{text}\n{own}", encoding="utf-8")
        found.append(read_influence(side.workspace, rules))
    (ours,), (theirs,) = (each.agreed for each in found)
    assert ours.digest == theirs.digest == credit_rule(wanted).digest
    assert ours.differs == theirs.differs == ()
    assert found[0].rules.digest != found[1].rules.digest, "the files differ in what is not agreed"
    assert "credit rule" in agreed_sentences(found[0])[0]
    (standard,) = with_deals(acme).agreed
    assert standard.differs == (
        "kinds introduction, registered deal, source field, meeting, call, demo, workshop, reference, joint "
        "proposal, agreed introduction, meeting",
        "before days 90, agreed 60",
        "position 0.4, 0.2, 0.4, agreed 0.5, 0.0, 0.5",
    )
    assert "before days 90, agreed 60" in agreed_sentences(with_deals(acme))[0]
    late = (NOW + timedelta(days=100_000)).date()
    with pytest.raises(TrustError, match="names a credit rule"):
        agreed_rules(acme.workspace, acme.partner, late)
    with pytest.raises(TrustError, match="names a credit rule"):
        agreed_rules(acme.workspace, replace(acme.partner, revoked_at=NOW), NOW.date())
    end_agreement(acme.workspace, acme.partner, NOW + timedelta(days=1))
    assert with_deals(acme).agreed == ()


def test_without_deals_it_says_what_to_do(talking: tuple[Talker, Talker]) -> None:
    with pytest.raises(WorkspaceError, match="no deals are prepared"):
        read_influence(talking[0].workspace)
