"""Account lists with what makes de-duplication hard: twins, crowds, chains, shared numbers."""

import random
from dataclasses import replace

import pyarrow as pa
from pyspark.sql import DataFrame

from accountmap.accounts.schema import ACCOUNT_SCHEMA, SEGMENTS, AccountList
from accountmap.linkage.dedupe import Decision
from accountmap.linkage.prepared import Prepared
from accountmap.spark import PreparedFrames

_FIRST = (
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elm",
    "Fir",
    "Ginkgo",
    "Hazel",
    "Ivy",
    "Juniper",
    "Larch",
    "Maple",
)
_SECOND = ("stone", "brook", "field", "gate", "ford", "bridge", "mill", "wood", "harbour", "crest", "dale", "moor")
_TRADE = ("Analytics", "Bakery", "Ceramics", "Dairy", "Electronics", "Foods", "Glass", "Logistics", "Optics")
_FORMS = {"US": "Inc.", "DE": "GmbH", "GB": "Ltd", "FR": "SAS", "SE": "AB", "JP": "K.K."}
_TOP_LEVEL = {"US": "com", "DE": "de", "GB": "co.uk", "FR": "fr", "SE": "se", "JP": "co.jp"}
_CITIES = ("Ashton", "Berrow", "Caldwick", "Dunmere", "Elsby", "Farholt", "Gadebrück", "Hallevik")


def _company(random_: random.Random, number: int) -> dict[str, str | None]:
    country = random_.choice(list(_FORMS))
    first, second = random_.choice(_FIRST), random_.choice(_SECOND)
    name = f"{first}{second} {random_.choice(_TRADE)} {number % 4093:x}"
    return {
        "name": f"{name} {_FORMS[country]}",
        "domain": f"{first}{second}{number:x}.{_TOP_LEVEL[country]}".lower(),
        "country": country,
        "city": random_.choice(_CITIES),
        "duns": f"{number % 1_000_000_000:09d}" if number % 7 == 0 else None,
    }


def _typed(random_: random.Random, company: dict[str, str | None]) -> dict[str, str | None]:
    """Write a company as another clerk might."""
    account = dict(company)
    name = account["name"] or ""
    account["name"] = random_.choice([name, name.upper(), name.rsplit(" ", 1)[0], name.replace("o", "oo", 1)])
    for column in ("domain", "country", "city", "duns"):
        if random_.random() < 0.4:
            account[column] = None
    return account


def _crowds(rows: int) -> list[dict[str, str | None]]:
    """Make what many accounts share: a bare name, a domain, twins, and a number."""
    each = max(70, rows // 100)
    crowds: list[dict[str, str | None]] = [{"name": "Sub Corner"} for _ in range(each)]
    crowds += [{"name": f"Tenant {n:x} of Plaza {n % 97}", "domain": "plaza-tenants.com"} for n in range(each)]
    crowds += [{"name": None, "domain": "plaza-tenants.com"} for _ in range(3)]
    crowds += [{"name": "Corner Post Stores Ltd", "country": "GB", "city": "Ashton"} for _ in range(each)]
    crowds += [{"name": f"Depot {n % 40} Wharfside", "duns": "000000018"} for n in range(each // 4)]
    return crowds


def account_list(rows: int, seed: int = 1) -> AccountList:
    """Make a list of so many accounts, a fifth of them other spellings of companies that are listed already."""
    random_ = random.Random(seed)  # noqa: S311 - a list of examples, the same each time
    crowds = _crowds(rows)
    companies = [_company(random_, random_.randrange(10 * rows)) for _ in range((rows - len(crowds)) * 4 // 5)]
    again = [_typed(random_, random_.choice(companies)) for _ in range(rows - len(crowds) - len(companies))]
    accounts = [*companies, *again, *crowds]
    random_.shuffle(accounts)
    columns = {field.name: [account.get(field.name) for account in accounts] for field in ACCOUNT_SCHEMA}
    columns["account_id"] = [f"{seed}-{at:08d}" for at in range(len(accounts))]
    columns["segment"] = random_.choices(SEGMENTS, weights=[2, 1, 7], k=len(accounts))
    return AccountList(pa.table(columns, schema=ACCOUNT_SCHEMA), pa.table({}))


def company_list() -> AccountList:
    """Return the list of the company of docs/scaling.md: crowds with more accounts than are compared, flags."""
    accounts = account_list(600)
    at = accounts.table.column_names.index("off_limits")
    flags = pa.array([number % 7 == 0 or None for number in range(len(accounts))])
    return replace(accounts, table=accounts.table.set_column(at, "off_limits", flags))


def decisions_about(accounts: AccountList) -> list[Decision]:
    """Decide about accounts in crowds, where the answers matter to many others."""
    names = pa.table({"id": accounts.table["account_id"], "name": accounts.table["name"]}).to_pylist()
    twins = [row["id"] for row in names if row["name"] == "Corner Post Stores Ltd"]
    bare = [row["id"] for row in names if row["name"] == "Sub Corner"]
    return [
        Decision.of(twins[1], twins[2], same=False),
        Decision.of(bare[0], bare[1], same=True),
        Decision.of(twins[4], bare[2], same=True),
        Decision.of(twins[0], "an account that is no longer listed", same=True),
    ]


def assert_same(frames: PreparedFrames, expected: Prepared) -> None:
    """Compare a list that was prepared on Spark with one that was prepared here."""
    entities = frames.entities.toArrow().sort_by("entity_id")
    members = frames.members.toArrow().sort_by("account_id")
    ids = expected.entities["entity_id"]
    columns = ["entity_id", "segment", "full_name"]
    assert entities.select(columns).to_pydict() == expected.entities.select(columns).to_pydict()
    assert members["account_id"].to_pylist() == expected.members["account_id"].to_pylist()
    assert members["entity_id"].to_pylist() == ids.take(expected.members["entity"]).to_pylist()
    assert_same_keys(frames.keys, expected)


def assert_same_keys(frame: DataFrame, expected: Prepared) -> None:
    keys = frame.toArrow().sort_by([("entity_id", "ascending"), ("slot", "ascending")])
    ids = expected.entities["entity_id"]
    assert keys["entity_id"].to_pylist() == ids.take(expected.keys["entity"]).to_pylist()
    for column in ("slot", "value", "rule"):
        assert keys[column].to_pylist() == expected.keys[column].to_pylist()
