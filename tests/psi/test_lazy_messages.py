"""Messages that are made when they are asked for are a sequence like any other."""

from hypothesis import given
from hypothesis import strategies as st

from accountmap.psi.hash_to_curve import LazyMessages

TEN = [bytes([n]) for n in range(10)]


@given(st.slices(10), st.integers(-10, 9))
def test_parts_and_elements_are_those_of_the_whole(part: slice, place: int) -> None:
    lazy = LazyMessages(10, lambda start, stop: TEN[start:stop])
    assert lazy[part] == TEN[part]
    assert lazy[place] == TEN[place]
    assert list(lazy) == TEN


def test_only_the_part_that_is_asked_for_is_made() -> None:
    made: list[tuple[int, int]] = []

    def make(start: int, stop: int) -> list[bytes]:
        made.append((start, stop))
        return TEN[start:stop]

    assert LazyMessages(10, make)[3:5] == TEN[3:5]
    assert made == [(3, 5)]
