"""The program reads and refuses messages about single matches as the vectors say."""

import re
from io import BytesIO
from pathlib import Path
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
from accountmap.trust.conversation import Kind, padded, read_talk, unpadded
from accountmap.trust.envelope import HEADER_BYTES, Header
from accountmap.trust.envelope import read as read_envelope
from accountmap.trust.envelope import write as write_envelope
from accountmap.trust.sealed import SEALED_KEY_BYTES
from accountmap.workspace.conversations import Taken
from tests.parties import NOW
from tests.protocols.identities import FIRST, SECOND, workspace_of
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


def test_a_message_is_written_as_in_the_vector() -> None:
    vector = load("conversation/sealed.json")
    message, header = bytes.fromhex(vector["cases"][0]["message"]), Header.decode(bytes.fromhex(vector["header"]))
    body, content_key = bytes.fromhex(vector["body"]), bytes.fromhex(vector["random"]["content_key"])
    assert header.transcript.hex() == vector["expect"]["message_id"]
    ours = b"".join(write_envelope(header, [body], FIRST, SECOND.card.sealing_key, content_key))
    # The sealed key is fresh in every message; all else follows from the inputs.
    behind = HEADER_BYTES + SEALED_KEY_BYTES
    assert (ours[:HEADER_BYTES], ours[behind:]) == (message[:HEADER_BYTES], message[behind:])
    opened = read_envelope(BytesIO(message), header, FIRST.card, SECOND.sealing)
    assert (bytes(opened.body), opened.signature.hex()) == (body, vector["expect"]["signature"])


def test_messages_are_taken_as_in_the_vectors(tmp_path: Path) -> None:
    vector = load("conversation/sealed.json")
    workspace, partner = workspace_of(tmp_path / "second", SECOND, FIRST)
    taken = workspace.conversations

    def take(message: bytes) -> str:
        try:
            talk = read_talk(message, Header.decode(message), SECOND, FIRST.card)
        except PeerError as error:
            assert re.search("not signed by your partner", str(error))
            return "refuse: signature"
        with workspace.transaction():
            became = taken.take(partner.slug, talk.id, talk.digest, talk.kind, 1, NOW)
        return {Taken.NEW: "accept", Taken.REPEATED: "repeat", Taken.ALTERED: "refuse: repeated-id"}[became]

    for case in vector["cases"]:
        assert take(bytes.fromhex(case["message"])) == case["expect"], case["comment"]
    assert len(taken.to_acknowledge(partner.slug)) == sum(c["expect"] == "accept" for c in vector["cases"])
    first = bytes.fromhex(vector["cases"][0]["message"])
    assert read_talk(first, Header.decode(first), SECOND, FIRST.card).digest.hex() == vector["expect"]["digest"]
