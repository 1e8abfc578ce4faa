"""Profiles and the user's rule for tiers: data that is compared, never run."""

from pathlib import Path

import pytest

from accountmap.errors import InputError
from accountmap.portfolio import MEASURES, TYPES, Goal, PartnerProfile, TierRule, read_tiers
from accountmap.portfolio.build import PARTNERS_SCHEMA
from accountmap.portfolio.profile import tier_of
from tests.portfolio.test_maturity import DOCS

RULE = """
[[tier]]
name = "gold"
all = [{ field = "score", at_least = 60 }, { field = "type", is = ["reseller", "distributor"] }]

[[tier]]
name = "silver"
all = [{ field = "shared", at_least = 10 }]
any = [{ field = "pipeline", at_least = 1e6 }, { field = "customers", at_least = 5, at_most = 50 }]
"""


def tiers(tmp_path: Path, text: str = RULE) -> tuple[TierRule, ...]:
    (tmp_path / "tiers.toml").write_text(text, "utf-8")
    return read_tiers(tmp_path / "tiers.toml")


@pytest.mark.parametrize(
    ("row", "tier"),
    [
        ({"score": 61.0, "types": "influence, reseller"}, "gold"),
        ({"score": 61.0, "types": "influence"}, ""),
        ({"score": None, "types": "reseller"}, ""),
        ({"shared": 10, "pipeline": 2e6}, "silver"),
        ({"shared": 10, "customers": 51}, ""),
        ({"shared": 10, "customers": 50}, "silver"),
        ({"shared": 9, "customers": 50}, ""),
        ({"score": 90.0, "types": "distributor", "shared": 90, "customers": 20}, "gold"),
    ],
)
def test_the_first_tier_whose_rule_holds_counts(tmp_path: Path, row: dict[str, object], tier: str) -> None:
    every = dict.fromkeys(PARTNERS_SCHEMA.names) | {"types": ""} | row
    assert tier_of(every, tiers(tmp_path)) == tier


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "tier = 3",
        "[[tier]]\nname = 3\nall = [{ field = 'score', at_least = 1 }]",
        "[[tier]]\nname = 'x'",
        "[[tier]]\nname = 'x'\nall = [{ field = '__class__', at_least = 1 }]",
        "[[tier]]\nname = 'x'\nall = [{ field = 'score', at_least = '__import__(\"os\")' }]",
        "[[tier]]\nname = 'x'\nall = [{ field = 'score', is = ['high'] }]",
        "[[tier]]\nname = 'x'\nall = [{ field = 'score', at_least = nan }]",
        "[[tier]]\nname = 'x'\nall = [{ field = 'score', at_least = true }]",
        "[[tier]]\nname = 'x'\nall = [{ field = 'type', at_least = 1 }]",
        "[[tier]]\nname = 'x'\nall = [{ field = 'type', is = [] }]",
        "[[tier]]\nname = 'x'\nrule = 'score > 3'\nall = [{ field = 'score', at_least = 1 }]",
        "[[tier]]\nname = 'x'\nall = 'score > 3'",
        "[other]\n" + RULE,
        "[" * 50_000,
    ],
)
def test_a_rule_that_is_anything_else_is_refused(tmp_path: Path, broken: str) -> None:
    with pytest.raises(InputError):
        tiers(tmp_path, broken)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_tiers(tmp_path / "none.toml")


def test_a_profile_comes_back_from_json() -> None:
    profile = PartnerProfile(
        types=("reseller", "retention"),
        owner="Ada",
        cost=1.5,
        goals=(Goal.parse("pipeline=500000@2027-06-30"), Goal.parse("score = 40")),
    )
    assert PartnerProfile.from_json(profile.to_json()) == profile


@pytest.mark.parametrize(
    "text", ["", "pipeline", "pipeline=", "pipeline=x", "pipeline=nan", "pipeline=-1", "luck=3"]
)
def test_goals_that_cannot_be_measured_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        Goal.parse(text)


def test_texts_of_a_profile_are_one_line() -> None:
    with pytest.raises(InputError):
        PartnerProfile(note="two\nlines")
    with pytest.raises(InputError):
        PartnerProfile(owner="x" * 201)


def test_measures_are_columns_of_the_table_of_partners() -> None:
    assert set(MEASURES) <= set(PARTNERS_SCHEMA.names)


def test_types_and_the_example_of_a_rule_are_documented(tmp_path: Path) -> None:
    for name in TYPES:
        assert f"| `{name}` |" in DOCS
    example = DOCS.partition("```toml\n")[2].partition("```")[0]
    assert [tier.name for tier in read_tiers(_written(tmp_path, example))] == ["gold", "silver"]


def _written(folder: Path, text: str) -> Path:
    (folder / "example.toml").write_text(text, "utf-8")
    return folder / "example.toml"
