"""Time OpenMined PSI on the keys of benchmarks/psi.py: both parties in one process, one direction, one thread.

    python -m venv peer && peer/bin/pip install openmined.psi==2.0.6
    peer/bin/python benchmarks/peers/openmined_psi.py --size 100000 --json

The client alone learns the intersection; there is no preview, no consent and no sealing.
"""

import argparse
import json
import time

import private_set_intersection.python as psi


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    size = options.size
    left, right = ([f"northwood{n:x}bakery" for n in range(start, start + size)] for start in (0, size // 2))
    start = time.monotonic()
    client, server = psi.client.CreateWithNewKey(True), psi.server.CreateWithNewKey(True)
    setup = server.CreateSetupMessage(0.0, size, right, psi.DataStructure.RAW)
    response = server.ProcessRequest(client.CreateRequest(left))
    found = client.GetIntersection(setup, response)
    wall = time.monotonic() - start
    assert len(found) == size // 2
    result = {"peer": "openmined.psi", "size": size, "wall_seconds": round(wall, 3)}
    print(json.dumps(result) if options.json else "\n".join(f"{k:16} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
