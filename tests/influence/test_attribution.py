"""Each deal gets its class by the rule, each sum is its deals, and each credit leads to its evidence."""

import sqlite3
from datetime import date
from functools import cache

import pyarrow as pa
import pytest

from accountmap.influence import Influence, InfluenceRules
from accountmap.influence.evidence import AFTER_STAGE, NOT_A_KIND, TOO_EARLY, TOO_LATE
from accountmap.influence.models import MODELS, SHAPLEY
from accountmap.influence.rules import Cost, parse_rules
from tests.influence.examples import example
from tests.influence.simulated import simulated


@cache
def standard() -> Influence:
    return example()


@cache
def many_deals() -> Influence:
    return simulated(600, 5, 0.2).influence()


@pytest.fixture(params=[standard, many_deals], ids=["by hand", "simulated"])
def found(request: pytest.FixtureRequest) -> Influence:
    made: Influence = request.param()
    return made


def classes(found: Influence) -> dict[str, str]:
    return dict(zip(found.deals["deal_id"].to_pylist(), found.deals["class"].to_pylist(), strict=True))


def test_each_deal_is_in_the_class_that_the_rule_gives_it() -> None:
    assert classes(standard()) == {
        "D1": "influenced",  # also shared: an act counts more than an overlap
        "D2": "sourced",
        "D3": "shared",
        "D4": "sourced",
        "D5": "shared",  # a field alone names a partner, and the overlap has another one
        "D6": "untouched",
    }


def test_a_deal_is_sourced_by_the_earliest_partner_and_influenced_by_the_others() -> None:
    (deal,) = [row for row in standard().deals.to_pylist() if row["deal_id"] == "D4"]
    assert (deal["sourced_by"], deal["sourced_how"]) == ("Globex", "introduction")
    assert deal["influenced_by"] == "Umbrella"
    assert deal["shared_with"] == "Initech"


def test_what_does_not_count_says_why() -> None:
    rows = standard().touches.to_pylist()
    reasons = {
        (row["deal_id"], row["kind"], row["date"]): row["not_counted"] for row in rows if row["not_counted"]
    }
    assert reasons == {
        ("D1", "newsletter", date(2026, 2, 1)): NOT_A_KIND,
        ("D1", "meeting", date(2026, 3, 2)): TOO_LATE,
        ("D1", "meeting", date(2025, 9, 1)): TOO_EARLY,
        ("D2", "partner field", date(2026, 2, 1)): NOT_A_KIND,
        ("D4", "partner field", date(2026, 5, 1)): NOT_A_KIND,
        ("D5", "partner field", date(2026, 5, 1)): NOT_A_KIND,
        ("D5", "source field", date(2026, 5, 1)): NOT_A_KIND,
    }
    assert not [row for row in rows if row["counts"] == "no" and not row["not_counted"]]


def test_the_windows_decide() -> None:
    late = example(D4={"created": date(2026, 10, 15)})
    assert classes(late)["D4"] == "sourced", "by the registration; the introduction is too old"
    rule = InfluenceRules(sourced_by=("introduction",), introduction_days=29)
    assert classes(example(rule))["D4"] == "influenced", "30 days before is one too many"
    assert classes(example(InfluenceRules(sourced_by=("introduction",), introduction_days=30)))["D4"] == "sourced"
    early = InfluenceRules(registration_days=1, sourced_by=("registered deal",))
    assert classes(example(early))["D4"] == "influenced", "registered on the second day after"
    assert classes(example(InfluenceRules(source_values=("Web",))))["D5"] == "sourced"


def test_a_field_counts_only_if_the_rule_says_so() -> None:
    rule = InfluenceRules(kinds=("partner field",))
    assert classes(example(rule))["D5"] == "influenced"


def test_touches_after_a_late_stage_do_not_count() -> None:
    stages = (("D1", "Qualified", date(2026, 1, 11)), ("D1", "Contract Sent", date(2026, 1, 20)))
    found = example(InfluenceRules(not_after_stages=("contract sent",)), stages=stages)
    rows = {(row["kind"], row["date"]): row for row in found.touches.to_pylist() if row["deal_id"] == "D1"}
    assert rows["meeting", date(2026, 1, 12)]["counts"] == "influenced"
    assert rows["meeting", date(2026, 1, 12)]["stage_then"] == "Qualified"
    assert rows["Demo", date(2026, 1, 22)]["not_counted"] == AFTER_STAGE
    assert rows["Demo", date(2026, 1, 22)]["stage_then"] == "Contract Sent"


