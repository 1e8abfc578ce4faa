"""Time the preparation of a list with public tools: names cleaned and in Latin letters, domains, registry numbers.

    python -m venv peer
    peer/bin/pip install cleanco==2.3 fingerprints==1.3.1 tldextract==5.4.0 anyascii python-stdnum pyarrow
    peer/bin/python benchmarks/peers/public_tools.py left.csv --names fingerprints --json

Names go through cleanco and anyascii, or through fingerprints, which does both; domains through tldextract with
the list that comes with it; numbers through python-stdnum. That is less than half of what `accounts prepare`
does: there are no keys of several kinds, no entities, and keys are not made distinct.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import anyascii
import fingerprints
import tldextract
from cleanco import basename
from pyarrow import csv
from stdnum import lei
from stdnum.exceptions import ValidationError

PART_ROWS = 8192
DOMAINS = tldextract.TLDExtract(suffix_list_urls=())


def with_cleanco(name: str) -> str:
    return "".join(filter(str.isalnum, anyascii.anyascii(basename(name)).casefold()))


def with_fingerprints(name: str) -> str | None:
    return fingerprints.generate(name)


NAMES: dict[str, Callable[[str], str | None]] = {"cleanco": with_cleanco, "fingerprints": with_fingerprints}


def number(text: str | None) -> str | None:
    try:
        return lei.validate(text) if text else None
    except ValidationError:
        return None


def compute_part(kind: str, part: list[tuple[str | None, str | None, str | None]]) -> int:
    clean = NAMES[kind]
    made = [
        (name and clean(name), website and DOMAINS(website).top_domain_under_public_suffix, number(id_))
        for name, website, id_ in part
    ]
    return sum(name is not None for name, _, _ in made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path, help="as benchmarks/lists.py makes it")
    parser.add_argument("--names", choices=sorted(NAMES), default="fingerprints")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    start = time.monotonic()
    table = csv.read_csv(options.list)
    read = time.monotonic() - start
    columns = (table[name].to_pylist() for name in ("Account Name", "Website"))
    rows = [(name, website, None) for name, website in zip(*columns, strict=True)]
    parts = [rows[at : at + PART_ROWS] for at in range(0, len(rows), PART_ROWS)]
    with ProcessPoolExecutor() as pool:
        done = sum(pool.map(partial(compute_part, options.names), parts))
    wall = time.monotonic() - start - read
    used = os.times()
    cpu = used.user + used.system + used.children_user + used.children_system - read
    result = {"peer": options.names, "rows": len(rows), "named": done, "wall_seconds": round(wall, 2)}
    result |= {"cpu_seconds": round(cpu, 2), "rows_per_second": round(len(rows) / wall)}
    print(json.dumps(result) if options.json else "\n".join(f"{k:16} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
