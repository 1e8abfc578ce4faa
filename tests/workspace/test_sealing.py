"""What lies in a workspace shows nothing to whoever reads its folder, and takes no other file's place."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from accountmap.account_map.schema import (
    MATCH_SCHEMA,
    WITHHELD_SCHEMA,
    EngagementRule,
    SessionResult,
)
from accountmap.errors import WorkspaceError
from accountmap.linkage.prepared import PROFILES
from accountmap.model import Says, Strength
from accountmap.trust import key_file
from accountmap.workspace import PartnerRecord, Workspace
from accountmap.workspace.user_files import add_reviews, load_reviews
from tests.workspace.conftest import NAME, NOW, add_session

RESULT = SessionResult(
    session_id="00" * 32,
    own_name="Acme Cloud",
    partner_name="Globex Data",
    finished=NOW,
    partner_sizes={"customer": 16},
    matches=MATCH_SCHEMA.empty_table(),
    their_fields=pa.table({"name": pa.array([NAME])}),
    receipt="11" * 32,
    reveals=("one", "two"),
    named_cells=frozenset({("customer", "prospect"), ("customer", "customer")}),
    shown_fields={("customer", "prospect"): (("name",), ())},
    rules=(EngagementRule(frozenset({"customer"}), frozenset({"prospect"}), frozenset(), "me"),),
    withheld=WITHHELD_SCHEMA.empty_table(),
    counted_cells=frozenset({("prospect", "prospect")}),
)


def test_a_result_comes_back(workspace: Workspace, partner: PartnerRecord) -> None:
    record = add_session(workspace, partner, 1)
    workspace.save_result(record, RESULT)
    assert workspace.result(record) == RESULT


def test_a_prepared_list_comes_back(workspace: Workspace) -> None:
    """Also the kinds of its slots: what is only equal to one decides otherwise."""
    _, prepared = workspace.load_list(1)
    with Workspace.open(workspace.folder) as again:
        _, read = again.load_list(1)
    assert read.profile == prepared.profile == next(iter(PROFILES.values()))
    assert {type(slot.strength) for slot in read.profile.slots} == {Strength}
    assert {type(slot.says) for slot in read.profile.slots} == {Says}
    assert read.keys == prepared.keys


def test_no_name_of_an_account_lies_in_the_folder(
    workspace: Workspace, partner: PartnerRecord, tmp_path: Path
) -> None:
    record = add_session(workspace, partner, 1)
    workspace.save_result(record, RESULT)
    reviews = tmp_path / "reviews.csv"
    reviews.write_text(
        f"account_id,evidence,their_segment,decision\n{NAME},name,prospect,keep\n", encoding="utf-8"
    )
    add_reviews(workspace, partner.slug, reviews)
    assert [each.account_id for each in load_reviews(workspace, partner.slug)] == [NAME]
    files = [path for path in workspace.folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        data = path.read_bytes()
        for word in (b"Northwood", b"northwood", b"PAR1"):
            assert word not in data, path


def test_a_sealed_file_does_not_open_under_another_name(workspace: Workspace) -> None:
    one, other = workspace.sealed("lists/1/a"), workspace.sealed("lists/1/b")
    one.write([b"first ", memoryview(b"part")])
    assert bytes(one.read()) == b"first part"
    one.path.rename(other.path)
    assert (one.exists(), other.exists()) == (False, True)
    with pytest.raises(WorkspaceError, match="damaged or belongs"):
        other.read()
    other.delete()
    other.delete()


def test_lists_need_the_passphrase_and_cards_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(key_file.SCRYPT, "n", 1 << 10)
    secret = "plinth voucher mongoose tariff"
    with Workspace.create(tmp_path / "own", "Acme", NOW, passphrase=secret) as made:
        made.sealed("lists/1/x").write(b"names")
    with Workspace.open(tmp_path / "own") as own:
        assert own.card.name == "Acme"
        assert own.is_protected
        with pytest.raises(WorkspaceError, match="passphrase"):
            own.sealed("lists/1/x").read()
    with Workspace.open(tmp_path / "own", lambda _: secret) as own:
        assert bytes(own.sealed("lists/1/x").read()) == b"names"


def test_what_was_sealed_outlives_a_rotation(workspace: Workspace, partner: PartnerRecord) -> None:
    old = workspace.card
    record = add_session(workspace, partner, 1)
    workspace.save_result(record, RESULT)
    rotation = workspace.rotate(datetime(2027, 1, 1, tzinfo=UTC))
    rotation.check(old)
    with Workspace.open(workspace.folder) as again:
        assert again.card == rotation.card != old
        assert again.last_rotation == rotation
        assert again.result(record) == RESULT
        assert again.load_list(1)[0].table["name"].to_pylist() == [NAME]
        assert old.digest.hex() in again.ledger().cards


def test_a_rotation_that_is_interrupted_leaves_the_old_card(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The identity file changes last and in one step: a crash before it has changed nothing."""
    old = workspace.card

    def crash(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("accountmap.workspace.keys.write_atomic", crash)
    with pytest.raises(WorkspaceError, match="No space left"):
        workspace.rotate(datetime(2027, 1, 1, tzinfo=UTC))
    monkeypatch.undo()
    assert workspace.card == old
    with Workspace.open(workspace.folder) as again:
        assert again.card == old
        assert again.identity.card == old
        assert again.last_rotation is None
        assert again.rotate(datetime(2027, 1, 2, tzinfo=UTC)).old_card == old.digest.hex()
