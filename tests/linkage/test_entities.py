from pathlib import Path

import pyarrow as pa
import pytest

from accountmap.accounts.schema import ACCOUNT_SCHEMA
from accountmap.errors import InputError
from accountmap.linkage.candidates import ListTraits, misspellings, shared_marks, typing_marks
from accountmap.linkage.compare import Traits, form_words, same_but_for_typing, traits_of
from accountmap.linkage.dedupe import Clusters, Decision, Resolution, read_decisions, resolve
from accountmap.linkage.facts import read_facts
from accountmap.linkage.places import fold
from accountmap.linkage.prepare import compute_part

Row = dict[str, str]


def traits(rows: list[Row]) -> Traits:
    ids = {kind: [row.get(kind) for row in rows] for kind in ("lei", "vat", "duns")}
    cities = [fold(row["city"]) if "city" in row else None for row in rows]
    return traits_of([row["id"] for row in rows], (read_facts(row) for row in rows), ids, cities)


def accounts(*described: Row) -> list[Row]:
    return [{"id": f"a{at}", **row} for at, row in enumerate(described)]


def gathered(*described: Row) -> ListTraits:
    """Gather accounts in parts of one."""
    rows = accounts(*described)
    listed = ListTraits(pa.chunked_array([[row["id"] for row in rows]], pa.string()))
    for row in rows:
        own = traits([row])
        marks = [table for make in (shared_marks, typing_marks) for table in make(own).to_pydict().items()]
        listed.add(own.table(), pa.table(dict(marks)))
    return listed


def groups(resolution: Resolution) -> list[int]:
    return resolution.entity_of.tolist()


def account(name: str = "", **columns: str) -> Row:
    return {"name": name, **columns}


SAME = [
    [account("Acme GmbH", country="DE"), account("ACME G.m.b.H.", country="Germany")],
    [account("Acme Ltd", country="GB"), account("Acme Limited", country="UK")],
    [account("Acme Ltd", country="GB", city="London"), account("Acme", city="LONDON")],
    [account("Acme", website="acme.com"), account("Acme Inc", country="US", email="jo@acme.com")],
    [account("Acme GmbH", website="acme.de"), account("Acme GmbH", website="www.acme.com")],
    [account("Consolidated Northwind Traders", country="US"), account("CONSOLIDATED NORTHWIND TRADERS INC")],
    [account("Face Book", city="Menlo Park"), account("Facebook", city="Menlo Park")],
    [account("Northwind Traders", website="northwind.com"), account("Northwnid Traders", website="northwind.com")],
    [account("Traders Northwind", website="northwind.com"), account("Northwind Traders", website="northwind.com")],
    [account("Acme", website="acme.com"), account(email="jo@acme.com")],
    [account("Acme", lei="A"), account("Quite Another Name", lei="A", country="FR")],
    [account("Acme Robotics", vat="DE1"), account("Acme", vat="DE1")],
]

APART = [
    [account("Acme"), account("Acme")],
    [account("Acme", country="US"), account("Acme", country="US")],
    [account("Acme", website="acme.com"), account("Acme", country="US")],
    [account("Acme", city="Berlin"), account("Acme", city="Paris", country="FR")],
    [account("Acme", city="London", country="GB"), account("Acme", city="London", country="CA")],
    [account("Face Book"), account("Facebook")],
    [
        account("Consolidated Northwind Traders", country="US"),
        account("Consolidated Northwind Traders", country="CA"),
    ],
    [account("Acme GmbH", country="DE"), account("Acme SAS", country="FR")],
    [account("Acme", country="DE"), account("Acme", country="FR")],
    [account("Acme GmbH", country="DE"), account("Acme AG", country="DE")],
    [account("Acme Holding", website="acme.com"), account("Acme", website="acme.com")],
    [account("Acme", website="acme.com", country="US"), account("Acme", website="acmepaint.com", country="US")],
    [account("Acme", lei="A"), account("Acme", lei="B")],
    [account("Acme Steel", website="acme.com"), account("Acme Software", website="acme.com")],
    [account("Sanritsu", website="anritsu.com"), account("Anritsu", website="anritsu.com")],
    [account("Acme", vat="DE1"), account("Globex", vat="DE1")],
    [account("Bank One"), account("Bank Two")],
    [account(), account()],
    [account("Ltd"), account("Ltd")],
    [account(email="jo@gmail.com"), account(email="al@gmail.com")],
]


