"""The whole way: ten partners of one workspace, their sessions and previews, and what leaves for each."""

import csv
import json
import re
from dataclasses import fields
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from accountmap import Portfolio, read_portfolio
from accountmap.portfolio import MAPPED as STATE_MAPPED
from accountmap.portfolio import PREVIEW, TOPICS, Stage
from accountmap.workspace import Workspace
from accountmap.workspace.user_files import load_profile
from tests.cli.running import accountmap
from tests.portfolio.ten_partners import COMPANIES, LEFT, MAPPED, PREVIEWED, Acme, Truth


def slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def test_every_shared_account_is_known_with_each_partner_and_none_besides(
    acme: Acme, portfolio: Portfolio
) -> None:
    segments = {row[0]: row[3] for row in acme.own}
    found = {
        (row["account_id"], row["partner"], row["segment"], row["their_segment"], row["their_owner_name"])
        for row in portfolio.shared.to_pylist()
    }
    assert found == {
        (account, slug(truth.name), segments[account], theirs, truth.owner)
        for truth in acme.truths
        if truth.name in MAPPED
        for account, theirs in truth.shared.items()
    }


def test_the_totals_are_those_of_the_truth(acme: Acme, portfolio: Portfolio) -> None:
    mapped = [truth for truth in acme.truths if truth.name in MAPPED]
    every = list(chain.from_iterable(truth.shared for truth in mapped))
    several = {account for account in every if every.count(account) > 1}
    amounts = {row["account_id"]: row["amount"] or 0.0 for row in portfolio.accounts.to_pylist()}
    assert portfolio.totals.companies == COMPANIES == portfolio.accounts.num_rows
    assert portfolio.totals.shared == len(set(every))
    assert portfolio.totals.several == len(several)
    assert portfolio.totals.open_amount == sum(amounts.values())
    assert portfolio.totals.open_reached == sum(amounts[account] for account in set(every))
    assert set(portfolio.uncovered["account_id"].to_pylist()) == {row[0] for row in acme.own} - set(every)


def test_an_account_that_has_left_the_list_is_noted_and_not_counted(portfolio: Portfolio) -> None:
    assert any(note.startswith("1 shared accounts are no longer on your list") for note in portfolio.notes)
    assert LEFT[0] not in portfolio.shared["account_id"].to_pylist()


def test_partners_with_a_preview_are_estimates_with_their_range(acme: Acme, portfolio: Portfolio) -> None:
    own = {row[0]: row[3] for row in acme.own}
    rows = {row["partner_name"]: row for row in portfolio.partners.to_pylist()}
    assert {name for name, row in rows.items() if row["state"] == PREVIEW} == set(PREVIEWED)
    held = []
    for truth in acme.truths:
        if truth.name in PREVIEWED:
            kept = {each.segment: each for each in acme.workspace.estimates.latest(slug(truth.name))}
            for column, segment in (
                ("shared", ""),
                ("customers", "customer"),
                ("opportunities", "opportunity"),
                ("targets", "prospect"),
            ):
                row, estimate = rows[truth.name], kept[segment]
                bounds = row[f"{column}_at_least"], row[f"{column}_at_most"]
                assert (row[column], *bounds) == (estimate.estimate, estimate.low, estimate.high)
                real = sum(segment in ("", own[account]) for account in truth.shared)
                held.append(bounds[0] <= real <= bounds[1])
    # 95 of 100 intervals hold the truth; that half of these do not happens once in millions of runs.
    assert len(held) == 12
    assert sum(held) > 6


def test_partners_with_a_session_come_first_and_previews_by_their_estimate(portfolio: Portfolio) -> None:
    rows = portfolio.partners.to_pylist()
    assert [row["state"] for row in rows] == [STATE_MAPPED] * 7 + [PREVIEW] * 3
    scores = [row["score"] for row in rows[:7]]
    assert scores == sorted(scores, reverse=True)
    estimates = [row["opportunities"] for row in rows[7:]]
    assert estimates == sorted(estimates, reverse=True)


