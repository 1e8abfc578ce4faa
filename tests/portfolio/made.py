"""A portfolio of ten partners over the sample list, made without sessions: for figures, pages and files."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import pyarrow as pa

from accountmap.account_map.ideal import IdealCustomer, Rule
from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.linkage.prepared import Prepared
from accountmap.portfolio import (
    INTRODUCE,
    LINK_SCHEMA,
    PREVIEW_SCHEMA,
    QUESTION,
    THEM,
    TOPICS,
    US,
    Assessment,
    Exchange,
    Goal,
    Mapping,
    PartnerFacts,
    PartnerProfile,
    Portfolio,
    Stage,
    build_portfolio,
)
from tests.account_map.examples import account_list, prepared_list
from tests.portfolio.ten_partners import real_companies

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
IDEAL = IdealCustomer(
    (Rule("country", 50, ("DE", "FR")), Rule("employees", 50, (), 50, 2000)),
    fits_from=100,
)

SIZES = {"Globex": 240, "Initech": 160, "Hooli": 120, "Umbra": 90, "Vandelay": 60, "Wayfarer": 40, "Stark": 7}
PREVIEWED = ("Soylent", "Tyrell", "Wonka")


def own_list() -> tuple[AccountList, Prepared]:
    """Some nine hundred real companies, every seventh of them with two accounts; amounts in two currencies."""
    draw = random.Random(7)  # noqa: S311 no secret
    rows = []
    together = []
    for number, (name, website) in enumerate(real_companies("acme/accounts.csv", "Account Name", "Website")[:900]):
        segment = draw.choices(SEGMENTS, (25, 20, 55))[0]
        row = {
            "account_id": f"a{number:04}",
            "name": name,
            "domain": website,
            "segment": segment,
            "owner_name": ("Maya Lindqvist", "Tom Okafor")[number % 2],
            "country": ("Germany", "France", "Spain", None)[number % 4],
            "industry": ("Steel", "Software")[number % 2],
            "employees": draw.choice((10, 100, 1000, 10_000, None)),
            "amount": float(draw.randint(1, 400) * 1000) if segment == "opportunity" else None,
            "currency": ("EUR", "EUR", "USD")[number % 3] if segment == "opportunity" else None,
        }
        rows.append(row)
        if number % 7 == 0:
            rows.append(row | {"account_id": f"b{number:04}", "amount": None, "currency": None})
            together.append((f"a{number:04}", f"b{number:04}"))
    accounts = account_list(rows)
    return accounts, prepared_list(accounts, together)


def _links(name: str, ids: Sequence[str], draw: random.Random) -> pa.Table:
    rows = [
        {
            "account_id": account,
            "match_id": draw.randbytes(16).hex(),
            "their_segment": segment,
            "strength": "strong",
            "evidence": "domain+name",
            "their_name": None if number % 5 else f"{name} calls it {account}",
            "their_owner_name": f"Seller of {name}",
            "their_owner_email": f"seller@{name.lower()}.example",
        }
        for number, account in enumerate(ids)
        # Every tenth company stands on their list in two segments.
        for segment in draw.sample(SEGMENTS, 2 if number % 10 == 0 else 1)
    ]
    return pa.Table.from_pylist(rows, schema=LINK_SCHEMA)


def _exchanges(count: int, draw: random.Random) -> tuple[Exchange, ...]:
    found = []
    for _ in range(count):
        asked = NOW - timedelta(days=draw.randint(1, 90))
        answered = asked + timedelta(days=draw.randint(0, 14)) if draw.random() < 0.8 else None
        answered = answered if answered is None or answered <= NOW else None
        kind = draw.choice((INTRODUCE, INTRODUCE, QUESTION))
        made = kind == INTRODUCE and answered is not None and draw.random() < 0.7
        ours = draw.random() < 0.6
        made_by = ("", THEM if ours else US)[made]
        found.append(Exchange(draw.randbytes(16).hex(), kind, ours, asked, answered, made_by))
    return tuple(found)


def _preview(number: int) -> pa.Table:
    rows = [
        {"segment": segment, "entities": size, "estimate": estimate, "at_least": estimate - 40}
        | {"at_most": estimate + 40, "amount": amount, "currency": "EUR", "made": NOW - timedelta(days=5)}
        for segment, size, estimate, amount in (
            (None, 900, 200 + number, 3e7),
            ("customer", 220, 90 + number, None),
            ("opportunity", 180, 60 + number, 3e7),
            ("prospect", 500, 110 + number, None),
        )
    ]
    return pa.Table.from_pylist(rows, schema=PREVIEW_SCHEMA)


def facts(ids: Sequence[str]) -> list[PartnerFacts]:
    """Seven partners that were mapped, three with a preview, and one of which nothing is known."""
    draw = random.Random(11)  # noqa: S311 no secret
    found = []
    for number, (name, size) in enumerate(SIZES.items()):
        chosen = sorted(draw.sample(list(ids), size))
        mappings = tuple(
            Mapping(NOW - timedelta(days=30 * month + number), pa.array(chosen[: size - 5 * month]))
            for month in range(min(5, size // 6), -1, -1)
        )
        stages = [draw.choice(list(Stage)) for _ in range(2 * len(TOPICS))]
        names = [topic.name for topic in TOPICS]
        assessment = Assessment(
            dict(zip(names, stages, strict=False)), dict(zip(names, stages[8:], strict=True)), NOW
        )
        profile = PartnerProfile(
            types=(("reseller",), ("influence", "referral"), ("managed-service",))[number % 3],
            owner=f"Keeper of {name}",
            their_owner=f"Head of {name}",
            cost=1000.0 * number if number % 2 else None,
            goals=(Goal("pipeline", 1e6), Goal("score", 50.0)) if number == 0 else (),
        )
        found.append(
            PartnerFacts(
                slug=name.lower(),
                name=name,
                profile=profile,
                links=_links(name, chosen, draw),
                mappings=mappings,
                exchanges=_exchanges(4 * number, draw),
                assessment=assessment if number < 2 else None,
            )
        )
    previews = [
        PartnerFacts(slug=name.lower(), name=name, preview=_preview(number))
        for number, name in enumerate(PREVIEWED)
    ]
    return [*found, *previews, PartnerFacts(slug="nobody", name="Nobody Yet")]


@cache
def portfolio() -> Portfolio:
    accounts, prepared = own_list()
    ids = [each for each in accounts.table["account_id"].to_pylist() if each.startswith("a")]
    return build_portfolio("Acme Cloud", NOW, accounts, prepared, facts(ids), ideal=IDEAL)
