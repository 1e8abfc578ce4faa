"""Measure how well two lists find their common companies, in clear, through the library's own path.

    python benchmarks/matching.py score DATA_DIR --set dev_crm [--profile NAME] [--without SLOT] [--half 0|1]
        [--no-reference]
    python benchmarks/matching.py ablate DATA_DIR --set dev_crm [--half 0|1]
    python benchmarks/matching.py classes DATA_DIR --set dev_crm [--half 0|1]
    python benchmarks/matching.py aliases DATA_DIR/dev_affil.csv
    python benchmarks/matching.py speed DATA_DIR/large_gleif_names.parquet

A set is `<set>_A.csv`, `<set>_B.csv`, `<set>_links.csv` and, if it exists, `<set>_hard_negatives.csv`; pairs
within one true entity or group are not errors. `--half` counts one half of the true entities, split by a digest of
their id, so that rules made with one half are judged by the other; the lists stay whole. `classes` counts right
and wrong matches by the class of the match rule that decides them. The tokens are plain digests of the keys: what
a session compares, without the blinding.
"""

import argparse
import csv
import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.linkage.keys import explain
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import DEFAULT_PROFILE, PROFILES, Prepared, Profile
from accountmap.linkage.reference import Reference, load_reference
from accountmap.model import Contradiction, Outcome, Says, Strength, WeakSlots
from accountmap.psi import parameters as psi
from accountmap.psi.matching import Decided, MatchRule
from accountmap.psi.tables import presence_bits
from accountmap.session.own_side import agreed_size
from accountmap.trust.match_rule import MatchProfile, SlotTerms, classes_of, weak_slots_of

Row = dict[str, str]
Pair = tuple[str, str]
Present = npt.NDArray[np.bool_]


def half_of(entity: str) -> int:
    return hashlib.sha256(b"held out|" + entity.encode()).digest()[0] & 1


@dataclass(frozen=True)
class Truth:
    """One set with its answers.

    Attributes:
        rows: of both lists, by id.
        half: the half whose entities count; None for all.
    """

    left: list[Row]
    right: list[Row]
    rows: dict[str, Row]
    links: set[Pair]
    hard_negatives: set[Pair]
    half: int | None

    def counts(self, pair: Pair) -> bool:
        return self.half is None or half_of(self.rows[pair[0]]["entity_id"]) == self.half

    def is_error(self, pair: Pair) -> bool:
        one, other = (self.rows[each] for each in pair)
        group = one.get("group_id") or None
        same = one["entity_id"] == other["entity_id"] or (group is not None and group == other.get("group_id"))
        return pair not in self.links and not same