def test_currencies_are_never_added_up() -> None:
    rows = [row for row in standard().totals.to_pylist() if row["partner_name"] is None and row["deals"]]
    sums = {(row["of"], row["currency"], row["class"]): (row["deals"], row["deal_amount"]) for row in rows}
    assert sums == {
        ("won in the period", "EUR", "sourced"): (1, 500.0),
        ("won in the period", "EUR", "influenced"): (1, 1000.0),
        ("won in the period", "JPY", "shared"): (1, 70_000.0),
        ("open", "EUR", "sourced"): (1, 800.0),
        ("open", "EUR", "shared"): (1, 300.0),
    }


def test_other_names_of_a_partner_lead_to_it() -> None:
    rule = parse_rules('[partners]\n"GLOBEX corp" = "Globex"\n')
    found = example(rule, D2={"partner": "Globex Corp"})
    assert found.deals.to_pylist()[0]["sourced_by"] == "Globex"
    assert set(found.totals["partner_name"].drop_null().to_pylist()) == {"Globex", "Initech", "Umbrella"}


def database(found: Influence) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    for name in ("deals", "partner_deals", "touches", "credits"):
        table: pa.Table = getattr(found, name)
        columns = ", ".join(f'"{each}"' for each in table.column_names)
        connection.execute(f"CREATE TABLE {name} ({columns})")
        marks = ", ".join("?" * table.num_columns)
        rows = zip(*(map(_plain, column.to_pylist()) for column in table.columns), strict=True)
        connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608 a name of ours
    return connection


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def test_every_sum_is_what_a_database_makes_of_the_exported_deals(found: Influence) -> None:
    connection = database(found)
    whole = {
        tuple(row[:3]): tuple(row[3:])
        for row in connection.execute(
            'SELECT "of", class, currency, count(*), total(round(100 * deal_amount)) FROM deals '
            "WHERE \"of\" NOT LIKE 'lost%' GROUP BY 1, 2, 3"
        )
    }
    own = {
        tuple(row[:4]): tuple(row[4:])
        for row in connection.execute(
            'SELECT partner_name, "of", role, currency, count(*), total(round(100 * deal_amount)) '
            "FROM partner_deals WHERE \"of\" NOT LIKE 'lost%' GROUP BY 1, 2, 3, 4"
        )
    }
    seen = 0
    for row in found.totals.to_pylist():
        key = (row["of"], row["class"], row["currency"])
        expected = whole.get(key) if row["partner_name"] is None else own.get((row["partner_name"], *key))
        assert (row["deals"], round(100 * row["deal_amount"])) == (expected or (0, 0)), row
        seen += bool(expected)
    assert seen == len(whole) + len(own)


def test_every_credit_is_what_a_database_makes_of_the_exported_credits(found: Influence) -> None:
    """Of each model, each partner and all together, with the least, the most, and how far they are apart."""
    connection = database(found)
    sums = {
        (model, partner, of, currency): credit / (1 if currency == "JPY" else 100)
        for model, partner, of, currency, credit in connection.execute(
            'SELECT model, partner_name, "of", currency, sum(credit) FROM credits GROUP BY 1, 2, 3, 4 '
            'UNION ALL SELECT model, NULL, "of", currency, sum(credit) FROM credits GROUP BY 1, 3, 4'
        )
    }
    seen = 0
    for row in found.by_model.to_pylist():
        place = (row["partner_name"], row["of"], row["currency"])
        wanted = {model: sums.get((model, *place), 0.0) for model in MODELS}
        assert {model: row[model.replace(" ", "_")] for model in MODELS} == pytest.approx(wanted), place
        assert (row["lowest"], row["highest"]) == pytest.approx((min(wanted.values()), max(wanted.values())))
        whole = [credit for model, credit in wanted.items() if model != SHAPLEY]
        if sum(whole):
            assert row["spread"] == pytest.approx((max(whole) - min(whole)) * len(whole) / sum(whole))
        seen += len(wanted)
    assert seen >= len(sums)
    over = connection.execute(
        "SELECT count(*) FROM (SELECT c.deal_id FROM credits c JOIN deals d USING (deal_id) GROUP BY c.deal_id, "
        "model HAVING round(100 * sum(c.credited)) > round(100 * max(d.deal_amount)))"
    ).fetchone()[0]
    assert over == 0


