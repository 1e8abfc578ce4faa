"""Accounts that share nothing stay columns: that changes nothing of what becomes of a list."""

import random
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.linkage import blocking, candidates
from accountmap.linkage.assign_keys import one_per_cell, slot_ranks, strongest_holder
from accountmap.linkage.candidates import ListTraits
from accountmap.linkage.compare import Traits
from accountmap.linkage.dedupe import Decision, Resolution, resolve
from accountmap.linkage.prepare import Part, PartsOf, by_id, compute_part, prepare_accounts
from accountmap.linkage.prepared import PROFILES, Profile

PROFILE = PROFILES["identifiers"]
SLOTS = [slot.name for slot in PROFILE.slots]
WORDS = (
    "alba",
    "nord",
    "licht",
    "steel",
    "bank",
    "one",
    "two",
    "rob",
    "otics",
    "group",
    "holding",
    "united",
    "werk",
)


def listed(seed: int) -> tuple[pa.Table, list[Decision]]:
    """Invent a list in which much is alike, and decisions about it."""
    choose = random.Random(seed)  # noqa: S311 - the same lists each time
    rows = []
    for at in range(choose.choice([1, 6, 40, 90])):
        words = choose.sample(WORDS, choose.choice([1, 2, 2, 3]))
        row = {"account_id": f"{choose.randrange(10**6)}-{at}", "segment": choose.choice(["customer", "prospect"])}
        if choose.random() < 0.9:
            row["name"] = " ".join([*words, choose.choice(["GmbH", "AG", "Ltd", ""])]).title()
        if choose.random() < 0.6:
            row["website"] = "".join(choose.sample(words, min(len(words), 2))) + choose.choice([".de", ".com"])
        row["country"] = choose.choice(["DE", "FR", ""])
        if choose.random() < 0.3:
            row["city"] = choose.choice(["Köln", "Paris"])
        if choose.random() < 0.1:
            row["lei"] = choose.choice(["213800KUD8LAJWSQ9D15", "5493001KJTIIGC8Y1R12"])
        rows.append({name: cell for name, cell in row.items() if cell})
    ids = [row["account_id"] for row in rows]
    pairs = {tuple(sorted(choose.sample(ids, 2))) for _ in range(3 if len(ids) > 4 else 0)}
    decisions = [Decision.of(*pair, same=choose.random() < 0.5) for pair in sorted(pairs)]
    return pa.Table.from_pylist(rows, schema=ACCOUNT_SCHEMA), [*decisions, Decision.of("gone", ids[0], same=True)]


def small_parts(function: Callable[[pa.Table], Part], parts: Sequence[pa.Table]) -> Iterator[Part]:
    whole = pa.concat_tables(parts)
    return (function(whole.slice(at, 7).combine_chunks()) for at in range(0, len(whole), 7))


def gathered(table: pa.Table) -> ListTraits:
    order = by_id(table)
    found = ListTraits(table["account_id"].take(order))
    for part in small_parts(lambda own: compute_part(own, SLOTS), PartsOf(table, order)):
        found.add(part.traits, part.marks)
    return found


def keys_one_by_one(part: Part, entity_of: list[int], profile: Profile) -> set[tuple[int, int, str, str]]:
    """Make the keys of a whole list distinct with all its candidates at once."""
    table = part.candidates
    entity = pa.array(entity_of).take(table["account"]).to_numpy()
    slot, closeness = (table[name].to_numpy().astype(int) for name in ("slot", "closeness"))
    code, rule = (
        pc.rank(table[name].cast(pa.string()), tiebreaker="dense").to_numpy().astype(int)
        for name in ("value", "rule")
    )
    chosen = one_per_cell(entity * len(profile.slots) + slot, code, closeness, rule)
    spaces = sorted({each.space for each in profile.slots})
    space = pa.array([spaces.index(each.space) for each in profile.slots]).take(pa.array(slot)).to_numpy()
    rank = slot_ranks(profile)[slot] * 4 + closeness
    kept = chosen[strongest_holder((code * len(spaces) + space)[chosen], rank[chosen])]
    rows = table.take(pa.array(kept)).to_pylist()
    return {(int(own), r["slot"], r["value"], r["rule"]) for own, r in zip(entity[kept], rows, strict=True)}


@pytest.mark.parametrize("seed", range(25))
def test_what_shares_nothing_changes_nothing(seed: int) -> None:
    table, decisions = listed(seed)
    ordered = table.sort_by("account_id")
    part = compute_part(ordered, SLOTS)
    whole = resolve(Traits.of(ordered["account_id"], part.traits), decisions)
    found = gathered(table).resolve(decisions)
    assert found.entity_of.tolist() == whole.entity_of.tolist()
    assert (found.merges, found.review, found.conflicts) == (whole.merges, whole.review, whole.conflicts)

    prepared = prepare_accounts(AccountList(table, pa.table({})), PROFILE, decisions, spread=small_parts)
    rows = prepared.keys.to_pylist()
    keys = [(row["entity"], row["slot"], row["value"], row["rule"]) for row in rows]
    assert keys == sorted(keys)
    assert set(keys) == keys_one_by_one(part, whole.entity_of.tolist(), PROFILE)


@pytest.mark.parametrize("seed", range(5))
def test_marks_may_collide(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    table, decisions = listed(seed)
    accounts = AccountList(table, pa.table({}))
    expected = prepare_accounts(accounts, PROFILE, decisions)
    monkeypatch.setattr(blocking, "_FACTOR", np.uint64(0))  # so that all texts have one mark
    assert prepare_accounts(accounts, PROFILE, decisions) == expected


def test_only_what_shares_something_becomes_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"account_id": f"{at:03}", "name": f"Nr{at}", "segment": "prospect"} for at in range(100)]
    rows[7]["name"] = rows[70]["name"] = "Alba"
    seen: list[int] = []

    def watched(traits: Traits, decisions: Sequence[Decision]) -> Resolution:
        seen.append(len(traits))
        return resolve(traits, decisions)

    monkeypatch.setattr(candidates, "resolve", watched)
    gathered(pa.Table.from_pylist(rows, schema=ACCOUNT_SCHEMA)).resolve([Decision.of("001", "002", same=False)])
    assert seen == [4]