def read(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def load(directory: Path, name: str, half: int | None) -> Truth:
    left, right = read(directory / f"{name}_A.csv"), read(directory / f"{name}_B.csv")
    rows = {row["a_id"]: row for row in left} | {row["b_id"]: row for row in right}
    negatives = directory / f"{name}_hard_negatives.csv"
    hard = {(r["a_id"], r["b_id"]) for r in read(negatives)} if negatives.exists() else set()
    links = {(r["a_id"], r["b_id"]) for r in read(directory / f"{name}_links.csv")}
    truth = Truth(left, right, rows, links, hard, half)
    return replace(truth, links=set(filter(truth.counts, links)))


def accounts_of(rows: list[Row], id_column: str) -> AccountList:
    columns = {name: [row.get(name) or None for row in rows] for name in ("name", "website", "country", "city")}
    columns |= {"account_id": [row[id_column] for row in rows], "segment": ["prospect"] * len(rows)}
    arrays = [pa.array(columns.get(f.name, [None] * len(rows)), f.type) for f in ACCOUNT_SCHEMA]
    return AccountList(pa.table(arrays, schema=ACCOUNT_SCHEMA), pa.table({}))


def parameters_of(profile: Profile, rule: MatchProfile, sizes: tuple[int, int]) -> psi.Parameters:
    """Return the parameters of a session of one segment a side, padded, under a profile of the match rule."""
    slots = [SlotTerms(s.name, s.space, s.weight, s.strength, s.says, s.meets_itself) for s in profile.slots]
    weak = weak_slots_of(rule, audited=True)
    number = {slot.name: at for at, slot in enumerate(profile.slots)}
    classes = tuple(
        psi.MatchClass(
            leads=tuple(number[name] for name in each.leads),
            with_any=tuple(number[name] for name in each.companions),
            tolerates=Contradiction(sum(each.tolerates, Contradiction.NONE)),
            sure=each.sure,
            reveal_up_to=each.reveal_up_to,
            ask_up_to=each.ask_up_to,
        )
        for each in classes_of(rule, slots, weak)
    )
    return psi.Parameters(
        context=bytes(32),
        slots=tuple(
            psi.Slot(s.space.encode(), s.weight, Strength(s.strength), Says(s.says), s.meets_itself)
            for s in profile.slots
        ),
        weak=WeakSlots(weak),
        threshold=profile.threshold,
        classes=classes,
        rectangles=(psi.Rectangle(((0,), (0,)), 0),),
        sizes=((sizes[0],), (sizes[1],)),
        sketch_bytes=(0, 0),
        totals_bytes=(0, 0),
        channel_key_bytes=0,
    )


class Side:
    """The keys of a list as cells of the sent slots."""

    def __init__(self, prepared: Prepared, parameters: psi.Parameters) -> None:
        rows = agreed_size(prepared.entities.num_rows)
        sent = {slot: at for at, slot in enumerate(parameters.sent)}
        present = np.zeros((rows, len(sent)), bool)
        country = np.zeros_like(present)
        self.cells: dict[tuple[bytes, str], int] = {}
        for key in prepared.keys.to_pylist():
            if (at := sent.get(key["slot"])) is not None:
                row, value = key["entity"], key["value"]
                present[row, at], country[row, at] = True, value[-3:-2] == "|"
                self.cells[parameters.slots[key["slot"]].space, value] = row * len(sent) + at
        self.bits = presence_bits([parameters.slots[slot] for slot in parameters.sent], present, country)
        self.members: dict[int, list[str]] = defaultdict(list)
        for row in prepared.members.to_pylist():
            self.members[row["entity"]].append(row["account_id"])


@dataclass(frozen=True)
class Matches:
    """What became of the matches of two lists: how each was decided, and the pairs of accounts that it means."""

    decided: Decided
    pairs: list[list[Pair]]

    def of(self, outcome: Outcome) -> Iterator[Pair]:
        for found, pairs in zip(self.decided.outcome.tolist(), self.pairs, strict=True):
            if found == outcome:
                yield from pairs


def match(lists: tuple[Prepared, Prepared], rule: MatchProfile) -> Matches:
    sizes = (agreed_size(lists[0].entities.num_rows), agreed_size(lists[1].entities.num_rows))
    parameters = parameters_of(lists[0].profile, rule, sizes)
    left, right = (Side(each, parameters) for each in lists)
    shared = sorted((at, right.cells[key]) for key, at in left.cells.items() if key in right.cells)
    cells = np.array(shared, np.int64).reshape(-1, 2)
    engine = MatchRule(parameters, left.bits, right.bits)
    decided = engine.decide(engine.mutual_best((cells[:, 0], cells[:, 1])))
    rows = zip(decided.claims.x.tolist(), decided.claims.v.tolist(), strict=True)
    return Matches(decided, [[(a, b) for a in left.members[x] for b in right.members[v]] for x, v in rows])


def summary(truth: Truth, matches: Matches) -> str:
    """Count right and wrong matches, and give precision and recall of those that are revealed."""
    revealed, asked = ({*filter(truth.counts, matches.of(o))} for o in (Outcome.REVEAL, Outcome.ASK))
    hits, wrong = len(revealed & truth.links), sum(map(truth.is_error, revealed))
    same = len(asked & truth.links)
    return (
        f"revealed {hits / max(1, hits + wrong):.4f} / {hits / max(1, len(truth.links)):.4f}  wrong {wrong}  "
        f"hard negatives {len(revealed & truth.hard_negatives)}  asked {same} same, "
        f"{sum(map(truth.is_error, asked))} not  recall with them "
        f"{(hits + same) / max(1, len(truth.links)):.4f}  room {matches.decided.room:,}"
    )


def by_class(truth: Truth, lists: tuple[Prepared, Prepared]) -> None:
    """Print right and wrong matches of each class, with what leads it."""
    matches = match(lists, MatchProfile.WIDE)
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for number, pairs in zip(matches.decided.evidence.match_class.tolist(), matches.pairs, strict=True):
        for pair in filter(truth.counts, pairs):
            counts[number]["right" if pair in truth.links else "wrong" if truth.is_error(pair) else "related"] += 1
    for number in sorted(counts):
        print(
            f"class {number + 1 if number >= 0 else 'none':>4}:",
            f"{counts[number]['right']} / {counts[number]['wrong']}",
        )


def prepared_lists(truth: Truth, profile: Profile, reference: Reference | None) -> tuple[Prepared, Prepared]:
    return (
        prepare_accounts(accounts_of(truth.left, "a_id"), profile, reference=reference),
        prepare_accounts(accounts_of(truth.right, "b_id"), profile, reference=reference),
    )


def without(profile: Profile, *names: str) -> Profile:
    return replace(profile, slots=tuple(slot for slot in profile.slots if slot.name not in names))


def typed_keys(row: Row, profile: Profile) -> set[tuple[str, str]]:
    found = explain({"name": row["name"], "domain": row["domains"]}, profile).keys
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
    parser.add_argument("task", choices=["score", "ablate", "classes", "aliases", "speed"])
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", default="dev_crm")
    parser.add_argument("--profile", choices=sorted(PROFILES), default=DEFAULT_PROFILE)
    parser.add_argument("--without", action="append", default=[], metavar="SLOT")
    parser.add_argument("--half", type=int, choices=[0, 1])
    parser.add_argument("--no-reference", action="store_true")
    options = parser.parse_args()
    profile = without(PROFILES[options.profile], *options.without)
    if options.task in ("speed", "aliases"):
        {"speed": speed, "aliases": aliases}[options.task](options.data, profile)
        return
    truth = load(options.data, options.set, options.half)
    reference = None if options.no_reference else load_reference()
    if options.task == "classes":
        by_class(truth, prepared_lists(truth, profile, reference))
        return
    left_out = [(), *((slot.name,) for slot in profile.slots)] if options.task == "ablate" else [()]
    for names in left_out:
        lists = prepared_lists(truth, without(profile, *names), reference)
        for rule in MatchProfile:
            label = f"{rule.value}{' without ' if names else ''}{' '.join(names)}"
            print(f"{options.set:12} {label:32} {summary(truth, match(lists, rule))}")


if __name__ == "__main__":
    main()
