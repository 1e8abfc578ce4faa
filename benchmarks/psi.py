"""Time private set intersection: two parties as two processes, n against n, half in common, one slot.

    python benchmarks/psi.py --size 100000 --backend openssl --json

From canonical keys in Parquet to the end of the session, three marks on the slower party's clock: the counts known
on both sides; the matched rows known on both sides, with the first half of the key exchanges, which the program
does in the same step; everything with fields sealed and receipts signed. Messages go through a pipe, unsealed: the
envelope is timed elsewhere. Both parties use all processors.
"""

import argparse
import json
import os
import resource
import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from loky import get_reusable_executor

from accountmap.blinding import OpenSSLCurve
from accountmap.executors import ProcessExecutor, SerialExecutor
from accountmap.psi.parameters import Curve, Groups, MessageType, Parameters, Ports, Role
from accountmap.psi.session import Session
from accountmap.psi.suite import KEY_DST, key_message
from accountmap.trust.receipts import OneTimeAead

SPACE = b"name"
BACKENDS: dict[str, Callable[[int], Curve]] = {
    "openssl": lambda workers: OpenSSLCurve(ProcessExecutor(workers) if workers > 1 else SerialExecutor())
}


class NoReceipts:
    """Receipts are signed once a session, which is too quick to be seen here."""

    def sign(self, receipt: bytes) -> bytes:
        return receipt * 2

    def verify(self, receipt: bytes, signature: bytes) -> bool:
        return signature == receipt * 2


@dataclass
class Own:
    """Keys by group; as fields sixteen bytes."""

    messages: list[bytes]

    def key(self, group: int, _slot: int) -> bytes:
        return self.messages[group]

    def fields(self, group: int) -> bytes:
        return group.to_bytes(16, "big")

    def accepts(self, fields: bytes) -> bool:
        return len(fields) == 16


def write_keys(folder: Path, size: int) -> list[Path]:
    """Write both parties' keys: company-like text, half of each list on the other."""
    files = []
    for name, start in (("left", 0), ("right", size // 2)):
        keys = [f"northwood{n:x}bakery" for n in range(start, start + size)]
        files.append(folder / f"{name}.parquet")
        pq.write_table(pa.table({"value": keys}), files[-1])
    return files


def run_party(role: Role, file: Path, pipe: Connection, options: argparse.Namespace) -> None:
    """Run one side and send its marks through the pipe at the end."""
    curve = BACKENDS[options.backend](options.workers)
    cached = file.with_suffix(".points.npy")
    pipe.send("ready")
    pipe.recv()
    start, cpu = time.monotonic(), cpu_seconds()
    messages = [key_message(SPACE, value.encode()) for value in pq.read_table(file)["value"].to_pylist()]
    points = np.load(cached) if options.cached else curve.hash_to_curve(KEY_DST, messages)
    groups = Groups((len(messages),), np.ones((len(messages), 1), np.bool_), points)
    size = (options.size,)
    parameters = Parameters(bytes(32), (1,), 1, (size, size), 0, 16)
    ports = Ports(curve, secrets.token_bytes, OneTimeAead(), NoReceipts())
    session = Session.start(role, parameters, groups, Own(messages), ports)
    marks: dict[str, float] = {}
    sent = 0
    if role is Role.INITIATOR:
        body = session.offer(b"").body
    else:
        session.prepare()
        body = session.answer(b"", pipe.recv_bytes()).body
    kinds = list(MessageType)[1 - role :: 2] if role is Role.INITIATOR else list(MessageType)[2::2]
    while True:
        sent += len(body)
        if body:
            pipe.send_bytes(body)
        if session.result or not kinds:
            break
        reply = session.receive(kinds.pop(0), pipe.recv_bytes())
        now = time.monotonic() - start
        if session.must_decide:
            marks["counts_seconds"] = now
            reply = session.consent()
        if len(getattr(session._phase, "group", ())):
            marks.setdefault("wall_seconds", now)
        body = reply.body if reply else b""
    marks["sealed_seconds"] = time.monotonic() - start
    assert session.result is not None
    assert len(session.result) == options.size // 2
    if options.workers > 1:
        get_reusable_executor().shutdown()  # the time of workers counts when they have ended
    marks["cpu_seconds"] = cpu_seconds() - cpu
    marks["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    marks["bytes_sent"] = sent
    pipe.send(marks)


def cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000, help="accounts on each side")
    parser.add_argument("--backend", choices=sorted(BACKENDS), default="openssl")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes of each party")
    parser.add_argument("--cached", action="store_true", help="points of the keys are there already")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    context = get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        files = write_keys(Path(folder), options.size)
        if options.cached:
            for file in files:
                keys = [key_message(SPACE, v.encode()) for v in pq.read_table(file)["value"].to_pylist()]
                np.save(file.with_suffix(".points.npy"), OpenSSLCurve().hash_to_curve(KEY_DST, keys))
        marks = run_both(context, files, options)
    result = {
        "size": options.size,
        "backend": options.backend,
        "cached": options.cached,
        **{
            name: round(max(m[name] for m in marks), 3)
            for name in ("counts_seconds", "wall_seconds", "sealed_seconds")
        },
        "cpu_seconds": round(sum(m["cpu_seconds"] for m in marks), 3),
        "peak_mb": round(max(m["peak_mb"] for m in marks), 1),
        "bytes_sent": sum(m["bytes_sent"] for m in marks),
    }
    print(json.dumps(result) if options.json else "\n".join(f"{k:16} {v}" for k, v in result.items()))


def run_both(context, files: list[Path], options: argparse.Namespace) -> list[dict[str, float]]:
    """Start both parties, let them begin together, and carry bytes between them."""
    ends = [context.Pipe() for _ in Role]
    parties = [
        context.Process(target=run_party, args=(role, file, end[1], options))
        for role, file, end in zip(Role, files, ends, strict=True)
    ]
    for party in parties:
        party.start()
    (one, _), (other, _) = ends
    for end in (one, other):
        end.recv()
    for end in (one, other):
        end.send("go")
    turns = [(one, other), (other, one)]
    for n in range(10):
        source, target = turns[n % 2]
        target.send_bytes(source.recv_bytes())
    marks = [end.recv() for end in (one, other)]
    for party in parties:
        party.join()
    return marks


if __name__ == "__main__":
    main()
