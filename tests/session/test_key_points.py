"""Points are kept beside the list that they were made of, and used for no other."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from accountmap.accounts.read import read_accounts
from accountmap.curve.backends import OpenSSLCurve
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES, Prepared
from accountmap.psi.suite import KEY_DST, key_message
from accountmap.session.own_list import kept_key_points, key_points
from accountmap.trust.sealed import Storage
from accountmap.workspace.sealed_files import SealedFile

CURVE = OpenSSLCurve()


STORAGE = Storage(bytes(range(32)))


def sealed(path: Path) -> SealedFile:
    return SealedFile(path.parent, path.name, lambda: STORAGE)


class NoCurve(OpenSSLCurve):
    def hash_to_curve(self, *_: object) -> np.ndarray:
        raise AssertionError("the points are there already")


def prepared_list(*names: str) -> Prepared:
    table = pd.DataFrame({"name": names, "domain": [f"{n.split()[0].lower()}.com" for n in names]})
    return prepare_accounts(read_accounts(table), PROFILES["standard"])


@pytest.fixture
def prepared() -> Prepared:
    return prepared_list("Brightwater Bakery Ltd", "Larkspur Tools GmbH", "Ondine Shipping SA")


def test_they_are_the_points_of_the_keys(prepared: Prepared) -> None:
    slots = prepared.profile.slots
    messages = [
        key_message(slots[key["slot"]].space.encode(), key["value"].encode()) for key in prepared.keys.to_pylist()
    ]
    assert len(messages) > 6
    assert np.array_equal(key_points(prepared, CURVE), CURVE.hash_to_curve(KEY_DST, messages))


def test_they_are_made_once(tmp_path: Path, prepared: Prepared) -> None:
    made = kept_key_points(sealed(tmp_path / "points"), prepared, CURVE)
    assert np.array_equal(kept_key_points(sealed(tmp_path / "points"), prepared, NoCurve()), made)
    assert (tmp_path / "points").stat().st_mode & 0o077 == 0


def test_another_list_replaces_them(tmp_path: Path, prepared: Prepared) -> None:
    file = sealed(tmp_path / "points")
    kept_key_points(file, prepared, CURVE)
    other = prepared_list("Brightwater Bakery Ltd", "Larkspur Tools GmbH", "Ondyne Shipping SA")
    assert np.array_equal(kept_key_points(file, other, CURVE), key_points(other, CURVE))
    assert np.array_equal(kept_key_points(file, other, NoCurve()), key_points(other, CURVE))


def test_other_name_spaces_replace_them(tmp_path: Path, prepared: Prepared) -> None:
    file = sealed(tmp_path / "points")
    before = kept_key_points(file, prepared, CURVE)
    first, *others = prepared.profile.slots
    slots = (dataclasses.replace(first, space=f"{first.space}2"), *others)
    other = dataclasses.replace(prepared, profile=dataclasses.replace(prepared.profile, slots=slots))
    assert not np.array_equal(kept_key_points(file, other, CURVE), before)


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: kept[:-1],
        lambda kept: kept[:0],
        lambda kept: bytes(32) + kept[32:],
        lambda kept: kept[:-1] + bytes([kept[-1] ^ 1]),
    ],
    ids=["cut", "empty", "other head", "one bit"],
)
def test_a_file_that_does_not_fit_is_replaced(tmp_path: Path, prepared: Prepared, damage) -> None:
    file = sealed(tmp_path / "points")
    made = kept_key_points(file, prepared, CURVE)
    whole = file.path.read_bytes()
    file.path.write_bytes(damage(whole))
    assert np.array_equal(kept_key_points(file, prepared, CURVE), made)
    assert np.array_equal(kept_key_points(file, prepared, NoCurve()), made)


def test_a_file_that_cannot_be_kept_costs_only_time(tmp_path: Path, prepared: Prepared) -> None:
    (tmp_path / "file").write_bytes(b"")
    place = sealed(tmp_path / "file" / "points")
    assert np.array_equal(kept_key_points(place, prepared, CURVE), key_points(prepared, CURVE))
    assert not place.exists()
