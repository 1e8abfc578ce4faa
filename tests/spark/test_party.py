"""A party with its list in Spark and one with a workspace run under the agreement that both have signed."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession

from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.curve.backends import make_curve
from accountmap.errors import InputError
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES, Prepared
from accountmap.model import Epsilon, Role
from accountmap.psi.codec import Message
from accountmap.psi.inputs import OwnInputs, key_table_digest
from accountmap.psi.ports import Ports, Side
from accountmap.psi.session import Session
from accountmap.psi.sketch import SketchParameters, make_sketch
from accountmap.session import propose_agreement, sign_agreement, sketches
from accountmap.session.audit_list import by_message
from accountmap.session.own_list import key_points
from accountmap.session.own_side import OwnSide, key_records, withheld
from accountmap.session.parameters import session_parameters
from accountmap.spark import SparkEntities, entities_of_sketch, sketch_values
from accountmap.spark.party import filtered
from accountmap.trust.agreement import Agreement
from accountmap.trust.sharing import JointFilter, Rectangle, Sharing
from accountmap.workspace import Workspace
from tests.parties import NOW
from tests.psi.sessions import I, PlainReceipts, R, counter_random
from tests.spark.lists import company_list, decisions_about
from tests.spark.scaling_page import NoPartner, run_block

KEY = bytes(1216)
SHARING = Sharing(
    totals_shown_by=(),
    unmatched_named_by=(),
    rectangles=(
        Rectangle(("customer", "opportunity"), SEGMENTS, ("name", "city"), ("name",)),
        Rectangle(("prospect",), ("customer",), (), ()),
    ),
    joint_filter=JointFilter(),
)


@dataclass
class Company:
    """A list, and what it brings into a session from one machine."""

    accounts: AccountList
    prepared: Prepared

    def own_side(self, agreement: Agreement, role: Role) -> OwnSide:
        return OwnSide.of(agreement, role, self.accounts, self.prepared, session_parameters(agreement))

    def sides(self, agreement: Agreement, role: Role) -> list[Side]:
        curve = make_curve(workers=1)
        return self.own_side(agreement, role).sides(curve, lambda: key_points(self.prepared, curve))


@pytest.fixture(scope="module")
def agreed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Company], Agreement]:
    """Make a workspace for the company of docs/scaling.md and for a partner of it, and let both sign."""
    folder, made = tmp_path_factory.mktemp("agreed"), []
    workspaces = [Workspace.create(folder / name, name, NOW, passphrase=None) for name in ("Acme", "Globex")]
    own = company_list()
    theirs = AccountList(own.table.slice(300), own.extras)
    for workspace, accounts, decisions in zip(workspaces, (own, theirs), (decisions_about(own), ()), strict=True):
        company = Company(accounts, prepare_accounts(accounts, PROFILES["standard"], decisions))
        workspace.save_list(accounts, company.prepared, "test", NOW)
        made.append(company)
    acme, globex = workspaces
    partner = acme.add_partner(globex.card, "test", NOW)
    globex.add_partner(acme.card, "test", NOW)
    draft = propose_agreement(acme, partner, purpose="co-selling", sharing=SHARING, now=NOW)
    return made, sign_agreement(globex, draft.document.encode(), NOW, sizes_confirmed=True)


def inputs(agreement: Agreement, role: Role, key_table: bytes) -> dict[str, Any]:
    sketch = bytes(session_parameters(agreement).sketch_bytes[role])
    return {"sketch": sketch, "sketch_seed": bytes([1]) * 32, "frozen_list": bytes(32), "sketch_inputs": bytes(32)}


def start(agreement: Agreement, role: Role, sides: list[Side], key_table: bytes) -> Session:
    own = OwnInputs(seed=bytes([role]) * 32, key_table=lambda: key_table, **inputs(agreement, role, key_table))
    ports = Ports(make_curve(workers=1), counter_random(f"{role}"), PlainReceipts(), NoPartner())
    return Session.start(role, session_parameters(agreement), own, sides, ports)


def finish(initiator: Session, responder: Session) -> list[Message]:
    """Pass messages until both are done, with the consent of both."""
    made = [initiator.offer(KEY)]
    made.append(responder.answer(KEY, made[0].body))
    turn, other = initiator, responder
    while True:
        reply = turn.receive(made[-1].type, made[-1].body)
        reply = turn.consent() if turn.decision else reply
        if reply is None:
            return made
        made.append(reply)
        turn, other = other, turn


def test_a_session_finds_what_a_session_here_finds(
    spark: SparkSession, company: dict[str, Any], agreed: tuple[list[Company], Agreement]
) -> None:
    (acme, globex), agreement = agreed
    table = key_table_digest(key_records(acme.own_side(agreement, I).key_table()))
    here = start(agreement, I, acme.sides(agreement, I), table)
    expected = finish(here, start(agreement, R, globex.sides(agreement, R), bytes(32)))

    place, prepared = company["folder"], company["prepared"]
    given = {"agreement": agreement, "parameters": session_parameters(agreement), "role": I}
    ports = Ports(make_curve(workers=1), counter_random("0"), PlainReceipts(), NoPartner())
    names = {"spark": spark, "folder": place, "prepared": prepared, "ports": ports, **given}
    party = run_block(2, {**names, **inputs(agreement, I, table)})["party"]
    assert party.key_table() == table
    sides = replace(party, resumed=True).sides()
    there = start(agreement, I, sides, table)
    made = finish(there, start(agreement, R, globex.sides(agreement, R), bytes(32)))
    assert [(m.type, m.body) for m in made] == [(m.type, m.body) for m in expected]

    assert there.result is not None
    found = there.result.comparisons[0]
    assert len(found) > 20
    entities = sides[0].entities
    assert isinstance(entities, SparkEntities)
    order = acme.own_side(agreement, I).orders[0].entity
    assert entities.ids(found.group) == acme.prepared.entities["entity_id"].take(order[found.group]).to_pylist()
    assert found.field_lengths.sum() > 10 * np.count_nonzero(found.field_lengths)


def test_a_sketch_is_the_one_that_is_made_here(
    company: dict[str, Any], agreed: tuple[list[Company], Agreement]
) -> None:
    acme, names = agreed[0][0], dict(company)
    made = run_block(1, {**names, "card": bytes(32), "sketch_rows": 512})
    chosen = sketches.entities_of_sketch(acme.accounts, acme.prepared, (), ())
    values = sketches.sketch_values(acme.prepared, chosen, SEGMENTS)
    assert by_message(made["values"]) == by_message(values)
    assert made["values"].digest() == values.digest()
    assert made["sketch"] == make_sketch(SketchParameters((512,), Epsilon.ONE), made["secret"], values)
    # Of a part by country, without a segment that is never previewed.
    part = sketches.entities_of_sketch(acme.accounts, acme.prepared, ("DE",), ("customer",))
    here = sketches.sketch_values(acme.prepared, part, SEGMENTS)
    frame = entities_of_sketch(made["accounts"], made["prepared"], ("DE",), ("customer",))
    assert by_message(sketch_values(frame)) == by_message(here)
    assert 0 < len(here.messages) < len(values.messages)


def test_a_joint_filter_lets_the_same_entities_in(
    spark: SparkSession, company: dict[str, Any], agreed: tuple[list[Company], Agreement]
) -> None:
    joint, acme = JointFilter(("DE", "GB")), agreed[0][0]
    out = set(withheld(acme.accounts, acme.prepared, joint)["entity"].to_pylist())
    ids = acme.prepared.entities["entity_id"].to_pylist()
    expected = {name for row, name in enumerate(ids) if row not in out}
    place, prepared = company["folder"], company["prepared"]
    listed = spark.read.parquet(f"{place}/accounts")
    found = filtered(listed, prepared, joint).where("not off_limits").collect()
    assert {row["entity_id"] for row in found} == expected
    assert 0 < len(expected) < len(ids)
    with pytest.raises(InputError, match="industry"):
        filtered(listed.select("account_id"), prepared, JointFilter(industries=("food",)))