def results_of(workspace: Workspace) -> bytes:
    """All that a partner has got of its sessions, opened, and its agreements."""
    found = []
    for partner in workspace.partners():
        found += [agreement.document for agreement in workspace.agreements(partner)]
        for session in workspace.sessions(partner):
            result = workspace.result(session)
            for each in fields(result):
                value = getattr(result, each.name)
                found.append(str(value.to_pylist() if isinstance(value, pa.Table) else value))
    return "\n".join(found).encode()


def exchange_cards(acme: Acme, truth: Truth, folder: Path) -> list[Path]:
    """Exchange maturity files with a partner, and return those for it."""
    other = acme.others[truth.name].folder
    partner, cards = slug(truth.name), []
    for round_ in (1, 2):
        mine, theirs = folder / f"{partner}-{round_}.toml", folder / f"{partner}-{round_}-back.toml"
        for own, with_, card in ((acme.workspace.folder, partner, mine), (other, "acme", theirs)):
            if round_ == 1:
                asked = folder / f"{partner}-{with_}.questions.toml"
                accountmap("maturity", "ask", "--with", with_, "-o", asked, cwd=own)
                asked.write_text(asked.read_text("utf-8").replace('stage = ""', 'stage = "managed"'), "utf-8")
                accountmap("maturity", "answer", "--with", with_, asked, "-o", card, cwd=own)
            else:
                accountmap("maturity", "send", "--with", with_, "-o", card, cwd=own)
        accountmap("maturity", "receive", mine, cwd=other)
        accountmap("maturity", "receive", theirs, cwd=acme.workspace.folder)
        cards.append(mine)
    return cards


def test_nothing_of_one_partner_leaves_for_another(acme: Acme, folder: Path, tmp_path: Path) -> None:
    """Not in messages, not in what the partner's program made of them, not in questions, not in cards."""
    for truth in acme.truths:
        noted = f"Note about {truth.name}", "--their-owner", truth.owner
        accountmap("partner", "profile", slug(truth.name), "--note", *noted, cwd=folder)
    accountmap("portfolio", "build", cwd=folder)
    asked = 0
    for truth in acme.truths:
        left = [path.read_bytes() for path in acme.folders[truth.name].iterdir()]
        left.append(results_of(acme.others[truth.name]))
        left += [path.read_bytes() for path in exchange_cards(acme, truth, tmp_path)]
        written = tmp_path / f"questions-{slug(truth.name)}.csv"
        accountmap("portfolio", "questions", "--with", slug(truth.name), "-o", written, cwd=folder)
        asked += written.read_text("utf-8").count("third company")
        left.append(written.read_bytes())
        everything = b"\n".join(left)
        assert truth.name.encode() in everything
        for other in acme.truths:
            if other.name != truth.name:
                for secret in (other.name, other.owner, slug(other.name), other.name.split()[0]):
                    assert secret.encode() not in everything.replace(truth.name.encode(), b""), (
                        truth.name,
                        secret,
                    )
    assert asked > 20


def test_questions_for_a_partner_do_not_depend_on_who_the_others_are(acme: Acme, portfolio: Portfolio) -> None:
    """A question is the same whether one other partner shares the company, or five: no count shows."""
    rows = portfolio.questions.to_pylist()
    others = dict(zip(*(portfolio.accounts[name].to_pylist() for name in ("account_id", "partners")), strict=True))
    counts = {others[row["account_id"]] for row in rows}
    assert len(counts) > 1
    shapes = {
        re.sub("both have .* on our", "both have X on our", row["question"]).replace(row["match_id"][:8], "M")
        for row in rows
    }
    assert len(shapes) == 1


