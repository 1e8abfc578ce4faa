"""Write the vectors, or check that the files hold what would be written.

python -m protocols.reference           # writes
python -m protocols.reference --check   # tells which files differ; exit code 1 if any does
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from protocols.reference import (
    cases_agreements,
    cases_cards,
    cases_conversation,
    cases_due,
    cases_functions,
    cases_match_log,
    cases_matching,
    cases_message,
    cases_plan,
    cases_refusals,
    cases_rotations,
    cases_sealed,
    cases_session,
    cases_sketch,
)
from protocols.reference.canonical import vectors as canonical
from protocols.reference.cases_refusals import refusals

VECTORS = Path(__file__).parent.parent / "vectors"

FILES: dict[str, Callable[[], dict[str, Any]]] = {
    "psi/map_to_curve.json": cases_functions.map_to_curve,
    "psi/domain_separation.json": cases_functions.match_generator,
    "psi/blinding.json": cases_functions.blinding,
    "psi/tokens.json": cases_functions.tokens,
    "psi/derivation.json": cases_functions.derivation,
    "psi/laplace.json": cases_functions.laplace_draws,
    "psi/ids.json": cases_functions.ids,
    "psi/commitments.json": cases_functions.commitments,
    "psi/sketch_positions.json": cases_sketch.positions,
    "psi/sketch_noise.json": cases_sketch.noise,
    "psi/sketches.json": cases_sketch.sketches,
    "psi/sketch_densities.json": cases_sketch.densities,
    "psi/sketch_readings.json": cases_sketch.readings,
    "psi/estimates.json": cases_sketch.estimates,
    "psi/noisy_totals.json": cases_sketch.noisy_totals,
    "psi/presence_bits.json": cases_matching.presence_bits,
    "psi/order_of_v.json": cases_matching.order_of_v,
    "psi/matching.json": cases_matching.matching,
    "psi/match_rule.json": cases_matching.match_rule,
    "psi/claims.json": cases_matching.claims,
    "psi/preview.json": cases_session.preview,
    "psi/session.json": cases_session.small_session,
    "psi/session_without_matches.json": cases_session.session_without_matches,
    "psi/refuse_lengths.json": refusals("Bodies of another length", "psi-v2 §7", cases_refusals.lengths),
    "psi/refuse_not_due.json": refusals("Messages of another place", "psi-v2 §9", cases_refusals.not_due),
    "psi/refuse_previews.json": refusals("Sketches and nonces", "psi-v2 §5.4, §7.1", cases_refusals.previews),
    "psi/refuse_consents.json": refusals("Consents", "psi-v2 §7.2", cases_refusals.consents),
    "psi/refuse_points.json": refusals("Points and bits", "psi-v2 §7.3, §7.8", cases_refusals.points),
    "psi/refuse_tokens.json": refusals("Tokens of V", "psi-v2 §7.4", cases_refusals.tokens),
    "psi/refuse_claims.json": refusals("Claims", "psi-v2 §7.6", cases_refusals.claims),
    "psi/refuse_rows.json": refusals("Named rows", "psi-v2 §7.7", cases_refusals.named_rows),
    "psi/refuse_fields.json": refusals("Sealed fields and totals", "psi-v2 §7.9", cases_refusals.sealed_fields),
    "psi/refuse_receipts.json": refusals("Receipts", "psi-v2 §7.10", cases_refusals.receipts),
    "message/totals.json": cases_sketch.totals,
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
    "message/preview_agreements.json": cases_agreements.preview_agreements,
    "message/refuse_agreements.json": cases_agreements.refusals,
    "message/before_signing.json": cases_agreements.before_signing,
    "message/sealed.json": cases_sealed.sealed_message,
    "message/refuse_sealed.json": cases_sealed.sealed_refusals,
    "conversation/bodies.json": cases_conversation.bodies,
    "conversation/refuse_bodies.json": cases_conversation.refusals,
    "conversation/sealed.json": cases_conversation.sealed,
    "conversation/entries.json": cases_match_log.contents,
    "conversation/match_states.json": cases_match_log.states,
    "conversation/plans.json": cases_plan.contents,
    "conversation/plan_draws.json": cases_plan.draws,
    "conversation/plan_states.json": cases_plan.states,
    "conversation/plan_results.json": cases_plan.results,
}
"""What makes each file."""


def text_of(make: Callable[[], dict[str, Any]]) -> str:
    """Write one file's text."""
    return json.dumps(make(), indent=1, ensure_ascii=False) + "\n"


def _texts() -> Iterator[tuple[str, str]]:
    """Give each file and its text. Those of canonical-v2 hold what they are made of themselves."""
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
