from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dragtor.store.places import PlacedText, TextCache
from dragtor.text import locate
from dragtor.types import Location, Mark

MARKS = st.lists(
    st.builds(
        Mark,
        offset=st.integers(0, 20),
        page=st.none() | st.integers(1, 3),
        heading=st.none() | st.sampled_from(["A", "B"]),
        seconds=st.none() | st.floats(0, 10),
        speaker=st.none() | st.sampled_from(["S1", "S2"]),
    ),
    max_size=8,
).map(lambda marks: sorted(marks, key=lambda mark: mark.offset))


@given(MARKS, st.integers(0, 22))
def test_a_place_is_what_the_marks_above_it_say(marks: list[Mark], offset: int) -> None:
    assert PlacedText("", marks).location(offset) == locate(marks, offset)


def test_a_text_without_marks_has_no_places() -> None:
    assert PlacedText("text", ()).location(3) == Location()


def test_the_cache_lets_go_of_what_was_not_used_for_the_longest_time() -> None:
    cache = TextCache(characters=25)
    for name in ("a", "b"):
        cache.put({name: PlacedText(name * 10, ())})
    assert set(cache.get(["a", "b"])) == {"a", "b"}
    cache.get(["a"])
    cache.put({"c": PlacedText("c" * 10, ())})
    assert set(cache.get(["a", "b", "c"])) == {"a", "c"}


def test_a_text_longer_than_the_cache_is_not_kept() -> None:
    cache = TextCache(characters=25)
    cache.put({"long": PlacedText("x" * 26, ())})
    assert cache.get(["long"]) == {}
    cache.put({"a": PlacedText("a" * 25, ())})
    assert set(cache.get(["a"])) == {"a"}


def test_putting_a_text_twice_takes_its_room_once() -> None:
    cache = TextCache(characters=25)
    for _ in range(5):
        cache.put({"a": PlacedText("a" * 10, ())})
    cache.put({"b": PlacedText("b" * 10, ())})
    assert set(cache.get(["a", "b"])) == {"a", "b"}
