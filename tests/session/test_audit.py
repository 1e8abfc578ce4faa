"""An auditor passes honest parties, and finds what cheating ones did: each cheat is a party that ran a session."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pytest

from accountmap.accounts.schema import AccountList
from accountmap.curve.backends import make_curve
from accountmap.errors import InputError, TrustError
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES, Prepared
from accountmap.linkage.reference import Entry, Reference, load_reference, write_reference
from accountmap.model import PreviewKind, Role
from accountmap.psi.inputs import ComparisonSecrets
from accountmap.psi.ports import Layout, Points, PointTable
from accountmap.psi.sketch import VALUE_PREFIX, Values
from accountmap.psi.suite import KEY_DST, key_message
from accountmap.psi.tables import NumpyPoints, NumpyTables, Present
from accountmap.session import own_side, sketches
from accountmap.session.audit import AuditedParty, tokens_finding
from accountmap.session.audit_file import AuditFile
from accountmap.session.audit_list import agreed_reference
from accountmap.session.own_list import ENTITY_ID
from accountmap.session.own_side import Flags, OwnSide
from accountmap.trust.identity import Identity
from accountmap.trust.sharing import JointFilter
from accountmap.workspace import Workspace
from tests.parties import LEFT, RIGHT, Parties, Party, account_list, share_all

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIGNED, COMMITTED, SKETCH, POINTS, ROWS, KEYS, BITS = range(7)
"""The findings of a party, in order."""


def shown(party: Party) -> AuditFile:
    return AuditFile.of(party.workspace, party.partner, party.workspace.sessions(party.partner)[0])


def audited(file: AuditFile, reference: Reference | None = None) -> AuditedParty:
    return AuditedParty(file, make_curve(workers=1), reference)


def broken(
    party: Party,
    change: Callable[[AuditFile], AuditFile] = lambda file: file,
    reference: Reference | None = None,
) -> set[int]:
    """Return which findings of a party do not hold."""
    findings = list(audited(change(shown(party)), reference).findings())
    return {number for number, finding in enumerate(findings) if not finding.holds}


def detail(party: Party, number: int, reference: Reference | None = None) -> str:
    return list(audited(shown(party), reference).findings())[number].detail


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Parties:
    """One honest session, which the tests below only read."""
    return Parties.after_a_session(tmp_path_factory.mktemp("honest"))


def turns(parties: Parties) -> None:
    """Go on until a cheating party's points have been answered, or to the end."""
    for _ in range(5):
        parties.acme.map()
        parties.globex.map()


def test_honest_parties_pass(parties: Parties) -> None:
    assert broken(parties.acme) == set()
    assert broken(parties.globex) == set()
    both = tokens_finding(audited(shown(parties.acme)), audited(shown(parties.globex)))
    assert both.holds
    assert not both.detail


def test_the_auditor_draws_accounts_that_took_part(parties: Parties) -> None:
    drawn = audited(shown(parties.acme)).draw(3)
    names = dict(zip(["a1", "a2", "a3", "a4"], ["Northwood", "Silverpine", "Harbour", "Quillstone"], strict=True))
    assert len(drawn) == 3
    assert all(name.startswith(names[account]) for account, name in drawn)


def swap_list(file: AuditFile) -> AuditFile:
    return replace(file, frozen_list=file.frozen_list.replace(b"Northwood", b"Southwood"))


def other_seed(file: AuditFile) -> AuditFile:
    return replace(file, seed=hashlib.sha256(file.seed).digest())


def other_values(file: AuditFile) -> AuditFile:
    return replace(file, sketch_values=file.sketch_values.replace(b"northwood", b"southwood"))


def fewer_rows(file: AuditFile) -> AuditFile:
    length = 4 + int.from_bytes(file.key_table[:4], "big")
    return replace(file, key_table=file.key_table[length:])


@pytest.mark.parametrize("change", [swap_list, other_seed, other_values, fewer_rows])
def test_what_is_shown_must_be_what_was_committed_to(
    parties: Parties, change: Callable[[AuditFile], AuditFile]
) -> None:
    assert COMMITTED in broken(parties.acme, change)


