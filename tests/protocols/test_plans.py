"""The program reads joint plans, draws holdouts, and comes to states and tables, as the vectors say."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from accountmap.account_map.holdout import commitment, draw
from accountmap.account_map.joint_plan import JointPlan, PlanEntry, PlanState, PlanTerms, Progress, plan_id_of
from accountmap.account_map.plan_results import PlanResults
from accountmap.errors import PeerError
from accountmap.model import Role
from accountmap.session.plan_content import (
    PlanMatter,
    decode_plan_entry,
    read_plan_entry,
    write_plan_entry,
    write_terms,
)
from accountmap.trust.conversation import Kind, padded, unpadded
from tests.protocols.vectors import cases, comment, load

Json = dict[str, Any]
CAME = datetime(2026, 11, 28, tzinfo=UTC)


def entry(written: Json) -> PlanEntry:
    return decode_plan_entry(bytes.fromhex(written["content"]), Role(written["role"]))


def reader() -> PlanMatter:
    known = load("conversation/plans.json")["reader"]
    agreed = {bytes.fromhex(match): names for match, names in known["agreed"].items()}
    entries = list(map(entry, known["known"]))
    return PlanMatter(
        sid=bytes.fromhex(known["sid"]),
        sender=Role.RESPONDER,
        fields=agreed.get,
        known=lambda plan_id: [each for each in entries if each.plan_id == plan_id],
        came=CAME,
    )


@pytest.mark.parametrize("case", cases("conversation/plans.json"), ids=comment)
def test_entries(case: Json) -> None:
    kind, content = unpadded(bytes.fromhex(case["body"]))
    assert kind == Kind.PLANS
    if case["expect"] != "accept":
        with pytest.raises(PeerError) as refused:
            read_plan_entry(content, reader())
        assert getattr(refused.value, "rule", "") == case["expect"].removeprefix("refuse: ")
        return
    read = read_plan_entry(content, reader())
    assert (read is None) == ("again" in case["comment"])
    if read is not None:
        assert read.came == CAME
        assert padded(kind, write_plan_entry(read)).hex() == case["body"]


def terms_of(written: str, plan_id: bytes, role: Role) -> PlanTerms:
    """Terms alone, as the content of a proposal."""
    head = plan_id + (1).to_bytes(4, "big") + bytes(4) + bytes(8) + b"\x01"
    content = decode_plan_entry(head + bytes.fromhex(written), role).content
    assert isinstance(content, PlanTerms)
    assert write_terms(content).hex() == written
    return content


@pytest.mark.parametrize("case", cases("conversation/plan_draws.json"), ids=comment)
def test_draws(case: Json) -> None:
    expect, role, sid = case["expect"], Role(case["proposer"]), bytes.fromhex(case["sid"])
    first, second = map(bytes.fromhex, case["seeds"])
    plan_id = plan_id_of(sid, role, bytes.fromhex(case["terms"]))
    terms = terms_of(case["terms"], plan_id, role)
    assert plan_id.hex() == expect["plan_id"]
    assert commitment(sid, role, first) == terms.commitment == bytes.fromhex(expect["commitment"])
    held = draw(plan_id, first, second, [each.match_id for each in terms.lines], terms.holdout)
    assert sorted(each.hex() for each in held) == expect["holdout"]


@pytest.mark.parametrize("case", cases("conversation/plan_states.json"), ids=comment)
def test_states_in_any_order(case: Json) -> None:
    entries, expect = list(map(entry, case["entries"])), case["expect"]
    sid = bytes.fromhex(load("conversation/plan_states.json")["sid"])
    for seed in range(3):
        random.Random(seed).shuffle(entries)  # noqa: S311 an order, not a secret
        plan = JointPlan.of(sid, entries)
        assert plan is not None
        assert plan.state == expect["state"]
        assert sorted(each.hex() for each in plan.holdout or ()) == expect["holdout"]
        days = {
            each: (line.due - datetime(1970, 1, 1, tzinfo=UTC).date()).days for each, line in plan.lines.items()
        }
        found = {m.hex(): [line.acts, days[m], line.next_step] for m, line in plan.lines.items()}
        assert found == expect["next"]
        assert [{m.hex(): owner for m, owner in each.items()} for each in plan.owners] == expect["owners"]
        assert {str(int(role)): holds for role, (_, holds) in plan.reconciled.items()} == expect["reconciled"]
        assert [[each.role, each.number] for each in plan.passed_over] == expect["passed_over"]


@pytest.mark.parametrize("case", cases("conversation/plan_results.json"), ids=comment)
def test_results(case: Json) -> None:
    vector = load("conversation/plan_results.json")
    sid, role = bytes.fromhex(vector["sid"]), Role(vector["proposer"])
    plan_id = plan_id_of(sid, role, bytes.fromhex(case["terms"]))
    plan = JointPlan(sid, plan_id, role, terms_of(case["terms"], plan_id, role), PlanState.RUNNING)
    plan.holdout = frozenset(map(bytes.fromhex, case["holdout"]))
    plan.effective = list(map(entry, case["entries"]))
    assert all(isinstance(each.content, Progress) for each in plan.effective)
    found: PlanResults = plan.results()
    for name, table in found.tables.items():
        assert table.decode() == case["expect"][name]
    assert found.digest.hex() == case["expect"]["digest"]
