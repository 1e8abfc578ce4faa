"""A session survives what happens to files and processes, and refuses what was done to messages."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from accountmap.channels import FolderChannel
from accountmap.errors import AccountmapError, ChannelError, PeerError, TrustError, WorkspaceError
from accountmap.session import Decisions, SessionRunner, open_session, propose_agreement, sign_agreement
from accountmap.session.open_session import OpenSession
from accountmap.trust.envelope import Header
from accountmap.trust.sealed import PUBLIC_BYTES, SealingKey
from accountmap.workspace import Status, Workspace
from accountmap.workspace.stored import RESULT_FILES
from tests.parties import CURVE, NOW, Parties, Party, answers, both_know, share_all


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties.make(tmp_path)


def turns(parties: Parties) -> Iterator[Party]:
    """The parties in the order in which they act: messages 1 to 10, then the last reading."""
    for n in range(11):
        yield (parties.acme, parties.globex)[n % 2]


def messages(parties: Parties) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in parties.acme.folder.iterdir()}


def matched(party: Party) -> int:
    record = party.workspace.sessions(party.partner)[0]
    assert record.status is Status.DONE
    return len(party.workspace.result(record).matches)


def both_are_done(parties: Parties) -> bool:
    return matched(parties.acme) == matched(parties.globex) == 3


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


class FailingChannel(FolderChannel):
    """Ends the process at the moment of delivery, before or after the file is there."""

    def __init__(self, folder: Path, *, after: bool) -> None:
        super().__init__(folder)
        self._after = after

    def deliver(self, name: str, source: Path) -> None:
        if self._after:
            super().deliver(name, source)
        raise Killed


@pytest.mark.parametrize("after", [False, True], ids=["before delivery", "after delivery"])
def test_killed_at_every_delivery_it_sends_the_same_bytes_again(parties: Parties, after: bool) -> None:
    seen: dict[str, bytes] = {}
    for party in turns(parties):
        steps = SessionRunner(
            party.workspace,
            party.partner,
            FailingChannel(party.folder, after=after),
            CURVE,
            lambda: NOW,
        )
        try:
            steps.advance(answers())
        except Killed:
            kept = party.workspace.session_folder(1) / party.workspace.sessions(party.partner)[0].sent
            seen[kept.name] = kept.read_bytes()
        party.map()
        for name, data in messages(parties).items():
            assert seen.setdefault(name, data) == data
    assert len(seen) == 10
    assert both_are_done(parties)


@pytest.mark.parametrize("place", ["multiply_parts", "hash_to_curve", "multiply_each"])
def test_killed_while_computing_nothing_is_stored_or_sent(parties: Parties, place: str) -> None:
    class FailingCurve:
        def __getattr__(self, name: str) -> Callable[..., object]:
            if name == place:
                raise Killed
            return getattr(CURVE, name)

    killed = 0
    for party in turns(parties):
        before = messages(parties)
        steps = SessionRunner(
            party.workspace, party.partner, FolderChannel(party.folder), FailingCurve(), lambda: NOW
        )
        try:
            steps.advance(answers())
        except Killed:
            killed += 1
            assert messages(parties) == before
        party.map()
    assert killed
    assert both_are_done(parties)


class DyingWorkspace:
    """A workspace whose process ends at the last moment before a step is stored."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def __getattr__(self, name: str) -> object:
        return getattr(self._workspace, name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._workspace.transaction():
            yield
            raise Killed


def test_killed_before_a_step_is_stored_it_takes_the_step_again(parties: Parties) -> None:
    for party in turns(parties):
        dying = DyingWorkspace(party.workspace)
        steps = SessionRunner(dying, party.partner, FolderChannel(party.folder), CURVE, lambda: NOW)
        with contextlib.suppress(Killed):
            steps.advance(answers())
        party.map()
    assert both_are_done(parties)


def test_two_commands_at_once_do_not_take_one_message_twice(parties: Parties) -> None:
    """One waits for an answer at the preview while the other goes on."""
    for party in list(turns(parties))[:3]:
        party.map()
    other = SessionRunner(
        Workspace.open(parties.globex.workspace.folder),
        parties.globex.partner,
        FolderChannel(parties.globex.folder),
        CURVE,
        lambda: NOW,
    )

    def slowly(_: object) -> bool:
        parties.globex.map()
        return True

    with pytest.raises(WorkspaceError, match="another command took a step"):
        other.advance(Decisions(slowly))
    assert len(messages(parties)) == 4
    parties.run()
    assert both_are_done(parties)


def test_a_slow_delivery_does_not_undo_what_another_command_stored(parties: Parties) -> None:
    class SlowChannel(FolderChannel):
        def deliver(self, name: str, source: Path) -> None:
            super().deliver(name, source)
            parties.globex.map()
            parties.acme.map()

    acme = parties.acme
    with contextlib.suppress(WorkspaceError):
        SessionRunner(acme.workspace, acme.partner, SlowChannel(acme.folder), CURVE, lambda: NOW).advance(
            answers()
        )
    record = acme.workspace.sessions(acme.partner)[0]
    assert record.charged is not None
    assert record.step >= 3
    parties.run()
    assert both_are_done(parties)


def test_a_lost_message_is_written_again(parties: Parties) -> None:
    parties.acme.map()
    (path,) = parties.acme.folder.iterdir()
    data = path.read_bytes()
    path.unlink()
    outcome = parties.acme.map()
    assert outcome.sent == (path.name,)
    assert path.read_bytes() == data


def test_a_full_disk_is_a_clear_error_and_loses_nothing(parties: Parties) -> None:
    class FullDisk(FolderChannel):
        def deliver(self, *_: object) -> None:
            raise ChannelError("the message cannot be written", "Make room.")

    steps = SessionRunner(
        parties.acme.workspace,
        parties.acme.partner,
        FullDisk(parties.acme.folder),
        CURVE,
        lambda: NOW,
    )
    with pytest.raises(ChannelError):
        steps.advance(answers())
    parties.run()
    assert both_are_done(parties)


@pytest.mark.parametrize(
    ("error", "said"), [(OSError(5, "no"), "cannot be read"), (MemoryError(), "does not fit into this machine")]
)
def test_a_message_that_cannot_be_read_is_a_clear_error_and_loses_nothing(
    parties: Parties, error: BaseException, said: str
) -> None:
    class Failing(BytesIO):
        def read(self, *_: object) -> bytes:
            raise error

    class BadDisk(FolderChannel):
        def fetch(self, _name: str, size: int) -> BytesIO:
            return Failing(bytes(size))

    parties.acme.map()
    globex = parties.globex
    steps = SessionRunner(globex.workspace, globex.partner, BadDisk(globex.folder), CURVE, lambda: NOW)
    with pytest.raises(ChannelError, match=said):
        steps.advance(answers())
    parties.run()
    assert both_are_done(parties)


def damage_last_message(parties: Parties, change: Callable[[bytes], bytes]) -> tuple[Path, bytes]:
    newest = max(parties.acme.folder.iterdir(), key=lambda p: int(p.stem.rpartition("-")[2]))
    data = newest.read_bytes()
    newest.write_bytes(change(data))
    return newest, data


ALTERATIONS = {
    "cut short": lambda d: d[:-1],
    "cut in the header": lambda d: d[:100],
    "empty": lambda d: d[:0],
    "longer": lambda d: d + b"\0",
    "first byte": lambda d: b"B" + d[1:],
    "version": lambda d: d[:4] + b"\x01" + d[5:],
    "type": lambda d: d[:6] + bytes([d[6] ^ 1]) + d[7:],
    "role": lambda d: d[:7] + bytes([d[7] ^ 1]) + d[8:],
    "agreement": lambda d: d[:8] + bytes([d[8] ^ 1]) + d[9:],
    "session": lambda d: d[:40] + bytes([d[40] ^ 1]) + d[41:],
    "sender": lambda d: d[:72] + bytes([d[72] ^ 1]) + d[73:],
    "recipient": lambda d: d[:104] + bytes([d[104] ^ 1]) + d[105:],
    "transcript": lambda d: d[:136] + bytes([d[136] ^ 1]) + d[137:],
    "time": lambda d: d[:175] + bytes([d[175] ^ 1]) + d[176:],
    "length": lambda d: d[:191] + bytes([d[191] ^ 1]) + d[192:],
    "sealed key": lambda d: d[:300] + bytes([d[300] ^ 1]) + d[301:],
    "last byte": lambda d: d[:-1] + bytes([d[-1] ^ 1]),
}


def test_every_message_altered_is_refused_and_the_right_one_still_taken(parties: Parties) -> None:
    for n, party in enumerate(turns(parties)):
        for what, change in ALTERATIONS.items() if n else ():
            path, data = damage_last_message(parties, change)
            before = party.workspace.sessions(party.partner)
            try:
                outcome = party.map()
                assert outcome.taken == (), what
                assert [note for note in outcome.notes if note.startswith(path.name)], what
            except PeerError as error:
                assert path.name in str(error), what
            assert party.workspace.sessions(party.partner) == before, what
            path.write_bytes(data)
        party.map()
    assert both_are_done(parties)


def test_messages_of_another_pair_and_another_agreement_are_passed_over(parties: Parties, tmp_path: Path) -> None:
    other = Parties.make(tmp_path / "other", others=True)
    for party, stranger in zip(turns(parties), turns(other), strict=True):
        stranger.map()
        for path in other.acme.folder.iterdir():
            (parties.acme.folder / f"other-{path.name}").write_bytes(path.read_bytes())
        outcome = party.map()
        assert all(not name.startswith("other-") for name in outcome.taken)
    assert both_are_done(parties)


def test_messages_of_an_earlier_session_are_passed_over(parties: Parties) -> None:
    parties.run()
    first = messages(parties)
    for party in turns(parties):
        party.map(new=party.workspace.sessions(party.partner)[0].status != Status.OPEN)
        assert first.items() <= messages(parties).items()
        if len(messages(parties)) == 20:
            break
    parties.run()
    sids = {s.sid for s in parties.acme.workspace.sessions(parties.acme.partner)}
    assert len(sids) == 2


def test_an_offer_is_not_answered_twice(parties: Parties) -> None:
    parties.acme.map()
    parties.globex.map()
    parties.globex.runner().abandon()
    for outcome in (parties.globex.map(new=True), parties.globex.map()):
        assert outcome.taken == ()
        assert len(messages(parties)) == 2


def test_a_message_copied_under_another_name_changes_nothing(parties: Parties) -> None:
    for party in turns(parties):
        party.map()
        for path in list(parties.acme.folder.iterdir()):
            (parties.acme.folder / f"copy-of-{path.name}"[-100:]).write_bytes(path.read_bytes())
    assert both_are_done(parties)


def test_an_expired_message_is_passed_over(parties: Parties) -> None:
    parties.acme.map()
    late = SessionRunner(
        parties.globex.workspace,
        parties.globex.partner,
        FolderChannel(parties.globex.folder),
        CURVE,
        lambda: NOW + timedelta(days=31),
    )
    outcome = late.advance(answers())
    assert outcome.taken == ()
    assert "expired" in outcome.notes[0]


def test_a_key_of_low_order_for_the_answer_is_refused(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parties.acme.workspace.identity.card == parties.acme.workspace.card  # unlocked, before it is checked
    with monkeypatch.context() as cheat:
        cheat.setattr(SealingKey, "public", property(lambda _: bytes(PUBLIC_BYTES)))
        parties.acme.map()
    with pytest.raises(PeerError, match="invalid key"):
        parties.globex.map()
    assert parties.globex.workspace.sessions(parties.globex.partner) == []


def test_an_answer_that_names_another_session_is_refused(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    parties.acme.map()
    with monkeypatch.context() as cheat:
        cheat.setattr(open_session, "Header", lambda **about: Header(**about | {"session": bytes(31) + b"\x01"}))
        parties.globex.map()
    with pytest.raises(PeerError, match="another session"):
        parties.acme.map()
    (record,) = parties.acme.workspace.sessions(parties.acme.partner)
    assert (record.status, record.step, record.sid) == (Status.OPEN, 1, b"")


def test_a_second_command_at_the_same_time_is_kept_out(parties: Parties) -> None:
    second = Workspace.open(parties.acme.workspace.folder)
    with parties.acme.workspace.transaction(), pytest.raises(WorkspaceError, match="another accountmap command"):
        SessionRunner(
            second, parties.acme.partner, FolderChannel(parties.acme.folder), CURVE, lambda: NOW
        ).advance(answers())
    second.close()


def test_the_budget_counts_sessions_in_which_points_left(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path, runs=1)
    for party in list(turns(parties))[:4]:
        party.map()
    parties.globex.runner().abandon()
    with pytest.raises(TrustError, match="used up"):
        parties.globex.map(new=True)


def test_runs_that_showed_no_more_than_a_sketch_are_not_counted(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path, runs=1)
    for _ in range(3):
        parties.acme.map(new=True)
        assert parties.globex.map().taken
        assert parties.acme.map(None).state == "undecided"
        parties.acme.runner().abandon()
        parties.globex.runner().abandon()
    parties.acme.map(new=True)
    parties.run()
    assert both_are_done(parties)


def test_declining_ends_the_session_on_both_sides(parties: Parties) -> None:
    for party in list(turns(parties))[:3]:
        party.map()
    declined = parties.globex.map(answer=False)
    assert declined.state == "stopped"
    assert parties.acme.map().state == "stopped"
    assert parties.acme.map().state == "stopped"


def test_a_refusal_in_the_reveal_ends_the_session(parties: Parties) -> None:
    """A partner without the keys of a match gets one guess, not one for each time that we run the program."""

    class LyingCurve:
        def __getattr__(self, name: str) -> Callable[..., object]:
            honest = getattr(CURVE, name)
            return (lambda scalars, points: honest(scalars, points[::-1])) if name == "multiply_each" else honest

    globex = parties.globex
    liar = SessionRunner(globex.workspace, globex.partner, FolderChannel(globex.folder), LyingCurve(), lambda: NOW)
    for _ in range(4):
        parties.acme.map()
        liar.advance(answers())
    with pytest.raises(PeerError, match="do not open") as refused:
        parties.acme.map()
    assert refused.value.hint.startswith("The session is over")
    outcome = parties.acme.map()
    assert (outcome.state, outcome.taken) == ("stopped", ())
    assert len(messages(parties)) == 8


def test_an_undecided_preview_waits_on_both_sides(parties: Parties) -> None:
    for n, party in enumerate(list(turns(parties))[:4]):
        for _ in range(2 if n > 1 else 0):
            outcome = party.map(answer=None)
            assert outcome.state == "undecided"
            assert outcome.preview is not None
            assert outcome.preview.partner_agreed == (party is parties.globex)
            assert len(messages(parties)) == n
        party.map()
    parties.run()
    assert both_are_done(parties)


def test_the_initiator_that_declines_ends_the_session_on_both_sides(parties: Parties) -> None:
    for party in list(turns(parties))[:2]:
        party.map()
    assert parties.acme.map(answer=False).state == "stopped"
    assert parties.globex.map().state == "stopped"
    for party in (parties.acme, parties.globex):
        assert party.workspace.sessions(party.partner)[0].charged is None, "no points have left"


def test_a_list_that_outgrew_the_agreement_is_refused(parties: Parties) -> None:
    from accountmap.linkage.prepare import prepare_accounts
    from accountmap.linkage.prepared import PROFILES
    from tests.parties import account_list

    grown = account_list([(f"x{n}", f"Wexley {n:05} Brewery", None, "prospect") for n in range(40)])
    own = parties.acme.workspace
    own.save_list(grown, prepare_accounts(grown, next(iter(PROFILES.values()))), "grown", NOW)
    with pytest.raises(TrustError, match="your agreement with Globex Data allows 16"):
        parties.acme.map()


def test_no_session_without_an_agreement_that_both_signed(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    acme, globex = parties.acme, parties.globex
    draft = propose_agreement(
        acme.workspace,
        acme.partner,
        purpose="p",
        sharing=share_all(),
        days=1,
        automatic_share=1.0,
        sessions_per_30_days=1,
        now=NOW,
    )
    with pytest.raises(TrustError, match="not signed"):
        sign_agreement(acme.workspace, draft.document.encode(), NOW)
    forged = draft.document.replace('purpose = "p"', 'purpose = "q"')
    with pytest.raises(TrustError, match="is not valid"):
        sign_agreement(globex.workspace, forged.encode(), NOW, sizes_confirmed=True)
    signed = sign_agreement(globex.workspace, draft.document.encode(), NOW, sizes_confirmed=True)
    widened = signed.document.replace("\n[responder]", '\n[[slot]]\nname = "x"\nspace = "x"\n\n[responder]')
    with pytest.raises(AccountmapError):
        sign_agreement(acme.workspace, widened.encode(), NOW)


def test_nothing_in_clear_in_what_travels(parties: Parties) -> None:
    parties.run()
    for data in messages(parties).values():
        for word in (b"Northwood", b"northwood", b"NORTHWOOD", b"silverpine", b"harbour", b"a1", b"Acme Cloud"):
            assert word not in data or len(word) < 3


def test_secrets_are_gone_when_the_session_is_over(parties: Parties) -> None:
    for party in turns(parties):
        (party.workspace.session_folder(1) / ".state-1.abcd.part").write_bytes(b"left by a kill")
        (party.workspace.session_folder(99) / "state-1").write_bytes(b"of a session that never began")
        party.map()
        kept = {path.name for path in party.workspace.session_folder(1).iterdir()}
        record = party.workspace.sessions(party.partner)[0]
        if record.status is Status.OPEN:
            assert kept == {f"state-{record.step}", record.sent}
    for party in (parties.acme, parties.globex):
        record = party.workspace.sessions(party.partner)[0]
        kept = {path.name for path in party.workspace.session_folder(1).iterdir()}
        assert {"result", record.sent} < kept <= {*RESULT_FILES, record.sent}
        assert [path.name for path in (party.workspace.folder / "sessions").iterdir()] == ["1"]


def test_an_open_session_is_not_revealed_by_itself_once_another_agreement_was_signed(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path, *both_know(150))
    for party in list(turns(parties))[:3]:
        party.map()
    assert parties.globex.map(None).preview.automatic
    draft = propose_agreement(
        parties.acme.workspace,
        parties.acme.partner,
        purpose="narrower",
        sharing=share_all(),
        days=365,
        automatic_share=1.0,
        sessions_per_30_days=10,
        now=NOW,
    )
    sign_agreement(parties.globex.workspace, draft.document.encode(), NOW)
    assert not parties.globex.map(None).preview.automatic


def test_nothing_secret_in_reprs(parties: Parties) -> None:
    for party in list(turns(parties))[:4]:
        party.map()
    acme = parties.acme
    record = acme.workspace.sessions(acme.partner)[0]
    opened = OpenSession.load(acme.workspace, acme.partner, record, CURVE, NOW)
    secret = opened.secrets.seed
    for value in (opened, opened.session, opened.secrets, opened.own, *acme.workspace.load_list(1)):
        shown = repr(value)
        assert "Northwood" not in shown
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown
        assert len(shown) < 200


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that opens and cannot be read is Linux's")
def test_a_file_that_cannot_be_read_is_named(parties: Parties) -> None:
    (parties.globex.folder / "odd.amap").symlink_to("/proc/self/mem")
    with pytest.raises(ChannelError, match=r"odd\.amap cannot be read"):
        parties.globex.map()
