"""The program reads what partners say about matches, and comes to what is so, as the vectors say."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from accountmap.account_map.co_selling import seen_from
from accountmap.account_map.conflicts import certain_leader
from accountmap.account_map.match_log import Decided, Entry, MatchLog, deal_that_counts
from accountmap.account_map.schema import EngagementRule
from accountmap.errors import PeerError
from accountmap.model import Leader, Role, Step, Topic
from accountmap.session.conversation_content import LogMatter, read_entries, write_entries
from accountmap.trust.conversation import padded, unpadded
from tests.protocols.vectors import cases, comment, load

Json = dict[str, Any]
MATCH = b"m" * 16
CAME = datetime(2026, 11, 28, tzinfo=UTC)


def entry(written: Json, match: bytes = MATCH) -> Entry:
    return Entry(
        match,
        Role(written["role"]),
        written["number"],
        written["seen"],
        datetime.fromtimestamp(written["time"], UTC),
        Topic(written["kind"]),
        Step(written["step"]),
        written["value"],
        written["words"],
        tuple((name, text) for name, text in written["fields"]),
    )


def reader() -> LogMatter:
    known = load("conversation/entries.json")["reader"]
    agreed = {bytes.fromhex(match): names for match, names in known["agreed"].items()}
    entries = {
        bytes.fromhex(match): [entry(each, bytes.fromhex(match)) for each in written]
        for match, written in known["known"].items()
    }
    return LogMatter(Role.RESPONDER, agreed.get, lambda match: entries.get(match, []), CAME)


@pytest.mark.parametrize("case", cases("conversation/entries.json"), ids=comment)
def test_entries(case: Json) -> None:
    kind, content = unpadded(bytes.fromhex(case["body"]))
    assert kind == case["kind"]
    if case["expect"] != "accept":
        with pytest.raises(PeerError) as refused:
            read_entries(Topic(kind), content, reader())
        assert getattr(refused.value, "rule", "") == case["expect"].removeprefix("refuse: ")
        return
    read = read_entries(Topic(kind), content, reader())
    assert all(each.came == CAME for each in read)
    if "again" in case["comment"]:
        assert read == []
    else:
        assert padded(kind, write_entries(read)).hex() == case["body"]


def leader_of(rules: list[Any]) -> Role | None:
    """The leader by rules that all fit the cell, as the initiator sees them."""
    words = {0: Leader.ME, 1: Leader.THEM, None: Leader.BOTH}
    segments = frozenset({"customer"})
    seen = [EngagementRule(segments, segments, frozenset(where), words[who]) for who, where in rules]
    found = certain_leader(seen, "customer", "customer")
    return {Leader.ME: Role.INITIATOR, Leader.THEM: Role.RESPONDER}.get(Leader(found)) if found else None


@pytest.mark.parametrize("case", cases("conversation/match_states.json"), ids=comment)
def test_both_sides_come_to_the_same_in_any_order(case: Json) -> None:
    entries, expect = [entry(each) for each in case["entries"]], case["expect"]
    for seed in range(5):
        random.Random(seed).shuffle(entries)  # noqa: S311 an order, not a secret
        log = MatchLog.of(entries, leader_of(case["rules"]))
        initiator, responder = (seen_from(log, role, "a1") for role in Role)
        assert (log.state(Topic.INTRODUCTION, Role.INITIATOR) or "none") == expect["introduction"]
        if expect["seeker"] is not None:
            assert initiator.introductions[-1].seeker == (Leader.ME, Leader.THEM)[expect["seeker"]]
            assert responder.introductions[-1].seeker == (Leader.THEM, Leader.ME)[expect["seeker"]]
        assert log.agreed == expect["lead"]
        assert [[each.role, each.number] for each in log.passed_over] == expect["passed_over"]
        side, rule = expect["deal"]
        if (side, rule) != (None, 0):
            assert deal_that_counts(log) == (side, list(Decided)[rule])


def random_log(chance: random.Random) -> list[Entry]:
    """Let two sides say anything, each after what it happened to have seen."""
    logs: dict[Role, list[Entry]] = {role: [] for role in Role}
    seen = dict.fromkeys(Role, 0)
    for n in range(chance.randint(1, 25)):
        role = chance.choice(list(Role))
        seen[role] = chance.randint(seen[role], len(logs[role.other]))
        topic = chance.choice(list(Topic))
        step = chance.choice(list(Step))
        at = datetime.fromtimestamp(1_793_000_000 + n * 40_000, UTC)
        value = chance.randint(0, 3)
        logs[role].append(Entry(MATCH, role, len(logs[role]) + 1, seen[role], at, topic, step, value))
    return [*logs[Role.INITIATOR], *logs[Role.RESPONDER]]


def test_what_is_known_first_never_matters() -> None:
    chance = random.Random(7)  # noqa: S311 a schedule, not a secret
    for _ in range(200):
        entries = random_log(chance)
        whole = MatchLog.of(entries, chance.choice([None, *Role]))
        again = MatchLog.of(chance.sample(entries, len(entries)) + entries[:3], whole.leader)
        assert (again.effective, again.passed_over) == (whole.effective, whole.passed_over)
        kept = [each for each in entries if chance.random() < 0.7]
        part = MatchLog.of(kept, whole.leader)
        assert {*part.effective, *part.passed_over} <= set(entries)
        for role in Role:
            counted = sorted(e.number for e in (*part.effective, *part.passed_over) if e.role is role)
            assert counted == list(range(1, len(counted) + 1))
