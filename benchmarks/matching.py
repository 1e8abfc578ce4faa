"""Measure how well two lists find their common companies, in clear, through the library's own path.

    python benchmarks/matching.py score DATA_DIR --set dev_listed [--profile NAME] [--without SLOT] [--half 0|1]
        [--reference LIST.jsonl]
    python benchmarks/matching.py ablate DATA_DIR --set dev_listed [--half 0|1]
    python benchmarks/matching.py tenths DATA_DIR --set dev_listed [--profile NAME]
    python benchmarks/matching.py aliases DATA_DIR/dev_affil.csv
    python benchmarks/matching.py speed DATA_DIR/large_gleif_names.parquet

A set is `<set>_A.csv`, `<set>_B.csv`, `<set>_links.csv` and, if there, `<set>_hard_negatives.csv`. `--half`
keeps one half of the true entities, split by a digest of their id, so that rules made on one half are judged
on the other. `tenths` sets four tenths of one side, drawn by a digest of the ids, each against all of the other:
a short list tells nobody which weak keys others share. The tokens are plain digests of the keys: what a session
compares, without the blinding.
"""

import argparse
import csv
import hashlib
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.linkage.explain import explain
from accountmap.linkage.key_kinds import DEFAULT_PROFILE, PROFILES
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import Prepared, Profile
from accountmap.linkage.reference import Reference, load_reference
from accountmap.psi.matching import TOKEN_BYTES, mutual_best

Row = dict[str, str]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Truth:
    """One set with its answers."""

    left: list[Row]
    right: list[Row]
    links: set[Pair]
    hard_negatives: set[Pair]
    entity: dict[str, str]


@dataclass(frozen=True)
class Score:
    pairs: int
    hits: int
    links: int
    hard_negatives: int

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.pairs)

    @property
    def recall(self) -> float:
        return self.hits / max(1, self.links)

    def __str__(self) -> str:
        return (
            f"precision {self.precision:.4f}  recall {self.recall:.4f}  pairs {self.pairs}  "
            f"wrong {self.pairs - self.hits}  hard negatives {self.hard_negatives}"
        )


