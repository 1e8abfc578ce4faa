"""The program reads and refuses messages about single matches as the vectors say."""

from typing import Any

import pytest

from accountmap.errors import PeerError
from accountmap.psi.codec import RefusalError
from accountmap.session.conversation_content import (
    SessionMatter,
    ShownAccount,
    read_acknowledgement,
    read_answers,
    read_fields,
    read_questions,
    write_questions,
)
from accountmap.trust.conversation import Kind, padded, unpadded
from tests.protocols.vectors import cases, comment, load

Json = dict[str, Any]
READERS = {
    Kind.QUESTIONS: read_questions,
    Kind.ANSWERS: read_answers,
    Kind.FIELDS: read_fields,
    Kind.ACKNOWLEDGEMENT: lambda content, _: read_acknowledgement(content),
}


def matter_of(reader: Json, **instead: Any) -> SessionMatter:
    known = {**reader, **instead}

    def by_message(name: str) -> dict[bytes, set[bytes]]:
        return {bytes.fromhex(k): set(map(bytes.fromhex, v)) for k, v in known[name].items()}

    return SessionMatter(
        to_ask=set(map(bytes.fromhex, known["to_ask"])),
        revealed=known["revealed"],
        was_asked=set(map(bytes.fromhex, known["was_asked"])),
        asked=by_message("asked"),
        answered=by_message("answered"),
        shown_fields=lambda _: known["fields"],
    )


def read(body: bytes, matter: SessionMatter) -> Any:
    kind, content = unpadded(body)
    if kind not in set(Kind):
        raise RefusalError("kind", "an unknown kind")
    return READERS[Kind(kind)](content, matter)


@pytest.mark.parametrize("case", cases("conversation/bodies.json"), ids=comment)
def test_bodies(case: Json) -> None:
    reader = load("conversation/bodies.json")["reader"]
    read(bytes.fromhex(case["body"]), matter_of(reader))


@pytest.mark.parametrize("case", cases("conversation/refuse_bodies.json"), ids=comment)
def test_refused_bodies(case: Json) -> None:
    reader = load("conversation/bodies.json")["reader"]
    matter = matter_of(reader, was_asked=case["was_asked"], revealed=case["revealed"])
    body = bytes.fromhex(case["body"])
    if case["expect"] == "accept":
        read(body, matter)
        return
    rule = case["expect"].removeprefix("refuse: ")
    with pytest.raises(PeerError) as refused:
        read(body, matter)
    assert getattr(refused.value, "rule", "padding") == rule


def test_questions_are_written_as_in_the_vectors() -> None:
    vectors = load("conversation/bodies.json")
    questions = {bytes.fromhex(k): ShownAccount(*shown) for k, shown in vectors["questions"].items()}
    body = padded(Kind.QUESTIONS, write_questions(questions))
    assert body.hex() == vectors["cases"][0]["body"]
