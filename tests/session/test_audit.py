"""An auditor passes honest parties, and finds what cheating ones did: each cheat is a party that ran a session."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from accountmap.errors import InputError, TrustError
from accountmap.linkage.prepared import Prepared
from accountmap.model import Role
from accountmap.psi.engine import Layout, Points, PointTable
from accountmap.psi.inputs import ComparisonSecrets
from accountmap.psi.suite import KEY_DST, key_message
from accountmap.psi.tables import NumpyPoints, NumpyTables, Present
from accountmap.session.active import default_curve
from accountmap.session.audit import AuditedParty, tokens_finding
from accountmap.session.audit_file import AuditFile
from accountmap.session.own_side import OwnSide
from accountmap.trust.identity import Identity
from accountmap.workspace import Workspace
from tests.parties import Parties, Party

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIGNED, COMMITTED, POINTS, ROWS, KEYS, BITS = range(6)
"""The findings of a party, in order."""


def shown(party: Party) -> AuditFile:
    return AuditFile.of(party.workspace, party.partner, party.workspace.sessions(party.partner)[0])


def audited(file: AuditFile) -> AuditedParty:
    return AuditedParty(file, default_curve(1))


def broken(party: Party, change: Callable[[AuditFile], AuditFile] = lambda file: file) -> set[int]:
    """Return which findings of a party do not hold."""
    findings = list(audited(change(shown(party))).findings())
    return {number for number, finding in enumerate(findings) if not finding.holds}


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    made = Parties.make(tmp_path)
    made.run()
    return made


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

    def sides(self: OwnSide, curve, points):  # type: ignore[no-untyped-def]
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
        for _ in range(4):
            parties.acme.map()
            parties.globex.map()
    cheat, honest = (parties.acme, parties.globex) if role is Role.INITIATOR else (parties.globex, parties.acme)
    assert broken(cheat) == {POINTS}
    assert broken(honest) == set()


def test_committed_keys_that_the_accounts_do_not_give_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A party that commits to its false keys has points that fit; but its accounts do not give such keys."""
    parties = Parties.make(tmp_path)
    honest = Party.map
    with monkeypatch.context() as patched:
        load = Workspace.load_list

        def swapped(self: Workspace, number: int):  # type: ignore[no-untyped-def]
            accounts, prepared = load(self, number)
            if self.card.name != "Acme Cloud":
                return accounts, prepared
            keys = prepared.keys
            values = ["guessedname" if i == 0 else v for i, v in enumerate(keys["value"].to_pylist())]
            false = keys.set_column(keys.column_names.index("value"), keys.schema.field("value"), pa.array(values))
            return accounts, Prepared(
                prepared.profile, prepared.entities, prepared.members, false, prepared.reference
            )

        patched.setattr(Workspace, "load_list", swapped)
        for _ in range(4):
            honest(parties.acme)
            honest(parties.globex)
    assert broken(parties.acme) == {KEYS}


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
