"""Time `accountmap portfolio open` as a user types it, with all partners of a workspace.

    python benchmarks/portfolio.py --accounts 100000 --partners 10 --runs 3

The workspace is made in a folder that is deleted at the end: made-up accounts, and partners that share up to
`--shared` of them in their last session, evenly spread, and half as many in the session before. `anew` makes the
page, as after a session; `again` finds that nothing is newer, as every time after that; `build` writes all files.
The seconds, on the clock and of the processor, are those of the whole command with the start of Python. The
browser that opens the page does nothing.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from reports import account_list, prepared_list, session

from accountmap.account_map import MATCH_SCHEMA
from accountmap.session import propose_agreement, sign_agreement
from accountmap.trust.sharing import Sharing
from accountmap.workspace import SessionRecord, Status, Workspace

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FIELDS = ("name", "owner_name", "owner_email")


def make_workspace(folder: Path, accounts: int, partners: int, most: float) -> Workspace:
    """Make a workspace with a list and partners that were mapped twice."""
    draw = random.Random(1)  # noqa: S311 made-up accounts, not secrets
    listed = account_list(accounts, draw)
    prepared = prepared_list(listed)
    own = Workspace.create(folder / "acme", "Acme Cloud", NOW, passphrase=None)
    list_id = own.save_list(listed, prepared, "made up", NOW).id
    for number in range(partners):
        other = Workspace.create(folder / f"partner{number}", f"Partner {number} Systems", NOW, passphrase=None)
        partner = own.add_partner(other.card, "made up", NOW)
        other.add_partner(own.card, "made up", NOW)
        other.save_list(listed, prepared, "made up", NOW)
        sharing = Sharing.uniform(("customer", "opportunity", "prospect"), (FIELDS, FIELDS))
        draft = propose_agreement(own, partner, purpose="co-selling", sharing=sharing, days=73_000, now=NOW)
        signed = sign_agreement(other, draft.document.encode(), NOW, sizes_confirmed=True)
        agreement = sign_agreement(own, signed.document.encode(), NOW, sizes_confirmed=True)
        other.close()
        for part in (0.5, 1.0):
            shared = int(accounts * most * part * (number + 1) / partners)
            with own.transaction():
                record = _done(own.next_session_id(), partner.slug, agreement.digest.hex(), list_id)
                own.put_session(record)
            result = session(listed, shared, draw)
            entities = sorted(draw.sample(range(accounts), shared))
            rows = [row | {"entity": at} for row, at in zip(result.matches.to_pylist(), entities, strict=True)]
            own.save_result(record, replace(result, matches=pa.Table.from_pylist(rows, MATCH_SCHEMA)))
    return own


def _done(number: int, partner: str, agreement: str, list_id: int) -> SessionRecord:
    ended = NOW + timedelta(days=number)
    return SessionRecord(
        id=number,
        partner=partner,
        agreement=agreement,
        list_id=list_id,
        role=0,
        status=Status.DONE,
        offer=number.to_bytes(32, "big"),
        transcript=bytes(32),
        sid=number.to_bytes(32, "big"),
        partner_key=b"",
        step=10,
        sent="",
        delivered=True,
        created=ended,
        charged=ended,
        finished=ended,
    )


def timed(folder: Path, *typed: str) -> tuple[float, float]:
    """Run a command, and return the seconds that it took, and those of the processor."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "accountmap_cli", "-w", str(folder), *typed]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"BROWSER": "true"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, spent


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--accounts", type=int, default=100_000)
    options.add_argument("--partners", type=int, default=10)
    options.add_argument(
        "--shared", type=float, default=0.2, help="Share of the accounts that the largest partner has."
    )
    options.add_argument("--runs", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        own = make_workspace(Path(place), chosen.accounts, chosen.partners, chosen.shared)
        folder, page = own.folder, own.folder / "reports" / "portfolio" / "portfolio.html"
        own.close()
        found: dict[str, list[tuple[float, float]]] = {"anew": [], "again": [], "build": []}
        for _ in range(chosen.runs):
            page.unlink(missing_ok=True)
            found["anew"].append(timed(folder, "portfolio", "open"))
            found["again"].append(timed(folder, "portfolio", "open"))
        found["build"].append(timed(folder, "portfolio", "build"))
        size = page.stat().st_size
    medians = {
        name: {
            "seconds": round(statistics.median(each[0] for each in runs), 2),
            "processor_seconds": round(statistics.median(each[1] for each in runs), 2),
        }
        for name, runs in found.items()
    }
    settings = {"accounts": chosen.accounts, "partners": chosen.partners, "shared": chosen.shared}
    json.dump(settings | medians | {"page_bytes": size}, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