@pytest.mark.parametrize("described", SAME)
def test_joins_what_is_one_company(described: list[Row]) -> None:
    assert groups(resolve(traits(accounts(*described)))) == [0, 0]


@pytest.mark.parametrize("described", APART)
def test_keeps_apart_what_may_be_two(described: list[Row]) -> None:
    assert groups(resolve(traits(accounts(*described)))) == [0, 1]


def test_an_account_that_fits_two_goes_to_none_but_is_shown() -> None:
    found = resolve(
        traits(accounts(account("Acme"), account("Acme", country="DE"), account("Acme", country="FR")))
    )
    assert groups(found) == [0, 1, 2]
    assert {(pair.one, pair.other) for pair in found.review} == {("a0", "a1"), ("a0", "a2")}


def test_a_merge_names_its_rule() -> None:
    found = resolve(traits(accounts(account("Acme", website="acme.com"), account("", email="jo@acme.com"))))
    assert [(pair.one, pair.other, pair.rule) for pair in found.merges] == [("a0", "a1", "same domain, no name")]


def test_likely_pairs_are_for_review() -> None:
    found = resolve(traits(accounts(account("Acme GmbH", country="DE"), account("Acme AG", country="DE"))))
    assert [(p.one, p.other, p.rule) for p in found.review] == [("a0", "a1", "same name, other legal form")]


def test_misspellings_are_for_review() -> None:
    names = ["Northwind Traders", "Nortwind Traders", "Traders Northwind", "Northwind Bakers"]
    listed = gathered(*(account(name, country="US") for name in names))
    found = misspellings(listed, listed.resolve(()), [Decision.of("a0", "a2", same=False)])
    assert [(p.one, p.other, p.rule) for p in found] == [("a0", "a1", "name differs in typing only")]


def test_misspellings_of_other_countries_or_domains_are_none() -> None:
    listed = gathered(
        account("Northwind Traders", country="US", website="northwind.com"),
        account("Nortwind Traders", country="CA"),
        account("Nortwind Traders", country="US", website="nortwind.com"),
    )
    assert misspellings(listed, listed.resolve(())) == []


def test_one_domain_under_unrelated_names_is_a_conflict() -> None:
    found = resolve(
        traits(accounts(*(account(name, website="acme.com") for name in ("Acme", "Globex", "Initech"))))
    )
    assert [(c.kind, c.account_ids) for c in found.conflicts] == [("domain", ("a0", "a1", "a2"))]
    assert groups(found) == [0, 1, 2]


def test_the_user_decides() -> None:
    acme = account("Acme", website="acme.com")
    rows = accounts(acme, acme, account("Globex"))
    decisions = [
        Decision.of("a1", "a0", same=False),
        Decision.of("a0", "a2", same=True),
        Decision.of("a0", "gone", same=True),
    ]
    found = resolve(traits(rows), decisions)
    assert groups(found) == [0, 1, 0]
    assert [pair.rule for pair in found.merges] == ["your decision"]


def test_a_pair_kept_apart_is_not_joined_through_a_third() -> None:
    rows = accounts(*[account("Acme", website="acme.com")] * 3)
    found = resolve(traits(rows), [Decision.of("a0", "a2", same=False)])
    assert groups(found)[0] != groups(found)[2]


def test_the_order_of_rows_does_not_matter() -> None:
    described = [row for pair in SAME + APART for row in pair]
    rows = accounts(*described)
    expected = resolve(traits(rows))
    by_id = dict(zip([row["id"] for row in rows], groups(expected), strict=True))
    for step in (3, 7, 11):
        shuffled = [row for start in range(step) for row in rows[::-1][start::step]]
        found = resolve(traits(shuffled))
        assert dict(zip([row["id"] for row in shuffled], groups(found), strict=True)) == by_id
        assert (found.merges, found.review, found.conflicts) == (
            expected.merges,
            expected.review,
            expected.conflicts,
        )