def test_every_credit_leads_to_a_touch_with_a_day_and_a_place(found: Influence) -> None:
    connection = database(found)
    without = connection.execute(
        "SELECT count(*) FROM credits c WHERE NOT EXISTS (SELECT 1 FROM touches t WHERE t.deal_id = c.deal_id AND "
        "t.partner_name = c.partner_name AND t.counts <> 'no' AND t.date IS NOT NULL AND t.record <> '')"
    ).fetchone()[0]
    assert without == 0
    counted = connection.execute("SELECT count(*) FROM touches WHERE counts = 'sourced'").fetchone()[0]
    assert counted == connection.execute("SELECT count(*) FROM deals WHERE class = 'sourced'").fetchone()[0]
    orphans = connection.execute(
        "SELECT count(*) FROM deals d WHERE class IN ('sourced', 'influenced') AND NOT EXISTS (SELECT 1 FROM "
        "touches t WHERE t.deal_id = d.deal_id AND t.counts <> 'no')"
    ).fetchone()[0]
    assert orphans == 0


def test_where_nobody_asked_and_who_claims_a_deal_is_listed() -> None:
    missed = [(row["deal_id"], row["partner_name"]) for row in standard().missed.to_pylist()]
    assert missed == [("D4", "Initech"), ("D5", "Initech")], "open deals with its customers, the largest first"
    conflicts = {(row["deal_id"], row["reason"]): row["claimed_by"] for row in standard().conflicts.to_pylist()}
    assert conflicts == {
        ("D4", "sourced twice"): "Globex · Umbrella",
        ("D4", "registered on another partner's list"): "Initech · Umbrella",
    }


def test_costs_are_set_beside_the_range_of_the_models() -> None:
    rule = parse_rules(
        '[return]\ngross_margin = 0.5\n[costs.globex]\ncurrency = "EUR"\nprogramme = 100\nshare = 0.1\n'
    )
    (row,) = example(rule).returns.to_pylist()
    assert (row["partner_name"], row["partner_cost"], row["sourced_revenue"]) == ("Globex", 150.0, 500.0)
    credited = example(rule).by_model.to_pylist()
    (own,) = [r for r in credited if r["partner_name"] == "Globex" and r["of"] == "won in the period"]
    assert row["credited_at_least"] == pytest.approx(own["lowest"] / 2)
    assert row["return_at_most"] == pytest.approx((own["highest"] / 2 - 150) / 150)


def test_costs_of_a_profile_count_by_days_where_the_rule_has_none() -> None:
    profiles = {"Globex": Cost("", programme=730, share=0.1), "Initech": Cost("EUR", programme=365)}
    rule = parse_rules('[period]\nsince = 2025-07-01\n[costs.initech]\ncurrency = "EUR"\nprogramme = 7\n')
    found = example(rule, yearly_costs=profiles)
    days = (found.period[1] - found.period[0]).days + 1
    rows = {row["partner_name"]: row for row in found.returns.to_pylist()}
    assert rows["Globex"]["partner_cost"] == pytest.approx(2 * days + 0.1 * rows["Globex"]["sourced_revenue"])
    assert (rows["Globex"]["currency"], rows["Globex"]["cost_from"]) == ("EUR", "profile")
    assert (rows["Initech"]["partner_cost"], rows["Initech"]["cost_from"]) == (7.0, "rule")


def test_the_summary_says_how_much_hangs_on_the_windows() -> None:
    found = example(InfluenceRules(kinds=("meeting",), sourced_by=("introduction",), before_days=80))
    narrow, middle, wide = found.sensitivity["influenced"]
    assert (narrow, middle, wide) == (1000.0, 1000.0, 1000.0)
    far = example(D1={"created": date(2026, 2, 28)}, rules=None)
    assert far.sensitivity["influenced"][0] <= far.sensitivity["influenced"][2]