def test_the_command_line_prints_what_the_library_builds(acme: Acme, folder: Path, portfolio: Portfolio) -> None:
    said = json.loads(accountmap("portfolio", "build", "--json", cwd=folder).stdout)
    assert said["totals"] == vars(portfolio.totals)
    assert {row["partner"]: row["shared"] for row in said["partners"]} == {
        row["partner"]: row["shared"] for row in portfolio.partners.to_pylist()
    }
    page = folder / said["page"]
    assert "Seven partners share" in page.read_text("utf-8")
    with (page.parent / "shared.csv").open(encoding="utf-8") as file:
        assert sum(1 for _ in csv.reader(file)) == portfolio.shared.num_rows + 1


def test_the_page_is_built_anew_only_if_something_is_newer(
    folder: Path, monkeypatch: pytest.MonkeyPatch, acme: Acme
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("click.launch", opened.append)
    accountmap("portfolio", "open", cwd=folder)
    page = Path(opened[0]) if Path(opened[0]).is_absolute() else folder / opened[0]
    first = page.stat().st_mtime_ns
    accountmap("portfolio", "open", cwd=folder)
    assert page.stat().st_mtime_ns == first
    accountmap("partner", "profile", "globex", "--type", "reseller", cwd=folder)
    accountmap("portfolio", "open", cwd=folder)
    assert page.stat().st_mtime_ns > first
    assert "reseller" in page.read_text("utf-8")


def test_a_profile_is_changed_shown_and_taken_back(acme: Acme, folder: Path) -> None:
    set_ = ("--type", "reseller", "--type", "retention", "--cost", "12000", "--currency", "EUR", "--margin", "20")
    goal = ("--goal", "pipeline=500000@2027-06-30", "--owner", "Ada Wong")
    accountmap("partner", "profile", "hooli", *set_, *goal, cwd=folder)
    profile = load_profile(acme.workspace, "hooli-cloud")
    assert (profile.types, profile.cost, profile.margin) == (("reseller", "retention"), 12000.0, 20.0)
    shown = accountmap("partner", "profile", "hooli", cwd=folder).stdout
    assert "pipeline 500,000 by 2027-06-30" in shown
    (row,) = read_portfolio(acme.workspace).goals.to_pylist()
    amounts = portfolio_amount(acme, "Hooli Cloud")
    assert (row["goal"], row["reached"], row["share"]) == (500000.0, amounts, amounts / 500000)
    accountmap("partner", "profile", "hooli", "--clear", "goals", "--clear", "cost", cwd=folder)
    profile = load_profile(acme.workspace, "hooli-cloud")
    assert (profile.goals, profile.cost, profile.owner) == ((), None, "Ada Wong")
    for wrong in (("--type", "friend"), ("--goal", "luck=3"), ("--margin", "120"), ("--cost", "-1")):
        accountmap("partner", "profile", "hooli", *wrong, cwd=folder, check=3)
    assert load_profile(acme.workspace, "hooli-cloud") == profile


def portfolio_amount(acme: Acme, name: str) -> float:
    accounts, _ = acme.workspace.load_list(acme.workspace.current_list().id)
    (truth,) = [truth for truth in acme.truths if truth.name == name]
    wanted = accounts.table.filter(pc.is_in(accounts.table["account_id"], pa.array(list(truth.shared))))
    return float(pc.sum(wanted["amount"]).as_py())


def test_both_sides_of_a_round_see_the_same_and_it_is_in_the_portfolio(acme: Acme) -> None:
    rows = read_portfolio(acme.workspace).maturity.to_pylist()
    of_globex = [row for row in rows if row["partner"] == "globex-data"]
    assert [row["topic"] for row in of_globex] == [topic.title for topic in TOPICS]
    shown = accountmap("maturity", "show", "--with", "acme", "--json", cwd=acme.others["Globex Data"].folder)
    mirrored = [(row["theirs"], row["ours"]) for row in json.loads(shown.stdout)]
    assert mirrored == [(row["ours"], row["theirs"]) for row in of_globex]
    assert of_globex[0]["ours"] in {stage.label for stage in Stage}
