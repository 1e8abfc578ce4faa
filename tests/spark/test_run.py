"""A party with its list in Spark and one with a workspace run under the agreement that both have signed."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from accountmap.psi.phases import Done, Message
from accountmap.psi.run import Run
from accountmap.spark.joint_filter import filtered
from pyspark.sql import SparkSession

from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import InputError, UsageError
from accountmap.linkage.key_kinds import PROFILES
from accountmap.linkage.prepare import prepare_accounts
from accountmap.model import Role
from accountmap.psi.parameters import MessageType
from accountmap.session import default_curve, propose_agreement, sign_agreement
from accountmap.session.active import Running, session_ports
from accountmap.session.participants import withheld
from accountmap.spark import SparkList, TableRun
from accountmap.trust.agreement import Agreement
from accountmap.trust.terms import COUNTS, NAMES, Disclosure, JointFilter, Rectangle, Sharing
from accountmap.workspace import PartnerRecord, Workspace
from tests.parties import NOW
from tests.spark.lists import account_list
from tests.spark.scaling_page import run_block

KEY = bytes(1216)
SHARING = Sharing(
    (
        Rectangle(Disclosure(NAMES, (("name", "city"), ("name",))), (("customer", "opportunity"), SEGMENTS)),
        Rectangle(Disclosure(COUNTS, ((), ())), (("prospect",), SEGMENTS)),
    )
)


@dataclass
class Side:
    workspace: Workspace
    partner: PartnerRecord
    list_id: int


def sides(folder: Path) -> tuple[Side, Side]:
    """Make a workspace for each, with the lists that the companies of docs/scaling.md have."""
    table = account_list(400)
    workspaces = [Workspace.create(folder / name, name, NOW, passphrase=None) for name in ("Acme", "Globex")]
    made = []
    for own, other, start in ((0, 1, 0), (1, 0, 100)):
        accounts = type(table)(table.table.slice(start, 300), table.extras)
        record = workspaces[own].save_list(accounts, prepare_accounts(accounts, PROFILES["standard"]), "test", NOW)
        made.append(
            Side(workspaces[own], workspaces[own].add_partner(workspaces[other].card, "test", NOW), record.id)
        )
    return made[0], made[1]


def agreed(acme: Side, globex: Side, sharing: Sharing) -> Agreement:
    draft = propose_agreement(acme.workspace, acme.partner, purpose="co-selling", sharing=sharing, now=NOW)
    return sign_agreement(globex.workspace, draft.document.encode(), NOW)


def ordinary(side: Side, agreement: Agreement) -> Running:
    with side.workspace.transaction():
        curve = default_curve(1)
        return Running.begin(side.workspace, side.partner, agreement, side.list_id, curve, NOW)


def finish(initiator: Run, responder: Run, message: Message) -> None:
    """Pass messages from the second on until both are done, with the consent of both."""
    turn, other = initiator, responder
    while True:
        reply = turn.receive(message.type, message.body)
        if turn.must_decide:
            reply = turn.consent()
        if reply is None:
            assert message.type is MessageType.RECEIPT
            return
        message, turn, other = reply, other, turn


def test_a_run_finds_what_a_run_here_finds(
    spark: SparkSession, companies: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    acme, globex = sides(tmp_path)
    agreement = agreed(acme, globex, SHARING)
    here = ordinary(acme, agreement)
    partner_here = ordinary(globex, agreement)
    finish(here.session, partner_here.session, partner_here.session.answer(KEY, here.session.offer(KEY).body))

    place, prepared = companies["acme"]["folder"], companies["acme"]["prepared"]
    ports = session_ports(default_curve(1), acme.workspace.identity, acme.partner.card)
    given = {"agreement": agreement, "role": Role.INITIATOR, "ports": ports}
    made = run_block(2, {"spark": spark, "folder": place, "prepared": prepared, **given})
    run, own = made["run"], made["own"]
    partner = ordinary(globex, agreement)
    message = partner.session.answer(KEY, run.offer(KEY).body)
    saved, run = b"".join(run.dump()), TableRun(agreement, Role.INITIATOR, own, f"{place}/run", ports)
    run.resume(saved)
    finish(run, partner.session, message)

    assert run.preview is not None
    assert here.session.preview is not None
    assert run.preview.tolist() == here.session.preview.tolist()
    ids = here.own.prepared.entities["entity_id"].take(here.own.orders[0].entity).to_pylist()
    assert run.result is not None
    assert here.session.result is not None
    found, expected = run.result[0], here.session.result[0]
    assert isinstance(found, Done)
    assert isinstance(expected, Done)
    assert len(found) > 20
    assert shown(found, list(run.ids[0])) == shown(expected, ids)
    assert partner.session.result is not None
    theirs = partner.session.result[0]
    assert isinstance(theirs, Done)
    assert theirs.receipt == found.receipt
    assert sum(theirs.field_lengths) > 10 * len(theirs)


def shown(done: Done, ids: list[str]) -> dict[str, list[object]]:
    """Say by own entity what a session found, whatever the order of its matches."""
    ends = np.cumsum(done.field_lengths).tolist()
    fields = [done.fields[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    slots: list[set[int]] = [set() for _ in fields]
    for at, slot in zip(done.key_match.tolist(), done.key_slot.tolist(), strict=True):
        slots[at].add(slot)
    columns = (done.their_segment.tolist(), done.weight.tolist(), slots, fields)
    return {ids[group]: row for group, *row in zip(done.group.tolist(), *columns, strict=True)}


def test_a_joint_filter_lets_the_same_entities_in(
    spark: SparkSession, companies: dict[str, dict[str, Any]]
) -> None:
    joint = JointFilter(("DE", "GB"))
    whole = account_list(400)
    accounts = type(whole)(whole.table.slice(0, 300), whole.extras)
    here = prepare_accounts(accounts, PROFILES["standard"])
    out = set(withheld(accounts, here, joint)["entity"].to_pylist())
    expected = {name for row, name in enumerate(here.entities["entity_id"].to_pylist()) if row not in out}
    place, prepared = companies["acme"]["folder"], companies["acme"]["prepared"]
    listed = spark.read.parquet(f"{place}/accounts")
    assert {row["entity_id"] for row in filtered(listed, prepared, joint).collect()} == expected
    assert 0 < len(expected) < here.entities.num_rows
    with pytest.raises(InputError, match="industry"):
        filtered(listed.select("account_id"), prepared, JointFilter(industries=("food",)))


def test_an_agreement_that_shows_the_rest_is_refused(companies: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    acme, globex = sides(tmp_path)
    agreement = agreed(acme, globex, replace(SHARING, rest_shown_by=("initiator",)))
    prepared = companies["acme"]["prepared"]
    own = SparkList(prepared.members, prepared, prepared.keys)
    ports = session_ports(default_curve(1), acme.workspace.identity, acme.partner.card)
    with pytest.raises(UsageError, match="the rest"):
        TableRun(agreement, Role.INITIATOR, own, tmp_path.as_uri(), ports)