def test_a_message_that_was_changed_afterwards_is_found(parties: Parties) -> None:
    def change(file: AuditFile) -> AuditFile:
        first, *rest = file.messages
        return replace(file, messages=(replace(first, body_digest="00" * 32), *rest))

    assert {SIGNED, COMMITTED, POINTS} <= broken(parties.acme, change)


class ScalarsPerRow(NumpyTables):
    """Blinds each row with a scalar of its own, so that tokens tell which name each row of the partner is."""

    def blind(self, layout: Layout, secrets: ComparisonSecrets) -> PointTable:
        table = super().blind(layout, secrets)
        points = np.frombuffer(table.body, np.uint8).reshape(-1, 32)
        scalars = np.frombuffer(
            b"".join(hashlib.sha256(bytes([row // len(layout.slots)])).digest() for row in range(len(points))),
            np.uint8,
        ).reshape(-1, 32)
        return NumpyPoints(self._curve, self._curve.multiply_each(scalars, points), len(layout.slots))


class KeysAcrossSlots(NumpyTables):
    """Puts keys of its own into the empty cells, where dummies should be."""

    def _dummies(self, absent: Present, _layout: Layout, _secrets: ComparisonSecrets) -> Points:
        guesses = [key_message(b"name", f"guess{n}".encode()) for n in range(int(absent.sum()))]
        return self._curve.hash_to_curve(KEY_DST, guesses)


def cheat_with(monkeypatch: pytest.MonkeyPatch, tables: type[NumpyTables], role: Role) -> None:
    """Have the program of one role use other tables; all else is the honest program."""
    honest = OwnSide.sides

    def sides(self: OwnSide, curve, points):
        made = honest(self, curve, points)
        if self.role is not role:
            return made
        return [replace(side, tables=tables(curve, side.tables._groups)) for side in made]

    monkeypatch.setattr(OwnSide, "sides", sides)


@pytest.mark.parametrize("tables", [ScalarsPerRow, KeysAcrossSlots])
@pytest.mark.parametrize("role", list(Role))
def test_points_that_are_not_of_the_key_table_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tables: type[NumpyTables], role: Role
) -> None:
    parties = Parties.make(tmp_path)
    with monkeypatch.context() as patched:
        cheat_with(patched, tables, role)
        turns(parties)
    cheat, honest = (parties.acme, parties.globex) if role is Role.INITIATOR else (parties.globex, parties.acme)
    assert broken(cheat) == {POINTS}
    assert broken(honest) == set()


Tables = tuple[AccountList, Prepared]


def cheat_with_list(monkeypatch: pytest.MonkeyPatch, change: Callable[[AccountList, Prepared], Prepared]) -> None:
    """Have Acme's program go on with other entities or keys than its list gives."""
    load = Workspace.load_list

    def loaded(self: Workspace, number: int) -> Tables:
        accounts, prepared = load(self, number)
        return accounts, change(accounts, prepared) if self.card.name == "Acme Cloud" else prepared

    monkeypatch.setattr(Workspace, "load_list", loaded)


def guessed_key(_accounts: AccountList, prepared: Prepared) -> Prepared:
    """Put a guess in the place of a key."""
    keys = prepared.keys
    values = ["guessedname" if i == 0 else v for i, v in enumerate(keys["value"].to_pylist())]
    at = keys.column_names.index("value")
    return replace(prepared, keys=keys.set_column(at, keys.schema.field(at), pa.array(values)))


def no_websites(_accounts: AccountList, prepared: Prepared) -> Prepared:
    """Leave out the websites, by which a match could be contradicted."""
    domain = [slot.name for slot in prepared.profile.slots].index("domain")
    return replace(prepared, keys=prepared.keys.filter(pc.not_equal(prepared.keys["slot"], domain)))


def invented_reference(_accounts: AccountList, prepared: Prepared) -> Prepared:
    """Give a company the id of another one in the reference list."""
    slot = [slot.name for slot in prepared.profile.slots].index("reference")
    rows = prepared.keys.to_pylist()
    rows.append({"entity": 3, "slot": slot, "value": "wd:Q2", "rule": "reference list"})
    rows.sort(key=lambda row: (row["entity"], row["slot"]))
    return replace(prepared, keys=pa.Table.from_pylist(rows, schema=prepared.keys.schema))


def companies_in_one_row(accounts: AccountList, prepared: Prepared) -> Prepared:
    """Say that accounts of two companies are one, so that a row tests the keys of both."""
    made = prepare_accounts(accounts, prepared.profile, (), entity_of=np.array([0, 1, 2, 1]))
    return replace(made, reference=prepared.reference)


@pytest.mark.parametrize(
    ("change", "says"),
    [(guessed_key, "that its accounts do not give"), (no_websites, "no key in the slot domain")],
)
def test_committed_keys_that_the_accounts_do_not_give_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[AccountList, Prepared], Prepared], says: str
) -> None:
    """A party that commits to its false keys has points that fit; but its accounts do not give such keys."""
    parties = Parties.make(tmp_path)
    with monkeypatch.context() as patched:
        cheat_with_list(patched, change)
        turns(parties)
    assert broken(parties.acme) == {KEYS}
    assert says in detail(parties.acme, KEYS)


REFERENCE = Reference(
    [Entry("wd:Q1", ("DE",), ("Northwood Bakery", "Nordholz")), Entry("wd:Q2", (), ("Ostrich Tyres", "Struthio"))],
    "5e" * 32,
)


def test_keys_of_the_reference_list_are_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parties = Parties.make(tmp_path, reference=REFERENCE)
    with monkeypatch.context() as patched:
        cheat_with_list(patched, invented_reference)
        turns(parties)
    assert broken(parties.acme, reference=REFERENCE) == {KEYS}
    assert "in the slot reference" in detail(parties.acme, KEYS, REFERENCE)
    assert broken(parties.globex, reference=REFERENCE) == set()
    for other in (None, Reference([], "00" * 32)):
        assert {ROWS, KEYS} <= broken(parties.globex, reference=other), "not passed over"
        assert "reference list is needed" in detail(parties.globex, KEYS, other)


def test_the_reference_list_is_the_one_that_the_agreement_names(tmp_path: Path) -> None:
    file, other = tmp_path / "reference.jsonl", tmp_path / "other.jsonl"
    write_reference(file, [Entry("wd:Q1", ("DE",), ("Northwood Bakery", "Nordholz"))])
    write_reference(other, [Entry("wd:Q1", ("DE",), ("Northwood Bakery", "Suedholz"))])
    parties = Parties.make(tmp_path, reference=load_reference(file))
    turns(parties)
    with_one = shown(parties.acme)
    known = agreed_reference(with_one, file)
    assert known is not None
    assert {number for number, each in enumerate(audited(with_one, known).findings()) if not each.holds} == set()
    for path in (None, other):
        with pytest.raises(InputError, match="not the reference list") as refused:
            agreed_reference(with_one, path)
        assert "--reference FILE" in refused.value.hint


FILTER = JointFilter(countries=("DE", "GB"))


@pytest.mark.parametrize(
    ("applied", "says"),
    [
        (JointFilter(), "outside the filter or off limits"),
        (JointFilter(countries=("DE",)), "that the agreement lets take part has no row"),
        (FILTER, ""),
    ],
)
def test_a_filter_that_is_ignored_or_falsely_applied_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, applied: JointFilter, says: str
) -> None:
    parties = Parties.make(tmp_path, sharing=replace(share_all("name"), joint_filter=FILTER), min_change=0)
    withheld = own_side.withheld

    def by_another(accounts: AccountList, prepared: Prepared, joint: JointFilter) -> pa.Table:
        is_cheat = accounts.table["account_id"][0].as_py() == "a1"
        return withheld(accounts, prepared, applied if is_cheat else joint)

    with monkeypatch.context() as patched:
        patched.setattr(own_side, "withheld", by_another)
        turns(parties)
    assert broken(parties.acme) == ({ROWS} if says else set())
    assert says in detail(parties.acme, ROWS)
    assert broken(parties.globex) == set()