def test_entities_are_numbered_by_their_smallest_account() -> None:
    zeta = account("Zeta", website="zeta.com")
    rows = [zeta | {"id": "1"}, account("Beta") | {"id": "0"}, zeta | {"id": "2"}]
    assert groups(resolve(traits(rows))) == [1, 0, 1]


def test_a_large_block_is_joined_only_where_nothing_differs() -> None:
    rows = accounts(*(account("Acme SA", country=code) for code in ["BE", "FR"] * 3000))
    found = resolve(traits(rows))
    assert groups(found) == [0, 1] * 3000
    assert len(found.merges) == 5998


def test_an_empty_list() -> None:
    assert groups(resolve(traits([]))) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("northwind", "nortwind", True),
        ("northwind", "norhtwind", True),
        ("face book", "facebook", True),
        ("acme steel", "steel acme", True),
        ("acme 2000", "acme 2001", False),
        ("delta", "delte", False),
        ("bank austria", "bank austrio", False),
        ("acme north", "acme south", False),
    ],
)
def test_same_but_for_typing(one: str, other: str, same: bool) -> None:
    assert same_but_for_typing(one, other) == same_but_for_typing(other, one) == same


def test_form_words() -> None:
    assert form_words(("acme", "gmbh", "co", "kg")) == {"gmbh", "co", "kg"}
    assert form_words(("pt", "acme", "tbk")) == {"pt", "tbk"}
    assert form_words(("acme", "incorporated")) == form_words(("acme", "inc"))
    assert form_words(("gmbh",)) == {"gmbh"}


def test_clusters_stay_apart_when_they_grow() -> None:
    clusters = Clusters(5)
    clusters.keep_apart(1, 3)
    assert clusters.join(0, 1)
    assert clusters.join(3, 4)
    assert not clusters.join(0, 4)
    assert clusters.join(2, 0)
    assert not clusters.join(2, 3)
    assert clusters.roots([1, 2, 4]) == [0, 3]


def test_decisions_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "decisions.csv"
    decisions = (Decision.of("b", "a", same=True), Decision.of('c,"', "d", same=False))
    path.write_text('account_id,other_account_id,same\nb,a,yes\n"c,""",d,no\n', "utf-8")
    assert read_decisions(path) == tuple(sorted(decisions))


def test_open_pairs_are_no_decisions(tmp_path: Path) -> None:
    path = tmp_path / "decisions.csv"
    path.write_text("account_id,other_account_id,same,name\na,b,yes,Acme\na,c,,Acme\na,d\n", "utf-8")
    assert read_decisions(path) == (Decision.of("a", "b", same=True),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b,c\n",
        "account_id,other_account_id,same\na\n",
        "account_id,other_account_id,same\na,b,maybe\n",
        "account_id,other_account_id,same\na,a,yes\n",
        "account_id,other_account_id,same\na,b,yes\nb,a,no\n",
        'account_id,other_account_id,same\n"a,b,yes\n',
    ],
)
def test_other_files_are_no_decisions(tmp_path: Path, text: str) -> None:
    path = tmp_path / "decisions.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read_decisions(path)
    assert caught.value.hint


def test_traits_of_an_account_table() -> None:
    rows = [
        {
            "account_id": "1",
            "name": "Acme GmbH",
            "vat": "136 695 976",
            "country": "Germany",
            "city": "Zürich",
            "segment": "customer",
        },
        {"account_id": "2", "name": None, "vat": "DE136695976", "lei": "no", "segment": "prospect"},
        {"account_id": "3", "email": "jo@acme.co.uk", "duns": "15-048-3782", "segment": "prospect"},
    ]
    table = pa.Table.from_pylist(rows, schema=ACCOUNT_SCHEMA)
    found = Traits.of(table["account_id"], compute_part(table, ()).traits)
    assert found.names == ["acme", None, None]
    assert found.countries == ["DE", None, "GB"]
    assert found.cities == ["zurich", None, None]
    assert found.domains == [None, None, "acme.co.uk"]
    assert found.ids == {
        "lei": [None, None, None],
        "vat": ["DE136695976", "DE136695976", None],
        "duns": [None, None, "150483782"],
    }
