import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.linkage.compare import are_sisters

NAMES = st.one_of(
    st.text(max_size=30),
    st.lists(st.sampled_from(["Alba", "Bank", "Robotics", "2", "GmbH", "Tokyo", "&", ""])).map(" ".join),
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alba Bank", "Alba Insurance plc"),
        ("Alba Lantern Robotics", "Alba Quillon"),
        ("Lantern Fund 1", "Lantern Fund 2"),
    ],
)
def test_names_that_go_on_differently(one: str, other: str) -> None:
    assert are_sisters(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alba", "Alba"),
        ("Alba Holding AG", "Alba AG"),
        ("Alba Robotics", "Alba"),
        ("Alba Robotics", "Alba Robot"),
        ("Alba Gemini Yellow Oak", "Alba GYO"),
        ("Alba Pharma", "Alba Farma"),
        ("Lantern Fund 2", "Lantern Fonds"),
        ("Tokyo Lantern", "Tokyo Quillon"),
        ("Alba Bank", "Quillon Insurance"),
        ("", "Alba Bank"),
        ("GmbH", "AG"),
    ],
)
def test_names_that_may_be_one_or_have_nothing_in_common(one: str, other: str) -> None:
    assert not are_sisters(one, other)


@given(NAMES, NAMES)
def test_the_order_does_not_matter(one: str, other: str) -> None:
    assert are_sisters(one, other) == are_sisters(other, one)


@given(NAMES)
def test_nobody_is_its_own_sister(name: str) -> None:
    assert not are_sisters(name, name)
