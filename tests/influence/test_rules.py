"""The rule: what the file says is what holds, and what it cannot say is refused."""

from datetime import date
from pathlib import Path

import pytest

from accountmap.errors import InputError
from accountmap.influence import DEFAULT_RULES, InfluenceRules, read_rules
from accountmap.influence.rules import Cost, parse_rules


def test_the_written_default_is_the_default() -> None:
    assert parse_rules(DEFAULT_RULES) == InfluenceRules()
    given = ("# since", "# until", "# gross", "# [", "# currency", "# programme =", "# marketing =", "# share")
    uncommented = "\n".join(
        line.removeprefix("# ") if line.startswith(given) else line for line in DEFAULT_RULES.splitlines()
    )
    rules = parse_rules(uncommented)
    assert rules.costs == {"Globex": Cost("EUR", 40_000.0, 15_000.0, 0.15)}
    assert (rules.since, rules.gross_margin) == (date(2026, 1, 1), 0.7)


def test_a_rule_is_read_with_its_costs_and_names(tmp_path: Path) -> None:
    file = tmp_path / "influence.toml"
    file.write_text(
        '[sourced]\nby = ["introduction"]\n[period]\nsince = 2026-01-01\nuntil = 2026-03-31\n'
        '[costs."Globex Corp."]\ncurrency = "eur"\nprogramme = 10\n[partners]\n"G" = "Globex Corp."\n'
    )
    rules = read_rules(file)
    assert rules.sourced_by == ("introduction",)
    assert rules.period(date(2026, 9, 1)) == (date(2026, 1, 1), date(2026, 3, 31))
    assert rules.costs == {"Globex Corp.": Cost("EUR", 10.0)}
    assert rules.partners == {"G": "Globex Corp."}
    assert rules.digest != InfluenceRules().digest


def test_without_a_period_it_is_the_last_year() -> None:
    assert InfluenceRules().period(date(2026, 6, 30)) == (date(2025, 7, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "not TOML"),
        ("[credit]\nx = 1", "no table 'credit'"),
        ("[sourced]\nhow = 1", "no 'how'"),
        ('[sourced]\nby = ["guess"]', "sourced by 'guess'"),
        ('[influenced]\nkinds = "meeting"', "not a list"),
        ("[influenced]\nbefore_days = -1", "before_days"),
        ("[influenced]\nbefore_days = 1.5", "before_days"),
        ("[comparison]\nconfidence = 1", "confidence"),
        ("[comparison]\nleast_deals = 0", "least_deals"),
        ("[models]\nhalf_life_days = 0", "half_life_days"),
        ("[models]\nposition = [1, 1, 1]", "add up to 1"),
        ("[models]\nposition = [1, 0]", "three shares"),
        ('[period]\nsince = "2026-01-01"', "not a day"),
        ("[period]\nsince = 2026-02-01\nuntil = 2026-01-01", "ends before"),
        ("[costs.Globex]\nprogramme = 3", "costs of 'Globex'"),
        ('[costs.Globex]\ncurrency = "EUR"\nshare = 2', "over 1"),
        ('[costs.Globex]\ncurrency = "shells"', "no currency"),
        ("[return]\ngross_margin = nan", "gross_margin"),
        ("[partners]\nG = 3", "not text"),
    ],
)
def test_a_rule_that_cannot_hold_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_rules(text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_rules(tmp_path / "none.toml")
