from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.telling import telling

HAND = "You know, the A2 pulley tears. An A2 pulley heals, you know. Fingers hurt, a finger bends."
FOOT = "You know, an ankle sprain hurts. Ankle sprains swell, you know. Boots help."


def test_what_is_everywhere_tells_nothing_and_pairs_are_named_as_they_are_written() -> None:
    # Of "know", twice in both texts: 2 x log(3/2) = 0.8; of "A2 pulley", twice in one: 2 x (log 3
    # + log 3) = 4.4; of "finger": 2 x log 3 = 2.2; of "tears": log 3 = 1.1.
    hand, foot = telling([HAND, FOOT], 2)
    assert [word.lower() for word in hand] == ["a2 pulley", "fingers"]
    assert foot[0].lower().startswith("ankle sprain")


def test_numbers_and_short_words_are_no_topics() -> None:
    text = "In 1998 of 15 we go up 3 x 15 times, and in 1998 down 3 x 15 times."
    assert telling([text], 5) == [["times"]]


def test_what_stands_once_or_in_any_text_or_as_a_verb_is_no_topic() -> None:
    text = (
        "Every tendon keeps you going, every tendon is one of two. To load it, you load slowly;"
        " it must load. A bruise."
    )
    assert telling([text, "Boots."], 9)[0] == ["tendon"]


@given(st.lists(st.text(), max_size=4), st.integers(0, 5))
def test_any_text_has_at_most_so_many_words_none_twice(texts: list[str], most: int) -> None:
    found = telling(texts, most)
    assert len(found) == len(texts)
    for text, words in zip(texts, found, strict=True):
        assert len(words) == len(set(words)) <= most
        assert all(piece in text for word in words for piece in word.split())
