"""A list that is prepared in parts, here or elsewhere, gives what it gives as a whole."""

import gc
import pickle
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product

import pyarrow as pa
import pytest

from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.linkage.blocking import NO_TEXT, marks_of
from accountmap.linkage.prepare import (
    PART_ROWS,
    Part,
    PartsOf,
    by_id,
    candidates_of,
    compute_part,
    prepare_accounts,
)
from accountmap.linkage.prepared import PROFILES
from accountmap.linkage.reference import Entry, Reference
from accountmap.parallel import ProcessExecutor

SLOTS = [slot.name for slot in PROFILES["identifiers"].slots]
SYLLABLES = ["bra", "dol", "fen", "gur", "kim", "lat", "mos", "nev", "pol", "rus"]


@pytest.fixture(scope="module")
def accounts() -> AccountList:
    """Invented companies in more than one part, each tenth of them twice, at the two ends of the list."""
    names = [" ".join(("".join(parts[:2]), "".join(parts[2:]))) for parts in product(SYLLABLES, repeat=4)]
    names += [f"{name} GmbH" for name in names[::10]]
    cells = {
        "account_id": [f"{at:05}" for at in range(len(names))],
        "name": names,
        "website": [f"{name.replace(' ', '')}.de" if at % 3 else None for at, name in enumerate(names)],
        "country": ["DE" if at % 5 else None for at in range(len(names))],
        "city": ["Köln"] * len(names),
        "lei": ["213800KUD8LAJWSQ9D15" if at == PART_ROWS + 7 else None for at in range(len(names))],
        "segment": ["customer" if at % 2 else "prospect" for at in range(len(names))],
    }
    arrays = [pa.array(cells.get(f.name, [None] * len(names)), f.type) for f in ACCOUNT_SCHEMA]
    return AccountList(pa.table(arrays, schema=ACCOUNT_SCHEMA), pa.table({}))


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference([Entry("a:1", ("DE",), ("Brabra Brabra", "Rusrus Rusrus"))], "digest")


def all_at_once(function: Callable[[pa.Table], Part], parts: Sequence[pa.Table]) -> Iterator[Part]:
    yield function(pa.concat_tables(parts))


def test_processes_and_one_large_part_give_the_same(accounts: AccountList, reference: Reference) -> None:
    prepare = partial(prepare_accounts, accounts, PROFILES["identifiers"], (), reference)
    here = prepare()
    assert here.entities.num_rows < len(accounts)
    assert {SLOTS[at] for at in here.keys["slot"].unique().to_pylist()} >= {"name", "lei", "domain", "reference"}
    assert prepare(all_at_once) == here
    assert prepare(ProcessExecutor(2).map) == here


def test_a_part_takes_no_other_along(accounts: AccountList) -> None:
    parts = PartsOf(accounts.table, by_id(accounts.table))
    assert [len(part) for part in parts] == [PART_ROWS, len(accounts) - PART_ROWS]
    assert len(pickle.dumps(parts[1])) < len(pickle.dumps(parts[0])) / 2


def test_parts_follow_the_ids(accounts: AccountList) -> None:
    backwards = accounts.table.take(list(range(len(accounts)))[::-1])
    parts = PartsOf(backwards, by_id(backwards))
    assert pa.concat_tables(parts).equals(pa.concat_tables(PartsOf(accounts.table, by_id(accounts.table))))


def test_an_empty_list_is_one_empty_part() -> None:
    table = ACCOUNT_SCHEMA.empty_table()
    parts = PartsOf(table, by_id(table))
    assert [len(part) for part in parts] == [0]
    assert len(compute_part(parts[0], SLOTS).traits) == 0


def test_a_part_travels_without_a_python_object_an_account(accounts: AccountList) -> None:
    parts = PartsOf(accounts.table, by_id(accounts.table))
    part = compute_part(parts[0], SLOTS)
    assert len(pickle.dumps(part)) < 300 * PART_ROWS


def test_candidates_ascend_and_tell_their_values_apart(accounts: AccountList, reference: Reference) -> None:
    parts = PartsOf(accounts.table, by_id(accounts.table))
    candidates = candidates_of(compute_part(parts[0], SLOTS), SLOTS, reference)
    places = list(zip(candidates["account"].to_pylist(), candidates["slot"].to_pylist(), strict=True))
    assert places == sorted(places)
    assert {SLOTS[slot] for _, slot in places} >= {"name", "reference"}
    assert marks_of(candidates["value"].to_pylist()).to_pylist() == candidates["mark"].to_pylist()


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collection_is_left_as_it_was(accounts: AccountList, enabled: bool) -> None:
    was_enabled = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        compute_part(PartsOf(accounts.table, by_id(accounts.table))[1], SLOTS)
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()


def test_equal_texts_alone_have_equal_marks() -> None:
    texts = ["a", "", None, "ab", "ba", "Ünal", "a", "", None, "x" * 99]
    marks = marks_of(texts).to_pylist()
    assert [marks.index(mark) for mark in marks] == [texts.index(text) for text in texts]
    assert marks_of(["", ""]).to_pylist() == [marks[1]] * 2
    assert marks[2] == NO_TEXT
