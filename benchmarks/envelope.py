"""Time sealing and opening one message: AES-256-GCM in chunks, SHA-256 of the body, one signature, one HPKE.

    python benchmarks/envelope.py --megabytes 32 --json

32 MB is message 1 or 2 of a million accounts with one slot.
"""

import argparse
import json
import secrets
import time
from datetime import UTC, datetime
from io import BytesIO

from accountmap.trust.envelope import Header, read, write
from accountmap.trust.identity import Identity


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=32)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sender, recipient = (Identity.generate(name, datetime.now(UTC)) for name in ("Acme", "Globex"))
    body = secrets.token_bytes(options.megabytes * 1_000_000)
    digests = {"sender": sender.card.digest, "recipient": recipient.card.digest, "transcript": bytes(32)}
    header = Header(1, 0, bytes(32), bytes(32), created=1, expires=2, body_bytes=len(body), **digests)
    start = time.monotonic()
    message = b"".join(write(header, [body], sender, recipient.card.sealing_key, secrets.token_bytes(32)))
    sealed = time.monotonic()
    assert read(BytesIO(message), header, sender.card, recipient.sealing).body == body
    opened = time.monotonic()
    result = {
        "megabytes": options.megabytes,
        "seal_seconds": round(sealed - start, 3),
        "open_seconds": round(opened - sealed, 3),
    }
    print(json.dumps(result) if options.json else "\n".join(f"{k:16} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
