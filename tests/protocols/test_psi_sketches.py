"""The program makes, reads and estimates from sketches as the vectors say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accountmap.errors import PeerError
from accountmap.model import Epsilon, PreviewKind
from accountmap.psi.codec import RefusalError
from accountmap.psi.estimate import estimate_level, estimate_noise, laplace, laplace_of, uniform_of
from accountmap.psi.sketch import (
    VALUE_PREFIX,
    Sketch,
    SketchParameters,
    SketchSecret,
    Values,
    all_miss,
    density_holds,
    make_sketch,
    positions_of,
)
from accountmap.psi.suite import derive
from accountmap.session.partner_sketches import read_partner_sketch, take_partner_sketch
from tests.protocols.vectors import cases, comment, load
from tests.session.preview_parties import made_up, two_sides

Json = dict[str, Any]


def parameters_of(terms: Json) -> SketchParameters:
    return SketchParameters(tuple(terms["rows"]), Epsilon(terms["epsilon"]))


def values_of(segments: list[list[str]]) -> Values:
    names = sorted({name for segment in segments for name in segment})
    in_segment = np.array([[name in segment for segment in segments] for name in names], np.bool_)
    messages = [VALUE_PREFIX + name.encode() for name in names]
    return Values(messages, in_segment.reshape(len(names), len(segments)))


@pytest.mark.parametrize("case", cases("psi/laplace.json"), ids=comment)
def test_laplace(case: Json) -> None:
    key = derive(bytes.fromhex(case["seed"]), case["label"], *map(bytes.fromhex, case["parts"]))
    uniform = uniform_of(key)
    assert [laplace(uniform, case["scale"]) for _ in case["expect"]] == case["expect"]


@pytest.mark.parametrize("case", cases("psi/sketch_positions.json"), ids=comment)
def test_positions(case: Json) -> None:
    message = VALUE_PREFIX + case["value"].encode()
    assert message.hex() == case["expect"]["message"]
    card, sketch_id = bytes.fromhex(case["card"]), bytes.fromhex(case["sketch_id"])
    assert positions_of(card, sketch_id, [message], case["positions"]).tolist() == [case["expect"]["position"]]


@pytest.mark.parametrize("case", cases("psi/sketches.json"), ids=comment)
def test_sketches(case: Json) -> None:
    parameters = parameters_of(case["terms"])
    secret = SketchSecret(*(bytes.fromhex(case[name]) for name in ("card", "sketch_id", "seed")))
    made = make_sketch(parameters, secret, values_of(case["segments"]))
    assert made.hex() == case["expect"]["sketch"]
    assert parameters.positions == case["expect"]["positions"]
    assert Sketch.read(parameters, secret.card, made).id == secret.id


@pytest.mark.parametrize("case", cases("psi/sketch_noise.json"), ids=comment)
def test_noise_of_answers(case: Json) -> None:
    """The smallest sketch has one value a segment; everywhere else an answer of 0 is changed as in the vector."""
    names = [["larkspur"]] if case["kind"] == "plain" else [["larkspur"], ["brightwater"], ["quillstone"]]
    parameters, values = SketchParameters((1,) * len(names), Epsilon(case["epsilon"])), values_of(names)
    assert parameters.change == case["expect"]["threshold"]
    secret = SketchSecret(*(bytes.fromhex(case[name]) for name in ("card", "sketch_id", "seed")))
    everywhere = np.arange(parameters.positions)
    noise = Sketch(parameters, secret.card, secret.id + bytes.fromhex(case["expect"]["answers"]))
    before = np.zeros(parameters.positions, np.uint8)
    place = positions_of(secret.card, secret.id, values.messages, parameters.positions)
    before[place] = [parameters.answer(segment) for segment in values.in_segment.argmax(axis=1)]
    made = Sketch(parameters, secret.card, make_sketch(parameters, secret, values))
    expected = (before + noise.answers_at(everywhere)) % (1 << parameters.bits)
    assert np.count_nonzero(before) == len(names)
    assert made.answers_at(everywhere).tolist() == expected.tolist()


@pytest.mark.parametrize("case", cases("psi/sketch_readings.json"), ids=comment)
def test_readings(case: Json, tmp_path: Path) -> None:
    """A workspace reads the sketches under an agreement that names their rows."""
    terms = load("psi/sketch_readings.json")["terms"]
    acme, _ = two_sides(tmp_path, made_up(12, "Left"), made_up(12, "Right"))
    agreement = acme.workspace.agreements(acme.partner)[0]
    assert (agreement.terms.preview, terms["kind"]) == (PreviewKind.SKETCH, "plain")
    assert (list(agreement.sketches[1].rows), agreement.sketches[1].epsilon) == (terms["rows"], terms["epsilon"])

    def read(sketch: str) -> Sketch:
        return read_partner_sketch(acme.workspace, acme.partner, agreement, bytes.fromhex(sketch), acme.now)

    if case["taken"] is not None:
        with acme.workspace.transaction():
            take_partner_sketch(acme.workspace, acme.partner, agreement, read(case["taken"]), acme.now)
    acme.later(days=case["days"])
    if case["expect"] == "accept":
        assert read(case["sketch"]).data.hex() == case["sketch"]
        return
    with pytest.raises(RefusalError) as refused:
        read(case["sketch"])
    assert f"refuse: {refused.value.rule}" == case["expect"]


@pytest.mark.parametrize("case", cases("psi/sketch_densities.json"), ids=comment)
def test_densities(case: Json) -> None:
    parameters, level, expect = parameters_of(case["terms"]), case["level"], case["expect"]
    assert parameters.positions == expect["positions"]
    assert str(all_miss(parameters.rows_from(level), parameters.positions)) == expect["all_miss"]
    near = [expect["least"] - 1, expect["least"], expect["greatest"], expect["greatest"] + 1]
    assert [density_holds(parameters, level, count) for count in near] == [False, True, True, False]


@pytest.mark.parametrize("case", cases("psi/estimates.json"), ids=comment)
def test_estimates(case: Json) -> None:
    found = estimate_level(
        parameters_of(case["terms"]), case["level"], case["count"], case["values"], case["noisy_hits"]
    )
    assert {"value": found.value, "low": found.low, "high": found.high} == case["expect"]


@pytest.mark.parametrize("case", load("psi/estimates.json")["noise"], ids=comment)
def test_noise_of_estimates(case: Json) -> None:
    rows = (1000,) if case["kind"] == "plain" else (100, 100, 100)
    card, sketch_id = bytes.fromhex(case["card"]), bytes.fromhex(case["sketch_id"])
    sketch = Sketch(SketchParameters(rows, Epsilon.ONE), card, sketch_id)
    drawn = estimate_noise(sketch, bytes.fromhex(case["seed"]), case["segment"], case["level"])
    assert drawn == case["expect"]


@pytest.mark.parametrize("case", cases("psi/noisy_totals.json"), ids=comment)
def test_noise_of_totals(case: Json) -> None:
    scale = int(4 / Epsilon(case["epsilon"]).fraction)
    parts = (bytes([case["by"]]), case["value"].encode())
    noise = laplace_of(bytes.fromhex(case["seed"]), "totals", parts, scale)
    assert case["entities"] + noise == case["expect"]["total"]


def test_a_sketch_cut_short_is_refused() -> None:
    case = cases("psi/sketches.json")[0]
    data = bytes.fromhex(case["expect"]["sketch"])
    with pytest.raises(PeerError):
        Sketch.read(parameters_of(case["terms"]), bytes.fromhex(case["card"]), data[:-1])