def read(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def half_of(entity: str) -> int:
    return hashlib.sha256(b"held out|" + entity.encode()).digest()[0] & 1


def load(directory: Path, name: str, half: int | None) -> Truth:
    left, right = read(directory / f"{name}_A.csv"), read(directory / f"{name}_B.csv")
    if half is not None:
        left = [row for row in left if half_of(row["entity_id"]) == half]
        right = [row for row in right if half_of(row["entity_id"]) == half]
    entity = {row["a_id"]: row["entity_id"] for row in left} | {row["b_id"]: row["entity_id"] for row in right}
    negatives = directory / f"{name}_hard_negatives.csv"
    hard = read(negatives) if negatives.exists() else []
    return Truth(
        left,
        right,
        {(r["a_id"], r["b_id"]) for r in read(directory / f"{name}_links.csv") if r["a_id"] in entity},
        {(r["a_id"], r["b_id"]) for r in hard},
        entity,
    )


def accounts_of(rows: list[Row], id_column: str) -> AccountList:
    columns = {
        "account_id": [row[id_column] for row in rows],
        "name": [row["name"] or None for row in rows],
        "website": [row.get("website") or None for row in rows],
        "country": [row.get("country") or None for row in rows],
        "segment": ["prospect"] * len(rows),
    }
    arrays = [pa.array(columns.get(f.name, [None] * len(rows)), f.type) for f in ACCOUNT_SCHEMA]
    return AccountList(pa.table(arrays, schema=ACCOUNT_SCHEMA), pa.table({}))


def tokens(prepared: Prepared, side: str) -> np.ndarray:
    """Digest keys into a table of shape (entities, slots, 16); empty places get values of their own."""
    slots = prepared.profile.slots
    shape = (prepared.entities.num_rows, len(slots))
    filled = [hashlib.sha256(f"{side}{at}".encode()).digest()[:TOKEN_BYTES] for at in range(shape[0] * shape[1])]
    for key in prepared.keys.to_pylist():
        text = f"{slots[key['slot']].space}|{key['value']}"
        filled[key["entity"] * shape[1] + key["slot"]] = hashlib.sha256(text.encode()).digest()[:TOKEN_BYTES]
    return np.frombuffer(b"".join(filled), np.uint8).reshape(*shape, TOKEN_BYTES)


def members(prepared: Prepared) -> dict[int, list[str]]:
    found = defaultdict(list)
    for row in prepared.members.to_pylist():
        found[row["entity"]].append(row["account_id"])
    return found


def matched_pairs(left: Prepared, right: Prepared) -> set[Pair]:
    weights = tuple(slot.weight for slot in left.profile.slots)
    matching = mutual_best(tokens(left, "left"), tokens(right, "right"), weights, left.profile.threshold)
    of_left, of_right = members(left), members(right)
    return {
        (a, b)
        for u, v in zip(matching.u.tolist(), matching.v.tolist(), strict=True)
        for a in of_left[u]
        for b in of_right[v]
    }


def score(truth: Truth, found: set[Pair]) -> Score:
    """Count as `evaluate.py` does: a pair inside one true entity is no error."""
    same = {pair for pair in found - truth.links if truth.entity[pair[0]] == truth.entity[pair[1]]}
    counted = found - same
    return Score(len(counted), len(counted & truth.links), len(truth.links), len(found & truth.hard_negatives))


def measure(truth: Truth, profile: Profile, reference: Reference | None = None) -> Score:
    left = prepare_accounts(accounts_of(truth.left, "a_id"), profile, reference=reference)
    right = prepare_accounts(accounts_of(truth.right, "b_id"), profile, reference=reference)
    return score(truth, matched_pairs(left, right))


def tenths(truth: Truth, profile: Profile) -> Score:
    """Add up the scores of four tenths of the left side."""
    right = prepare_accounts(accounts_of(truth.right, "b_id"), profile)
    parts = defaultdict(list)
    for row in truth.left:
        parts[hashlib.sha256(b"tenth|" + row["a_id"].encode()).digest()[0] % 10].append(row)
    scores = []
    for rows in (parts[at] for at in range(4)):
        ids = {row["a_id"] for row in rows}
        links = {link for link in truth.links if link[0] in ids}
        part = replace(truth, left=rows, links=links)
        scores.append(score(part, matched_pairs(prepare_accounts(accounts_of(rows, "a_id"), profile), right)))
    return Score(*(sum(counts) for counts in zip(*map(astuple, scores), strict=True)))


def without(profile: Profile, *names: str) -> Profile:
    return replace(profile, slots=tuple(slot for slot in profile.slots if slot.name not in names))


def ablations(profile: Profile) -> Iterator[tuple[str, Profile]]:
    """Yield the whole profile, its slots added one by one, then each slot left out."""
    yield "all", profile
    for count in range(1, len(profile.slots)):
        first = profile.slots[:count]
        yield "+ " + first[-1].name, replace(profile, slots=first)
    for slot in profile.slots[1:]:
        yield "- " + slot.name, without(profile, slot.name)


def typed_keys(row: Row, profile: Profile) -> set[tuple[str, str]]:
    account = {"name": row["name"], "domain": row["domains"]}
    found = explain(account, profile).keys
    return {(key.slot.space, key.value) for key in found if key.value is not None}


def aliases(path: Path, profile: Profile) -> None:
    """Count aliases that share a key with their employer, and employers that local de-duplication joins."""
    rows = read(path)
    employers = [row for row in rows if row["kind"] == "company_name"]
    employer_keys = {row["entity_id"]: typed_keys(row, profile) for row in employers}
    other = [row for row in rows if row["kind"] == "alias"]
    shared = sum(bool(typed_keys(row, profile) & employer_keys[row["entity_id"]]) for row in other)
    listed = [{"name": row["name"], "website": row["domains"], "id": f"{at}"} for at, row in enumerate(employers)]
    joined = len(employers) - prepare_accounts(accounts_of(listed, "id"), profile).entities.num_rows
    print(f"{shared} of {len(other)} aliases share a key with their employer; {joined} employers joined")


def speed(path: Path, profile: Profile) -> None:
    table = pq.read_table(path)
    rows = [{"a_id": row["lei"], "name": row["name"], "country": row["country"]} for row in table.to_pylist()]
    accounts = accounts_of(rows, "a_id")
    started = time.process_time()
    prepared = prepare_accounts(accounts, profile)
    seconds = time.process_time() - started
    print(f"{len(rows)} names, {prepared.keys.num_rows} keys: {seconds:.1f} s, {len(rows) / seconds:.0f} a second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["score", "ablate", "tenths", "aliases", "speed"])
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", default="dev_listed")
    parser.add_argument("--profile", choices=sorted(PROFILES), default=DEFAULT_PROFILE)
    parser.add_argument("--without", action="append", default=[], metavar="SLOT")
    parser.add_argument("--half", type=int, choices=[0, 1])
    parser.add_argument("--reference", type=Path)
    options = parser.parse_args()
    profile = without(PROFILES[options.profile], *options.without)
    if options.task in ("speed", "aliases"):
        {"speed": speed, "aliases": aliases}[options.task](options.data, profile)
        return
    truth = load(options.data, options.set, options.half)
    if options.task == "tenths":
        print(f"{options.set:12} {profile.name:16} {tenths(truth, profile)}")
        return
    reference = load_reference(options.reference) if options.reference else None
    runs = ablations(profile) if options.task == "ablate" else [(profile.name, profile)]
    for label, chosen in runs:
        print(f"{options.set:12} {label:16} {measure(truth, chosen, reference)}")


if __name__ == "__main__":
    main()
