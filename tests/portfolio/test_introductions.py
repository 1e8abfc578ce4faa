"""Introductions between two companies, as the portfolio of each counts them."""

from accountmap import read_portfolio
from accountmap.model import Step, Topic
from accountmap.portfolio import INTRODUCE, THEM, US
from accountmap.session.portfolio import read_exchanges
from tests.talking import Talker, settle

LOGISTICS, HARBOUR = 2, 3


def introductions(side: Talker) -> list[tuple[bool, str, bool]]:
    return [
        (each.ours, each.made_by, each.answered is not None)
        for each in read_exchanges(side.workspace, side.partner)
        if each.kind == INTRODUCE
    ]


def test_each_side_counts_who_made_an_introduction_and_who_answered(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    acme.say(LOGISTICS, Topic.INTRODUCTION, Step.ASKED)
    settle(acme, globex)
    globex.say(LOGISTICS, Topic.INTRODUCTION, Step.ACCEPTED)
    settle(acme, globex)
    globex.say(LOGISTICS, Topic.INTRODUCTION, Step.MADE)
    acme.say(HARBOUR, Topic.INTRODUCTION, Step.OFFERED)
    settle(acme, globex)
    globex.say(HARBOUR, Topic.INTRODUCTION, Step.ACCEPTED)
    settle(acme, globex)
    acme.say(HARBOUR, Topic.INTRODUCTION, Step.MADE)
    settle(acme, globex)
    assert sorted(introductions(acme)) == [(True, THEM, True), (True, US, True)]
    assert sorted(introductions(globex)) == [(False, THEM, True), (False, US, True)]
    rows = {row["partner"]: row for row in read_portfolio(acme.workspace).partners.to_pylist()}
    row = rows[acme.partner.slug]
    assert (row["introductions_received"], row["introductions_given"]) == (1, 1)
    assert (row["asked"], row["answered_in_time"]) == (2, 2)
