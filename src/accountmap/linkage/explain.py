"""How one account becomes its match keys, step by step, for people who wonder why two did or did not meet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from accountmap.linkage.facts import Facts, gather
from accountmap.linkage.keys import keys_of
from accountmap.linkage.names import split_words
from accountmap.linkage.places import city, country_code, country_of_domain, phone, postal_code, region
from accountmap.linkage.prepared import Profile, Slot
from accountmap.linkage.registry_ids import duns, lei, vat
from accountmap.linkage.transliterate import to_ascii


@dataclass(frozen=True)
class Step:
    """One step of canonicalisation and what came of it; `result` is empty where nothing was left."""

    what: str
    result: str


@dataclass(frozen=True)
class SlotKey:
    """The key in one slot of the profile: its value and the rule that made it, both None if there is none."""

    slot: Slot
    value: str | None
    rule: str | None


@dataclass(frozen=True)
class Explanation:
    """The steps in their order, and one entry for each slot of the profile.

    A key counts only if no other account of the list holds its value more strongly, which one account alone
    cannot show.
    """

    steps: tuple[Step, ...]
    keys: tuple[SlotKey, ...]


def _name_steps(written: str, facts: Facts) -> Iterator[Step]:
    yield Step("name in lower-case ASCII", to_ascii(written))
    yield Step("its words", " ".join(split_words(written)))
    if facts.name is None:
        yield Step("core name", "")
        return
    if facts.name.words != tuple(split_words(written)):
        yield Step("words of its Latin part", " ".join(facts.name.words))
    yield Step("without legal form, abbreviated", " ".join(facts.name.full))
    yield Step("core name, without holding words", " ".join(facts.name.core))


def _place_steps(account: Mapping[str, str | None], country: str | None) -> Iterator[Step]:
    """Read what is known of an account and makes no key, where it is given."""
    if text := account.get("city"):
        yield Step("city", city(text) or "")
    if text := account.get("region"):
        yield Step("region, ISO 3166-2", region(text, country) or "")
    if text := account.get("postal_code"):
        yield Step("postal code", postal_code(text, country) or "")
    if text := account.get("phone"):
        yield Step("phone, E.164", phone(text, country) or "")


def explain(account: Mapping[str, str | None], profile: Profile) -> Explanation:
    """Show each step from an account's cells to its keys.

    Args:
        account: cells by the column names of ACCOUNT_SCHEMA; those that are missing count as blank.
        profile: the slots to fill.
    """
    country = country_code(account.get("country"))
    numbers = {
        "lei": lei(account.get("lei")),
        "vat": vat(account.get("vat"), country),
        "duns": duns(account.get("duns")),
    }
    facts = gather(account, numbers)
    steps = [
        *(_name_steps(account.get("name") or "", facts)),
        Step(f"domain, from {facts.domain_column or 'domain, website or email'}", facts.domain or ""),
        Step("label of the domain", facts.label or ""),
        Step("country, as compared", facts.country or ""),
        *_place_steps(account, country or country_of_domain(facts.domain)),
        *(Step(kind, number) for kind, number in numbers.items() if number),
    ]
    made = dict(keys_of(facts, [slot.name for slot in profile.slots]))
    keys = (
        SlotKey(slot, made[at].value if at in made else None, made[at].rule if at in made else None)
        for at, slot in enumerate(profile.slots)
    )
    return Explanation(tuple(steps), tuple(keys))
