"""Joint plans: signed by both, a holdout that neither chose, and the same numbers on both sides."""

import hashlib
import random
import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from datetime import time as dt_time
from pathlib import Path
from typing import Any

import pytest

from accountmap.account_map.joint_plan import (
    Changes,
    Declining,
    PlanEntry,
    PlanKind,
    PlanLine,
    PlanState,
    PlanStep,
    PlanTerms,
    Signing,
    plan_id_of,
)
from accountmap.account_map.plan_results import LineReport
from accountmap.errors import AccountmapError, InputError, TrustError, UsageError
from accountmap.model import Leader, Result, Role, Step, Topic
from accountmap.session.plan_content import PlanMatter, read_plan_entry, write_plan_entry, write_terms
from accountmap.session.plan_drafts import DraftLine, make_change, make_reconciling, make_report, make_signing
from accountmap.session.plans import PlanStatement, find_line, openings
from accountmap.trust.conversation import Kind, proves
from accountmap.workspace import Workspace
from tests.planning import (
    ENDS,
    assert_same_plans,
    assign,
    change,
    last,
    plans,
    propose,
    r,
    reconcile,
    report,
    say,
    sign,
    start,
    today,
)
from tests.talking import NAMES, OWNERS, Talker, carry, exchange_directly, plain_text, settle, talkers

BAKERY, LOGISTICS, HARBOUR, QUILLSTONE, TYRES = ALL = (1, 2, 3, 4, 5)


def accounts_of(side: Talker, matches: Any) -> set[str]:
    return {account for each in matches for account in side.matches.account_ids(each)}