def test_companies_that_share_a_row_are_shown_to_the_auditor(
    parties: Parties, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person may say that two accounts are one company; whoever says it of others tests more keys a row."""
    with monkeypatch.context() as patched:
        cheat_with_list(patched, companies_in_one_row)
        cheating = Parties.make(tmp_path, fresh=True)
        turns(cheating)
    assert broken(cheating.acme) == set()
    joined = audited(shown(cheating.acme)).joined()
    assert joined == [(("a2", "Silverpine Logistics Inc."), ("a4", "Quillstone Analytics"))]
    assert audited(shown(parties.acme)).joined() == []


def test_no_company_hides_behind_another_one_of_its_row(parties: Parties) -> None:
    frozen = audited(shown(parties.acme)).frozen
    table = pa_csv.read_csv(io.BytesIO(frozen.data))
    together = ["a1" if account == "a1" else "a2" for account in table["account_id"].to_pylist()]
    at, written = table.column_names.index(ENTITY_ID), io.BytesIO()
    pa_csv.write_csv(table.set_column(at, ENTITY_ID, pa.array(together)), written)
    pairs = replace(frozen, data=written.getvalue()).joined_by_hand()
    assert [(one[0], other[0]) for one, other in pairs] == [("a2", "a3"), ("a2", "a4")]


def test_a_sketch_with_names_that_the_list_does_not_have_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = sketches.sketch_values

    def more_values(prepared: Prepared, taking_part: Flags, segments: tuple[str, ...]) -> Values:
        values = honest(prepared, taking_part, segments)
        if prepared.members["account_id"][0].as_py() != "a1":
            return values
        named = np.ones((1, len(segments)), np.bool_)
        return Values([*values.messages, VALUE_PREFIX + b"guess"], np.concatenate([values.in_segment, named]))

    with monkeypatch.context() as patched:
        patched.setattr(sketches, "sketch_values", more_values)
        parties = Parties.make(tmp_path, fresh=True)
        turns(parties)
    assert broken(parties.acme) == {SKETCH}
    assert "does not have" in detail(parties.acme, SKETCH)
    assert broken(parties.globex) == set()


def test_what_an_honest_party_may_decide_is_no_finding(tmp_path: Path) -> None:
    """Off limits, never previewed, on several lines: accounts as they come."""
    parties = Parties.make(tmp_path, LEFT, RIGHT)
    workspace = parties.acme.workspace
    accounts = account_list([*LEFT, ("a5", "Gannet\nOptics", None, "prospect")])
    flags = pa.array([None, None, None, True, False])
    at = accounts.table.column_names.index("off_limits")
    accounts = replace(accounts, table=accounts.table.set_column(at, "off_limits", flags))
    prepared = prepare_accounts(accounts, next(iter(PROFILES.values())))
    workspace.save_list(accounts, prepared, "test", NOW)
    with workspace.transaction():
        workspace.previews.leave_out(["opportunity"])
        sketches.renew_sketch(workspace, PreviewKind.SKETCH, now=NOW, confirmed=True)
    parties.run()
    assert broken(parties.acme) == set()
    assert {account for account, _ in audited(shown(parties.acme)).draw()} == {"a1", "a2", "a3", "a5"}


def test_a_file_opens_for_its_auditor_alone(parties: Parties) -> None:
    auditor, stranger = (Identity.generate(name, NOW) for name in ("Auditor", "Stranger"))
    party = parties.acme
    sealed = b"".join(shown(party).seal(party.workspace.identity, auditor.card))
    opened, sender = AuditFile.open(sealed, auditor)
    assert opened == shown(party)
    assert sender.digest == party.workspace.card.digest
    with pytest.raises(InputError, match="somebody else"):
        AuditFile.open(sealed, stranger)
    for at in (30, len(sealed) // 2, len(sealed) - 1):
        altered = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(InputError):
            AuditFile.open(altered, auditor)
    for cut in (0, 10, 2000, len(sealed) - 1):
        with pytest.raises(InputError):
            AuditFile.open(sealed[:cut], auditor)


def test_no_file_is_written_for_a_party(parties: Parties) -> None:
    party = parties.acme
    with pytest.raises(TrustError, match="not an auditor"):
        b"".join(shown(party).seal(party.workspace.identity, party.partner.card))


def test_files_of_two_sessions_do_not_go_together(parties: Parties) -> None:
    acme, globex = audited(shown(parties.acme)), audited(shown(parties.globex))
    with pytest.raises(InputError):
        tokens_finding(globex, acme)
    other = audited(replace(shown(parties.globex), sid=bytes(32)))
    with pytest.raises(InputError):
        tokens_finding(acme, other)
