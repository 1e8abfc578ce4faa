"""Maturity: what the records answer, what both sides' answers say, and files that nobody can write after
looking."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accountmap.errors import InputError, TrustError, UsageError
from accountmap.portfolio import TOPICS, Assessment, Stage
from accountmap.portfolio.maturity import (
    TOPIC,
    Practice,
    compare,
    prefill,
    questionnaire,
    read_questionnaire,
    skipped,
    stage_of,
)
from accountmap.session.maturity import answer_questionnaire, next_file, practice_with, receive_file
from accountmap.trust.maturity_file import MaturityFile, Secret
from accountmap.workspace import Workspace
from accountmap.workspace.user_files import load_round
from accountmap_cli.ledger import in_words
from tests.portfolio.ten_partners import NOW, Acme

DOCS = (Path(__file__).parents[2] / "docs" / "portfolio.md").read_text("utf-8")


def all_at(stage: Stage, **others: Stage) -> dict[str, Stage]:
    return {topic.name: stage for topic in TOPICS} | others


def test_each_topic_has_five_things_to_show_and_a_step_from_each_but_the_last() -> None:
    for topic in TOPICS:
        assert len({*topic.shown}) == len(Stage) == 5
        assert len({*topic.steps}) == 4
        assert topic.builds_on in {"", *TOPIC}


def test_the_questionnaire_comes_back_as_it_was_filled_in() -> None:
    filled = questionnaire(prefill(Practice())).replace('stage = ""', 'stage = "ad hoc"')
    assert read_questionnaire(filled) == all_at(Stage.AD_HOC)


@pytest.mark.parametrize(
    "broken",
    ["", "[mapping]\nstage = 3", 'stage = "managed"', "= = =", "[" * 100_000],
    ids=["empty", "number", "no topics", "no TOML", "deep"],
)
def test_a_questionnaire_that_is_not_filled_in_is_refused(broken: str) -> None:
    with pytest.raises(InputError):
        read_questionnaire(broken)


def test_a_topic_without_an_answer_is_named() -> None:
    with pytest.raises(InputError, match="owners"):
        read_questionnaire(questionnaire(prefill(Practice(sessions=4, introductions=3))))


@pytest.mark.parametrize(
    ("practice", "topic", "stage"),
    [
        (Practice(), "mapping", Stage.AD_HOC),
        (Practice(sessions=2), "mapping", Stage.MANAGED),
        (Practice(sessions=4), "mapping", Stage.PROGRAMME),
        (Practice(sessions=12), "mapping", Stage.ECOSYSTEM),
        (Practice(), "rules", Stage.AD_HOC),
        (Practice(agreed=True), "rules", Stage.MANAGED),
        (Practice(agreed=True, rules=True), "rules", Stage.PROGRAMME),
        (Practice(introductions=5, answered_in_time=1), "introductions", Stage.MANAGED),
        (Practice(introductions=5, answered_in_time=4), "introductions", Stage.PROGRAMME),
    ],
)
def test_the_records_answer_what_they_know(practice: Practice, topic: str, stage: Stage) -> None:
    assert prefill(practice)[topic].stage is stage


def test_a_workspace_knows_its_sessions_of_a_year_and_its_agreement(acme: Acme) -> None:
    globex = acme.workspace.partner("globex")
    assert practice_with(acme.workspace, globex, NOW) == Practice(sessions=1, agreed=True)
    assert practice_with(acme.workspace, globex, NOW + timedelta(days=400)) == Practice(agreed=True)
    assert practice_with(acme.workspace, acme.workspace.partner("soylent"), NOW) == Practice()


def test_the_stage_of_a_side_is_what_two_thirds_of_its_answers_reach() -> None:
    assert stage_of(all_at(Stage.PROGRAMME)) is Stage.PROGRAMME
    six = dict.fromkeys(list(TOPIC)[:6], Stage.ECOSYSTEM)
    assert stage_of(all_at(Stage.AD_HOC) | six) is Stage.ECOSYSTEM
    assert stage_of(all_at(Stage.AD_HOC) | dict(list(six.items())[:5])) is Stage.AD_HOC


def test_far_apart_skipped_stages_and_whose_step_is_next_are_seen() -> None:
    ours = all_at(Stage.MANAGED, mapping=Stage.AD_HOC, rules=Stage.PROGRAMME, offer=Stage.ORCHESTRATED)
    theirs = all_at(Stage.MANAGED, owners=Stage.ORCHESTRATED, offer=Stage.ORCHESTRATED)
    assert skipped(ours) == {"rules": "mapping", "offer": "goals"}
    rows = {row["topic"]: row for row in compare("globex", "Globex", Assessment(ours, theirs, NOW))}
    assert rows["People"]["finding"] == "far apart"
    assert (rows["People"]["apart"], rows["People"]["whose_step"]) == (-3, "you")
    assert rows["People"]["next_step"] == TOPIC["owners"].steps[1]
    assert rows["Shared rules"]["finding"] == "you skip a stage: account mapping first"
    assert rows["Shared rules"]["whose_step"] == "they"
    assert rows["Goals and plan"]["finding"] is None
    assert rows["Goals and plan"]["whose_step"] == "both"
    assert rows["Joint offer"]["next_step"] is None


@pytest.fixture
def two(tmp_path: Path) -> tuple[Workspace, Workspace]:
    spaces = [Workspace.create(tmp_path / name, name.title(), NOW, passphrase=None) for name in ("acme", "globex")]
    for own, other in (spaces, spaces[::-1]):
        own.add_partner(other.card, "test", NOW)
    return spaces[0], spaces[1]


def commit(own: Workspace, partner: str, stage: Stage = Stage.MANAGED) -> bytes:
    return answer_questionnaire(own, partner, all_at(stage), NOW).document.encode()


def opened(own: Workspace, partner: str) -> bytes:
    card = next_file(own, partner, NOW)
    assert card.shows
    return card.document.encode()


def test_two_sides_open_together_in_any_order_and_after_a_trip_by_mail(two: tuple[Workspace, Workspace]) -> None:
    acme, globex = two
    first, second = commit(acme, "globex", Stage.PROGRAMME), commit(globex, "acme", Stage.AD_HOC)
    receive_file(globex, first.replace(b"\n", b" \r\n"), NOW)
    answers = opened(globex, "acme")
    with pytest.raises(TrustError, match="before both"):
        receive_file(acme, answers, NOW)
    receive_file(acme, second, NOW)
    receive_file(acme, answers, NOW)
    receive_file(globex, opened(acme, "globex"), NOW)
    for own, partner, ours in ((acme, "globex", Stage.PROGRAMME), (globex, "acme", Stage.AD_HOC)):
        last = load_round(own, partner).last
        assert last is not None
        assert last.ours == all_at(ours)
        assert last.theirs != last.ours


def test_a_card_with_answers_that_got_lost_is_written_again(two: tuple[Workspace, Workspace]) -> None:
    acme, globex = two
    receive_file(globex, commit(acme, "globex"), NOW)
    receive_file(acme, commit(globex, "acme"), NOW)
    receive_file(acme, opened(globex, "acme"), NOW)
    lost = opened(acme, "globex")
    again = opened(acme, "globex")
    assert again == lost
    receive_file(globex, again, NOW)
    assert load_round(globex, "acme").last is not None


def test_that_answers_leave_is_in_the_ledger_once(two: tuple[Workspace, Workspace]) -> None:
    acme, globex = two
    commit(acme, "globex")
    receive_file(acme, commit(globex, "acme"), NOW)
    assert acme.ledger().entries == ()
    opened(acme, "globex")
    opened(acme, "globex")
    (entry,) = acme.ledger().entries
    facts = entry.facts
    assert (facts["partner"], facts["event"], facts["fields"]) == ("Globex", "maturity", sorted(TOPIC))
    assert "managed" not in str(facts)
    acme.ledger().check()
    said = "\n".join(in_words("Globex", [facts]))
    assert "Your answers about the maturity of the partnership, once." in said
    assert f"You showed them your answers about {', '.join(sorted(TOPIC))}." in said
    assert "companies that you share" not in said


def test_a_commitment_and_a_card_with_answers_show_no_answer(two: tuple[Workspace, Workspace]) -> None:
    acme, globex = two
    first = commit(acme, "globex", Stage.ORCHESTRATED)
    assert commit(acme, "globex", Stage.ORCHESTRATED) != first  # or a dictionary of all answers would tell
    receive_file(acme, commit(globex, "acme"), NOW)
    for card in (first, opened(acme, "globex")):
        assert b"orchestrated" not in card
        assert b"mapping" not in card


def test_nobody_answers_anew_after_its_answers_have_left(two: tuple[Workspace, Workspace]) -> None:
    acme, globex = two
    receive_file(acme, commit(globex, "acme"), NOW)
    commit(acme, "globex")
    opened(acme, "globex")
    with pytest.raises(TrustError, match="already"):
        commit(acme, "globex", Stage.ORCHESTRATED)
    answer_questionnaire(acme, "globex", all_at(Stage.ORCHESTRATED), NOW, new=True)


def test_nobody_answers_anew_after_the_partners_answers_are_here(two: tuple[Workspace, Workspace]) -> None:
    acme, globex = two
    receive_file(globex, commit(acme, "globex"), NOW)
    receive_file(acme, commit(globex, "acme"), NOW)
    receive_file(acme, opened(globex, "acme"), NOW)
    with pytest.raises(TrustError, match="already"):
        commit(acme, "globex", Stage.ORCHESTRATED)
    answer_questionnaire(acme, "globex", all_at(Stage.ORCHESTRATED), NOW, new=True)


def test_answers_go_with_the_commitment_that_they_belong_to(two: tuple[Workspace, Workspace]) -> None:
    acme, globex = two
    receive_file(globex, commit(acme, "globex"), NOW)
    first = commit(globex, "acme")
    receive_file(acme, first, NOW)
    receive_file(acme, opened(globex, "acme"), NOW)
    receive_file(acme, first, NOW)
    assert load_round(acme, "globex").their_answers is not None
    other = answer_questionnaire(globex, "acme", all_at(Stage.AD_HOC), NOW, new=True)
    receive_file(acme, other.document.encode(), NOW)
    assert load_round(acme, "globex").their_answers is None


def test_a_partner_that_fixes_other_answers_after_seeing_ours_is_refused(two: tuple[Workspace, Workspace]) -> None:
    acme, globex = two
    receive_file(globex, commit(acme, "globex"), NOW)
    receive_file(acme, commit(globex, "acme", Stage.AD_HOC), NOW)
    receive_file(globex, opened(acme, "globex"), NOW)
    better = Secret.of(dict.fromkeys(TOPIC, 5))
    late = MaturityFile.commit(globex.identity, acme.card, better, NOW)
    with pytest.raises(TrustError, match="do not count"):
        receive_file(acme, late.document.encode(), NOW)


def test_answers_other_than_those_that_were_fixed_are_refused(two: tuple[Workspace, Workspace]) -> None:
    """A program that writes a file by itself, sealed and signed as it should be, with answers of later."""
    acme, globex = two
    fixed = Secret.of(dict.fromkeys(TOPIC, 1))
    receive_file(acme, MaturityFile.commit(globex.identity, acme.card, fixed, NOW).document.encode(), NOW)
    commit(acme, "globex")
    seen = MaturityFile.parse(opened(acme, "globex"), acme.card)

    class Lying(Secret):
        def commitment(self, sender: bytes, recipient: bytes) -> bytes:
            return fixed.commitment(sender, recipient)

    for lie in (replace(fixed, answers=dict.fromkeys(TOPIC, 5)), Secret.of(fixed.answers)):
        lying = Lying(lie.answers, lie.nonce)
        card = MaturityFile.answer(globex.identity, acme.card, lying, seen.commitment, NOW)
        with pytest.raises(TrustError, match="not the answers that your partner committed to"):
            receive_file(acme, card.document.encode(), NOW)
    honest = MaturityFile.answer(globex.identity, acme.card, fixed, seen.commitment, NOW)
    receive_file(acme, honest.document.encode(), NOW)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"rubbish", "cannot be opened"),
        (b"[3]", "cannot be opened"),
        (b'{"mapping":true}', "cannot be opened"),
        (json.dumps(dict.fromkeys(TOPIC, 3)).encode(), "cannot be opened"),  # neither sorted nor without blanks
        (b"[" * 100_000, "cannot be opened"),
        (b'{"weather":3}', "other questions"),
        (Secret(dict.fromkeys(TOPIC, 6), b"").encode(), "other questions"),
        (Secret(dict.fromkeys(TOPIC, 0), b"").encode(), "other questions"),
    ],
    ids=["not JSON", "a list", "no number", "not canonical", "deep", "another topic", "too high", "too low"],
)
def test_answers_of_another_form_are_refused(two: tuple[Workspace, Workspace], written: bytes, said: str) -> None:
    """A program that commits to them, and signs and seals them as it should be."""
    acme, globex = two

    class Odd(Secret):
        def encode(self) -> bytes:
            return self.nonce + written

    odd, mine = Odd({}, bytes(range(32))), MaturityFile.parse(commit(acme, "globex"), acme.card)
    receive_file(acme, MaturityFile.commit(globex.identity, acme.card, odd, NOW).document.encode(), NOW)
    card = MaturityFile.answer(globex.identity, acme.card, odd, mine.commitment, NOW)
    with pytest.raises(TrustError, match=said):
        receive_file(acme, card.document.encode(), NOW)
    assert load_round(acme, "globex").their_answers is None


def test_a_copied_commitment_cannot_be_opened(two: tuple[Workspace, Workspace]) -> None:
    """A partner that sends our own commitment back, and after our answers came, those."""
    acme, globex = two
    mine = MaturityFile.parse(commit(acme, "globex"), acme.card)

    class Copied(Secret):
        def commitment(self, *_: bytes) -> bytes:
            return mine.commitment

    copied = Copied({}, bytes(32))
    receive_file(acme, MaturityFile.commit(globex.identity, acme.card, copied, NOW).document.encode(), NOW)
    seen = MaturityFile.parse(opened(acme, "globex"), acme.card)
    answers = seen.open(globex.identity, mine.commitment, mine.commitment)
    state = load_round(acme, "globex")
    assert state.secret is not None
    back = Copied(answers, state.secret.nonce)
    card = MaturityFile.answer(globex.identity, acme.card, back, mine.commitment, NOW)
    with pytest.raises(TrustError, match="not the answers"):
        receive_file(acme, card.document.encode(), NOW)


def test_cards_of_strangers_for_others_and_from_other_rounds_are_refused(
    two: tuple[Workspace, Workspace], tmp_path: Path
) -> None:
    acme, globex = two
    stranger = Workspace.create(tmp_path / "mallory", "Mallory", NOW, passphrase=None)
    stranger.add_partner(acme.card, "test", NOW)
    with pytest.raises(TrustError, match="not from a partner of yours"):
        receive_file(acme, commit(stranger, "acme"), NOW)
    globex.add_partner(stranger.card, "test", NOW)
    with pytest.raises(TrustError, match="for another company"):
        receive_file(acme, commit(globex, "mallory"), NOW)
    forged = commit(stranger, "acme").replace(
        stranger.card.digest.hex().encode(), globex.card.digest.hex().encode()
    )
    with pytest.raises(TrustError, match="not signed by Globex"):
        receive_file(acme, forged, NOW)
    receive_file(globex, commit(acme, "globex"), NOW)
    receive_file(acme, commit(globex, "acme"), NOW)
    old = opened(globex, "acme")
    commit(acme, "globex", Stage.PROGRAMME)
    with pytest.raises(TrustError, match="another exchange"):
        receive_file(acme, old, NOW)


def test_without_answers_there_is_nothing_to_send(two: tuple[Workspace, Workspace]) -> None:
    with pytest.raises(UsageError, match="not answered"):
        next_file(two[0], "globex", NOW)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"kind = 1\n", b"x = [[[[" * 1000])
def test_files_that_are_no_card_are_refused(two: tuple[Workspace, Workspace], data: bytes) -> None:
    with pytest.raises(TrustError):
        receive_file(two[0], data, datetime.now(UTC))


def test_the_page_names_the_models_that_the_questions_were_held_beside() -> None:
    for source in ("76nord.vc", "workspan.com", "ISO 44001"):
        assert source in DOCS
    for topic in TOPICS:
        assert f"| {topic.title} |" in DOCS
