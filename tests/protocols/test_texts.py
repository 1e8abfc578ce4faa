"""The texts against the program and the vectors: citations, rules, states, layout."""

import re
from collections.abc import Iterator

import pytest

from accountmap.model import Role
from accountmap.psi.parameters import MessageType
from accountmap.psi.session import TRANSITIONS, Own, State
from accountmap.trust.envelope import HEADER_BYTES
from tests.protocols.vectors import ROOT, VECTORS

TEXTS = {
    "psi-v2": "account-psi-v2.md",
    "message-v2": "message-v2.md",
    "trust-v2": "trust-v2.md",
    "conversation-v1": "conversation-v1.md",
}
CITATION = re.compile(
    r"\b(?:account-)?(psi-v2|message-v2|trust-v2|conversation-v1) ((?:§[\d.]*\d(?:, | and | to )?)+)"
)


def text(name: str) -> str:
    return (ROOT / "protocols" / TEXTS[name]).read_text("utf-8")


def sections(name: str) -> set[str]:
    return set(re.findall(r"^##+ ([\d.]*\d)\.? ", text(name), re.MULTILINE))


def citations() -> Iterator[tuple[str, str, str]]:
    """Every citation of a section: the file, the text and the section."""
    files = [*ROOT.glob("src/**/*.py"), *ROOT.glob("protocols/**/*.py"), *ROOT.glob("tests/**/*.py")]
    for path in [*files, *ROOT.glob("protocols/*.md"), *VECTORS.glob("[!.]*/*.json")]:
        for name, cited in CITATION.findall(path.read_text("utf-8")):
            for section in re.findall(r"[\d.]*\d", cited):
                yield str(path.relative_to(ROOT)), name, section


def test_every_cited_section_exists() -> None:
    found = list(citations())
    assert {name for _, name, _ in found} == set(TEXTS)
    assert [(path, name, s) for path, name, s in found if s not in sections(name)] == []


@pytest.mark.parametrize("part", ["psi", "message", "conversation"])
def test_every_rule_of_the_vectors_stands_in_the_texts(part: str) -> None:
    used = {
        rule
        for path in (VECTORS / part).iterdir()
        for rule in re.findall(r'"refuse: ([a-z-]+)"', path.read_text("utf-8"))
    }
    written = "".join(text(name) for name in TEXTS)
    assert used
    assert [rule for rule in used if f"(`{rule}`" not in written] == []


def test_the_table_of_states_is_the_programs() -> None:
    """The text has one row from message 5 to 6, and 6 to 7; the program has a state between them for the cap."""
    rows = re.findall(r"^\| ([IR]) \| ([^|]+) \| ([^|]+) \|", text("psi-v2"), re.MULTILINE)
    written = {(role, state.strip("* ").lower(), event.strip()) for role, state, event in rows}
    named = {Own.START: "own start", Own.CONSENT: "own consent", Own.STOP: "own refusal"}
    kept = {
        (role.name[0], state.value, named[event] if isinstance(event, Own) else str(int(event)))
        for (role, state), events in TRANSITIONS.items()
        for event in events
        if state not in (State.MATCHED, State.CLAIMED)
    }
    assert written == kept
    caps = [(Role.RESPONDER, State.CONSENTED, MessageType.TOKENS, State.MATCHED, State.REVEALED)]
    caps += [(Role.INITIATOR, State.REVEALING, MessageType.CLAIMS, State.CLAIMED, State.SHARING)]
    for role, before, message, cap, after in caps:
        assert TRANSITIONS[role, before][message][1] is cap
        assert {event: state for event, (_, state) in TRANSITIONS[role, cap].items()} == {
            Own.CONSENT: after,
            Own.STOP: State.STOPPED_BY_US,
        }


def test_the_layout_of_the_header_adds_up() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) \| [a-z ]+ \|", text("message-v2"), re.MULTILINE)
    end = 0
    for offset, length in rows:
        assert int(offset) == end
        end += int(length)
    assert end == HEADER_BYTES
