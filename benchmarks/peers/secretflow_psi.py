"""Time SecretFlow PSI on the keys of benchmarks/psi.py: two processes, both of which learn the intersection.

    python -m venv peer && peer/bin/pip install spu==0.9.5
    peer/bin/python benchmarks/peers/secretflow_psi.py --size 100000 --protocol ecdh --json

Protocols: `ecdh` uses the hash of a key as a coordinate, so that each blinded value shows one bit of the hash;
`elligator2` maps the hash to the curve first; `kkrt` and `rr22` use oblivious transfer and vector oblivious linear
evaluation. None has a preview, consent or sealed fields. It times from the CSV files of both to those of the
result.
"""

import argparse
import json
import os
import socket
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

from spu import psi
from spu.libspu import link

PROTOCOLS = {
    "ecdh": ("PROTOCOL_ECDH", "CURVE_25519"),
    "elligator2": ("PROTOCOL_ECDH", "CURVE_25519_ELLIGATOR2"),
    "kkrt": ("PROTOCOL_KKRT", "CURVE_25519"),
    "rr22": ("PROTOCOL_RR22", "CURVE_25519"),
}


def run_party(rank, folder, ports, protocol, started, sender):
    """Run one side; send the seconds that it took and the size of the intersection."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the library logs to stdout
    description = link.Desc()
    for n, port in enumerate(ports):
        description.add_party(str(n), f"127.0.0.1:{port}")
    context = link.create_brpc(description, rank)
    name, curve = PROTOCOLS[protocol]
    config = psi.PsiExecuteConfig(
        protocol_conf=psi.PsiProtocolConfig(
            protocol=psi.parse_protocol(name),
            broadcast_result=True,
            ecdh_params=psi.EcdhParams(curve=psi.parse_curve_type(curve)),
        ),
        input_params=psi.InputParams(path=str(folder / f"{rank}.csv"), selected_keys=["key"], keys_unique=True),
        output_params=psi.OutputParams(path=str(folder / f"{rank}.out.csv"), disable_alignment=True),
    )
    started.wait()
    begin = time.monotonic()
    report = psi.psi_execute(config, context)
    sender.send((time.monotonic() - begin, report.intersection_count))
    context.stop_link()


def free_ports():
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--protocol", choices=sorted(PROTOCOLS), default="ecdh")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    size, context, ports = options.size, get_context("spawn"), free_ports()
    started, (receiver, sender) = context.Barrier(2), context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for rank, start in ((0, 0), (1, size // 2)):
            keys = "".join(f"northwood{n:x}bakery\n" for n in range(start, start + size))
            (folder / f"{rank}.csv").write_text(f"key\n{keys}")
        parties = [
            context.Process(target=run_party, args=(rank, folder, ports, options.protocol, started, sender))
            for rank in range(2)
        ]
        for party in parties:
            party.start()
        took = [receiver.recv() for _ in parties]
        for party in parties:
            party.join()
    assert all(count == size // 2 for _, count in took)
    wall = round(max(seconds for seconds, _ in took), 3)
    result = {"peer": f"spu {options.protocol}", "size": size, "wall_seconds": wall}
    print(json.dumps(result) if options.json else "\n".join(f"{k:16} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