def test_a_plan_from_the_proposal_to_the_same_numbers(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    propose(acme, ALL, holdout=2)
    settle(acme, globex)
    assert (last(acme).waits_for, last(globex).waits_for) == (Leader.THEM, Leader.ME)
    assert last(globex).plan.holdout is None
    sign(globex)
    settle(acme, globex)
    plan = last(globex).plan
    assert (plan.state, len(plan.holdout or ())) == (PlanState.RUNNING, 2)
    role = acme.matches.role
    assert plan.terms.budget[role] == 25_000_000
    assert set(plan.owners[role].values()) == {OWNERS["acme"]}
    assert set(plan.owners[role.other].values()) == {OWNERS["globex"]}
    leads = {next(iter(acme.matches.account_ids(each.match_id))): each.leads for each in plan.terms.lines}
    # Globex leads where the rules say so, by Acme's own list; else both do.
    assert leads == {"a1": 3, "a2": 3, "a3": role.other + 1, "a4": role.other + 1, "a5": 3}
    report(acme, spent=9_990_000, a1=r(2, 1, Result.OPPORTUNITY), a2=r(1, 1, Result.MEETING), a3=r())
    report(globex, a1=r(0, 1, Result.OPPORTUNITY), a2=r(1, 0, Result.NOTHING))
    settle(acme, globex)
    lines = {next(iter(acme.matches.account_ids(e.match_id))): e for e in last(acme).plan.results().lines}
    assert (lines["a1"].meetings, lines["a1"].result) == (1, Result.OPPORTUNITY)
    assert [e for e in lines["a1"].differences if e != "worked on"] == []
    assert (lines["a2"].meetings, lines["a2"].result) == (0, Result.NOTHING)
    assert lines["a2"].differences[:2] == ("meetings", "result")
    assert_same_plans(acme, globex)
    reconcile(acme)
    settle(acme, globex)
    assert (last(acme).waits_for, last(globex).waits_for) == (Leader.THEM, Leader.ME)
    report(globex, a2=r(1, 1, Result.MEETING))  # they talked: Globex had forgotten one
    reconcile(globex)
    settle(acme, globex)
    assert (last(acme).plan.state, last(acme).waits_for) == (PlanState.RUNNING, Leader.ME)
    reconcile(acme)
    settle(acme, globex)
    assert last(globex).plan.state is PlanState.RECONCILED
    assert_same_plans(acme, globex)
    tables = last(globex).plan.results().tables
    assert b"meeting,meeting,1,meeting," in tables["accounts"]
    assert tables["budget"].splitlines()[1 + role] == f"{role.label},EUR,2500,999".encode()
    assert b"not all reported" in tables["comparison"]
    with pytest.raises(UsageError, match="reconciled"):
        report(acme, a1=r(3))
    assert acme.exchange().sent == () == globex.exchange().sent


def test_declined_and_proposed_again(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    propose(acme, [BAKERY, LOGISTICS])
    with pytest.raises(TrustError, match="are in the plan"):
        propose(acme, [LOGISTICS, TYRES])
    with pytest.raises(UsageError, match="proposed: it cannot be signed by you"):
        sign(acme)
    settle(acme, globex)
    say(globex, Declining("Not this quarter"))
    settle(acme, globex)
    assert last(acme).plan.state is PlanState.DECLINED
    propose(acme, [LOGISTICS, TYRES])
    settle(acme, globex)
    sign(globex)
    settle(acme, globex)
    assert [each.plan.state for each in plans(globex)] == [PlanState.DECLINED, PlanState.RUNNING]
    assert_same_plans(acme, globex)


def test_nothing_is_a_plan_that_cannot_be_one(talking: tuple[Talker, Talker]) -> None:
    acme, _ = talking
    hidden = [DraftLine(bytes(16))]
    twice = [DraftLine(acme.match(BAKERY))] * 2
    for accounts, changed, why in (
        ([BAKERY], {"lines": hidden}, "not revealed"),
        ([BAKERY], {"lines": twice}, "twice"),
        ([], {"lines": []}, "1 to 10,000 matches"),
        ([BAKERY, TYRES], {"holdout": 2}, "at least one account"),
        ([BAKERY], {"currency": ""}, "needs a currency"),
        ([BAKERY], {"budget": (-1, 0)}, "negative"),
        ([BAKERY], {"lines": [DraftLine(acme.match(BAKERY), "x" * 201)]}, "longer than 200"),
    ):
        with pytest.raises(InputError, match=why):
            propose(acme, accounts, **changed)
    acme.now += timedelta(days=365)
    with pytest.raises(InputError, match="its last day is over"):
        propose(acme, [BAKERY])
    acme.now -= timedelta(days=365)
    assert plans(acme) == ()
    assert acme.exchange().sent == ()


def test_a_plan_keeps_its_accounts_up_to_its_last_day_on_both_sides(talking: tuple[Talker, Talker]) -> None:
    """Nobody has to reconcile it; and it can be reported and reconciled afterwards all the same."""
    acme, globex = talking
    start(acme, globex, [BAKERY, LOGISTICS], 1)
    for side in talking:
        side.now = datetime.combine(ENDS, dt_time(23, 59), UTC)
        with pytest.raises(TrustError, match=f"up to {ENDS}"):
            propose(side, [LOGISTICS, TYRES])
        side.now += timedelta(minutes=2)
    first = last(acme)
    propose(acme, [LOGISTICS, TYRES], ends=ENDS + timedelta(days=60))
    settle(acme, globex)
    sign(globex)
    settle(acme, globex)
    assert [each.plan.state for each in plans(globex)] == [PlanState.RUNNING] * 2
    for side, other in ((acme, globex), (globex, acme)):
        (old,) = [each for each in plans(side) if each.id == first.id]
        say(side, make_reconciling(old), old)
        settle(side, other)
    assert [each.plan.state for each in plans(acme)] == [PlanState.RECONCILED, PlanState.RUNNING]
    assert_same_plans(acme, globex)


def test_a_plan_that_is_over_is_not_signed(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    propose(acme, [BAKERY])
    settle(acme, globex)
    globex.now = datetime.combine(ENDS + timedelta(days=1), dt_time(), UTC)
    with pytest.raises(TrustError, match="last day of this plan is over"):
        sign(globex)


def test_of_several_things_all_are_said_or_none(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    start(acme, globex, [BAKERY], 0)
    known = last(acme)
    step = Changes((make_change(known, acme.match(BAKERY), next_step="Send the offer"),))
    refused = Declining("not now")
    with pytest.raises(UsageError, match="cannot be declined"):
        acme.runner().say_plan(
            *(PlanStatement(known.matches.record, known.plan.plan_id, e) for e in (step, refused))
        )
    assert last(acme).plan == known.plan
    assert acme.exchange().sent == ()


@pytest.mark.parametrize("typed", ["1_0", "+1", "٣", "1.5", "-1", ""])
def test_counts_are_digits_alone(typed: str) -> None:
    with pytest.raises(InputError, match="number or result"):
        make_report(LineReport(bytes(16)), {"steps": typed})
    assert make_report(LineReport(bytes(16)), {"steps": " 10 ", "deals": 3}).steps == 10


def test_rules_of_engagement_refuse_and_are_named(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    mine = [DraftLine(acme.match(HARBOUR), leads=Leader.ME)]
    with pytest.raises(TrustError, match=r"rule of engagement 1 .* Globex Data leads"):
        propose(acme, [HARBOUR], lines=mine)
    theirs = [DraftLine(globex.match(HARBOUR), leads=Leader.THEM)]
    propose(globex, [HARBOUR], lines=theirs)  # who leads may give it up
    settle(acme, globex)
    sign(acme)
    settle(acme, globex)
    change(acme, HARBOUR, next_step="Send the offer", due=date(2027, 1, 15))
    with pytest.raises(UsageError, match="your partner leads"):
        change(globex, HARBOUR, next_step="Wait")
    assign(globex, HARBOUR, "Greta Globexseller")
    settle(acme, globex)
    line = last(globex).plan.lines[globex.match(HARBOUR)]
    assert (line.next_step, line.due) == ("Send the offer", date(2027, 1, 15))
    assert last(acme).plan.owners[globex.matches.role][acme.match(HARBOUR)] == "Greta Globexseller"
    assert_same_plans(acme, globex)


def test_a_plan_that_takes_the_lead_is_not_signed(
    talking: tuple[Talker, Talker], monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, globex = talking
    with monkeypatch.context() as cheat:
        cheat.setattr("accountmap.session.plan_drafts.who_leads", lambda *_: (0, ""))
        propose(acme, [HARBOUR], lines=[DraftLine(acme.match(HARBOUR), leads=Leader.ME)])
    settle(acme, globex)
    with pytest.raises(TrustError, match=r"rule of engagement 1 .* Globex Data leads"):
        sign(globex)


def test_the_holdout_is_left_alone(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    plan = start(acme, globex, ALL, holdout=4)
    held = sorted(int(each[1:]) for each in accounts_of(acme, plan.holdout))
    open_to_ask = [each for each in held if each in (BAKERY, LOGISTICS, TYRES)]
    for side, account in ((acme, open_to_ask[0]), (globex, held[0])):
        with pytest.raises(TrustError, match=r"in the holdout of the plan .* until 2027-03-31"):
            side.say(account, Topic.INTRODUCTION, Step.OFFERED)
        with pytest.raises(UsageError, match="account of the holdout has no next step"):
            change(side, account, next_step="Call")
        side.say(account, Topic.NOTE, Step.NOTED, text="They wrote to us")
    acme.now += timedelta(days=73_000)
    acme.say(open_to_ask[0], Topic.INTRODUCTION, Step.OFFERED)  # the plan's last day is over
    acme.now -= timedelta(days=73_000)
    report(acme, **{f"a{held[0]}": r(1, 0, Result.WON)})  # what happened is reported all the same, and named
    settle(acme, globex)
    line = next(e for e in last(globex).plan.results().lines if e.match_id == globex.match(held[0]))
    assert line.differences == ("one side", "worked on")


def test_who_keeps_a_draw_closed_cannot_move_since_when(
    talking: tuple[Talker, Talker], monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, globex = talking
    propose(acme, ALL, holdout=2)
    settle(acme, globex)
    sign(globex)
    signed = globex.now
    monkeypatch.setattr("accountmap.session.conversation.openings", lambda *_: [])
    monkeypatch.setattr("accountmap.session.plans.check_plan_statement", lambda *_: None)
    settle(acme, globex)
    for side in talking:
        side.now += timedelta(days=9)
    report(acme, spent=1)  # of no effect before the draw is open
    settle(acme, globex)
    known = last(globex)
    assert (known.plan.state, len(known.plan.passed_over)) == (PlanState.SIGNED, 1)
    assert known.changed - known.since == timedelta(days=9)
    assert known.since == signed


def test_two_commands_open_a_plan_once(talking: tuple[Talker, Talker], monkeypatch: pytest.MonkeyPatch) -> None:
    acme, globex = talking
    propose(acme, ALL, holdout=2)
    settle(acme, globex)
    sign(globex)
    globex.exchange()
    carry(acme, globex)

    def while_another_runs(workspace: Workspace, partner: Any) -> Any:
        found = openings(workspace, partner)
        if found:
            monkeypatch.undo()
            acme.exchange()
        return found

    monkeypatch.setattr("accountmap.session.conversation.openings", while_another_runs)
    acme.exchange()
    settle(acme, globex)
    assert [each.step for each in last(acme).plan.effective].count(PlanStep.OPENED) == 1
    assert last(acme).plan.passed_over == []
    assert_same_plans(acme, globex)


def test_amounts_and_owners_only_as_agreed(
    talking: tuple[Talker, Talker], monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, globex = talking
    start(acme, globex, [BAKERY], holdout=0)
    with pytest.raises(InputError, match="does not show amounts"):
        report(acme, a1=r(amount=10))
    with pytest.raises(InputError, match="reports nothing"):
        report(acme)
    with monkeypatch.context() as cheat:
        cheat.setattr("accountmap.session.questions.SessionMatches.own_fields", lambda *_: ("amount",))
        report(acme, a1=r(amount=10))
    acme.exchange()
    carry(acme, globex)
    (note,) = globex.exchange().notes
    assert "shows a field that is not agreed" in note


def test_both_sides_propose_at_once_and_one_has_to_be_declined(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    propose(acme, [BAKERY, TYRES], holdout=1)
    propose(globex, [TYRES, LOGISTICS], holdout=1)
    settle(acme, globex)
    for side in talking:
        theirs = next(each for each in plans(side) if not each.ours)
        with pytest.raises(TrustError, match="are in the plan"):
            make_signing(side.workspace, side.partner, theirs, plans(side), today(side))
    ours = next(each for each in plans(acme) if not each.ours)
    say(acme, Declining(""), ours)
    settle(acme, globex)
    theirs = next(each for each in plans(globex) if not each.ours)
    say(globex, make_signing(globex.workspace, globex.partner, theirs, plans(globex), today(globex)), theirs)
    settle(acme, globex)
    assert sorted(each.plan.state for each in plans(acme)) == ["declined", "running"]
    assert_same_plans(acme, globex)


def test_what_the_partner_signed_can_be_proved(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    start(acme, globex, [BAKERY, TYRES], holdout=1)
    kept = acme.workspace.plans.with_partner(acme.partner.slug)
    assert [bool(each.proof) for each in kept] == [False, True, False]
    card = acme.partner.card
    assert proves(card, kept[1].proof, Kind.PLANS, kept[1].content)
    assert not proves(card, kept[1].proof, Kind.PLANS, kept[1].content[:-1] + b"x")
    assert not proves(acme.workspace.card, kept[1].proof, Kind.PLANS, kept[1].content)


def test_a_proposal_that_nobody_took_for_a_month_is_written_anew(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    propose(acme, [BAKERY, TYRES], holdout=1)
    acme.exchange()
    for side in talking:
        side.now += timedelta(days=40)
    settle(acme, globex)
    sign(globex)
    settle(acme, globex)
    assert_same_plans(acme, globex)
    assert last(acme).plan.state is PlanState.RUNNING


def act(chance: random.Random, side: Talker) -> None:
    """Do something about a plan, or try to."""
    account = chance.choice(ALL)
    doings = [
        lambda: propose(side, sorted(chance.sample(ALL, chance.randint(1, 3))), holdout=0),
        lambda: propose(side, [BAKERY, TYRES, LOGISTICS], holdout=1),
        lambda: sign(side),
        lambda: sign(side),
        lambda: say(side, Declining("no")),
        lambda: change(side, account, next_step=f"step {chance.random()}"),
        lambda: report(side, **{f"a{account}": r(chance.randint(0, 3), 1, Result(chance.randint(1, 5)))}),
        lambda: assign(side, account, f"Owner {chance.random()}"),
        lambda: reconcile(side),
        lambda: reconcile(side),
    ]
    with suppress(AccountmapError, IndexError, KeyError):
        chance.choice(doings)()


def test_three_companies_over_lossy_mail_end_with_equal_plans(mapped_companies: Path, tmp_path: Path) -> None:
    chance = random.Random(1)  # noqa: S311 for a schedule, not for a secret
    pairs = {other: talkers(mapped_companies, tmp_path, other) for other in ("globex", "initech")}
    seen: dict[str, dict[str, bytes]] = {other: {} for other in pairs}
    for _ in range(10):
        for other, pair in pairs.items():
            for side in pair:
                act(chance, side)
                side.now += timedelta(minutes=chance.randint(1, 900))
                side.shaky_exchange(chance)
            seen[other] |= {file.name: file.read_bytes() for file in pair[0].folder.glob("acme*")}
            lossy(chance, *pair)
    for other, pair in pairs.items():
        for side in pair:
            side.now = max(each.now for each in pair)
        settle(*pair)
        settle(*pair)
        assert_same_plans(*pair)
        assert pair[0].exchange().sent == () == pair[1].exchange().sent
        assert plans(pair[0]) != ()
        stranger = "initech" if other == "globex" else "globex"
        folder = tmp_path / f"seen-{other}"
        folder.mkdir()
        for name, data in seen[other].items():
            (folder / name).write_bytes(data)
        leaves = plain_text(list(folder.iterdir()), pair[1])
        assert [word for word in (NAMES[stranger], OWNERS[stranger]) if word in leaves] == []


def lossy(chance: random.Random, one: Talker, other: Talker) -> None:
    """Carry some files, old ones too, in any order; lose others."""
    for source, target in ((one, other), (other, one)):
        files = sorted(source.folder.iterdir())
        for file in chance.sample(files, k=len(files)):
            if chance.random() < 0.5:
                (target.folder / file.name).write_bytes(file.read_bytes())
            elif chance.random() < 0.5:
                file.unlink()


@pytest.mark.parametrize("at", range(1, 6))
def test_a_program_that_is_stopped_anywhere_loses_nothing(talking: tuple[Talker, Talker], at: int) -> None:
    """The process ends after some writes of the transaction: all of it happened, or nothing."""
    acme, globex = talking
    propose(acme, [BAKERY, TYRES, LOGISTICS], holdout=1)
    settle(acme, globex)
    sign(globex)
    globex.exchange()
    carry(globex, acme)
    database, left = acme.workspace._database, at
    run = database.run

    def failing(statement: str, *values: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt
        run(statement, *values)

    database.run = failing
    with suppress(KeyboardInterrupt):
        acme.exchange()
    database.run = run
    settle(acme, globex)
    assert last(globex).plan.state is PlanState.RUNNING
    assert_same_plans(acme, globex)


def test_the_ledger_has_what_left_and_names_nobody(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    start(acme, globex, [BAKERY, TYRES, LOGISTICS], holdout=1)
    report(globex, a1=r(1))
    settle(acme, globex)
    told, came = (
        [(e["step"], e["matches"]) for e in (each.facts for each in side.workspace.ledger().entries)
         if e["event"] == event and e["topic"] == "plans"]
        for side, event in ((globex, "told"), (acme, "was_told"))
    )  # fmt: skip
    assert told == came == [("signed", 3), ("reported", 1)]
    (proposed, opened) = (
        each.facts
        for each in acme.workspace.ledger().entries
        if each.facts["event"] == "told" and each.facts["topic"] == "plans"
    )
    assert (proposed["step"], proposed["fields"], opened["step"]) == ("proposed", ["owner_name"], "opened")
    text = "".join(entry.body for side in talking for entry in side.workspace.ledger().entries)
    assert not [word for word in (*OWNERS.values(), "Northwood", "Spring campaign") if word in text]
    acme.workspace.ledger().check()


def test_a_plan_over_a_direct_connection(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    propose(acme, [BAKERY, TYRES], holdout=1)
    for _ in range(2):
        exchange_directly(acme, globex)
        if last(globex).plan.state is PlanState.PROPOSED:
            sign(globex)
    assert last(globex).plan.first(PlanStep.OPENED) is not None
    assert_same_plans(acme, globex)


def test_a_long_list_does_not_keep_its_reader() -> None:
    """Reading takes as long as the list is, not as its square: tens of thousands of lines would take minutes."""
    sid, now = bytes(32), datetime(2026, 12, 1, tzinfo=UTC)
    ids = sorted(hashlib.sha256(b"match %d" % each).digest()[:16] for each in range(30_000))
    lines = tuple(PlanLine(each, 3, 3, now.date()) for each in ids)
    terms = PlanTerms(PlanKind.CAMPAIGN, "T", now.date(), now.date(), "", (0, 0), 0, bytes(32), lines)
    plan_id = plan_id_of(sid, Role.INITIATOR, write_terms(terms))
    proposed = PlanEntry(plan_id, Role.INITIATOR, 1, 0, now, terms)
    signed = PlanEntry(plan_id, Role.RESPONDER, 1, 1, now, Signing(bytes(32), ("",) * len(ids)))
    matter = PlanMatter(sid, Role.RESPONDER, lambda _: (), lambda _: [proposed], now)
    content, begun = write_plan_entry(signed), time.process_time()
    assert read_plan_entry(content, matter) == signed
    assert time.process_time() - begun < 10


def test_thousands_of_matches_are_found_by_their_whole_ids() -> None:
    ids = {hashlib.sha256(b"match %d" % each).digest()[:16] for each in range(10_000)}
    begun = time.process_time()
    assert all(find_line(ids, each.hex()) == each for each in ids)
    assert time.process_time() - begun < 5
    one = min(ids)
    assert find_line(ids, one.hex()[:12].upper()) == one
    for wrong in ("", "zz", one.hex()[:1], one.hex() + "00"):
        with pytest.raises(InputError, match=r"an id that begins with"):
            find_line(ids, wrong)
