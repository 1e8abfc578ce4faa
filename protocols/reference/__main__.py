"""Write the vectors, or check that the files hold what would be written.

python -m protocols.reference           # writes
python -m protocols.reference --check   # tells which files differ; exit code 1 if any does
"""

import json
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from protocols.reference import (
    cases_agreements,
    cases_cards,
    cases_due,
    cases_keys,
    cases_matches,
    cases_matching,
    cases_message,
    cases_points,
    cases_rotations,
    cases_run,
    cases_sealed,
    cases_session,
    cases_tables,
)
from protocols.reference.canonical import vectors as canonical
from protocols.reference.cases_session import SMALL, small_parties
from protocols.reference.refusals import Case
from protocols.reference.session import Played, play

VECTORS = Path(__file__).parent.parent / "vectors"


@cache
def _small_session() -> Played:
    return play(*small_parties(), SMALL)


def _refusals(comment: str, section: str, make: Callable[[Played], list[Case]]) -> Callable[[], dict[str, Any]]:
    """Write cases against the session of session.json."""

    def written() -> dict[str, Any]:
        cases = [case.describe() for case in make(_small_session())]
        return {"comment": comment, "section": section, "session": "session.json", "cases": cases}

    return written


FILES: dict[str, Callable[[], dict[str, Any]]] = {
    "psi/map_to_curve.json": cases_keys.map_to_curve,
    "psi/domain_separation.json": cases_keys.match_generator,
    "psi/blinding.json": cases_keys.blinding,
    "psi/tokens.json": cases_keys.tokens,
    "psi/digests.json": cases_keys.commitments,
    "psi/matching.json": cases_matching.matching,
    "psi/session.json": cases_session.small_session,
    "psi/session_without_matches.json": cases_session.session_without_matches,
    "psi/refuse_lengths.json": _refusals("Bodies of another length", "psi-v1 §5", cases_tables.lengths),
    "psi/refuse_points.json": _refusals("Points", "psi-v1 §5.1, §5.7", cases_points.points),
    "psi/refuse_previews.json": _refusals("Preview columns out of order", "psi-v1 §5.3", cases_tables.previews),
    "psi/refuse_openings.json": _refusals("Openings of commitments", "psi-v1 §5.4", cases_tables.openings),
    "psi/refuse_consents.json": _refusals("Consents", "psi-v1 §5.4", cases_tables.consents),
    "psi/refuse_tables.json": _refusals("Token tables", "psi-v1 §5.5", cases_tables.token_tables),
    "psi/refuse_rows.json": _refusals("Named rows", "psi-v1 §5.6", cases_matches.named_rows),
    "psi/refuse_row_counts.json": _refusals("Numbers of named rows", "psi-v1 §5.6", cases_matches.row_counts),
    "psi/refuse_fields.json": _refusals("Sealed fields", "psi-v1 §5.7", cases_matches.sealed_fields),
    "psi/refuse_receipts.json": _refusals("Receipts", "psi-v1 §5.8", cases_matches.receipts),
    "psi/run.json": cases_run.run,
    "psi/refuse_runs.json": cases_run.run_refusals,
    "message/rest.json": cases_run.rests,
    "message/header.json": cases_message.headers,
    "message/refuse_headers.json": cases_message.header_refusals,
    "message/refuse_not_due.json": cases_due.not_due,
    "message/transcript.json": cases_message.transcripts,
    "message/nonces.json": cases_message.nonces,
    "message/agreed_fields.json": cases_message.agreed_fields,
    "message/cards.json": cases_sealed.cards,
    "message/refuse_cards.json": cases_cards.cards,
    "message/refuse_channel_keys.json": cases_cards.channel_keys,
    "message/rotations.json": cases_rotations.rotations,
    "message/agreements.json": cases_agreements.agreements,
    "message/refuse_agreements.json": cases_agreements.refusals,
    "message/sealed.json": cases_sealed.sealed_message,
    "message/refuse_sealed.json": cases_sealed.sealed_refusals,
}
"""What makes each file."""


def text_of(make: Callable[[], dict[str, Any]]) -> str:
    """Write one file's text."""
    return json.dumps(make(), indent=1, ensure_ascii=False) + "\n"


def _texts() -> Iterator[tuple[str, str]]:
    """Give each file and its text. Those of canonical-v1 hold what they are made of themselves."""
    yield from ((name, text_of(make)) for name, make in FILES.items())
    for path in sorted((VECTORS / "canonical").iterdir()):
        vector = json.loads(path.read_text("utf-8"))
        yield f"canonical/{path.name}", canonical.text_of(canonical.made_anew(vector))


def main(arguments: list[str]) -> int:
    """Write or check all files; return the exit code."""
    differing = []
    for name, text in _texts():
        path = VECTORS / name
        if arguments != ["--check"]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            differing.append(name)
    for name in differing:
        sys.stderr.write(f"{name} is not what the reference writes\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
