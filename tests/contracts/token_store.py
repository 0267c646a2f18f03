"""What every token store promises. A test class inherits this and supplies ``store``, empty."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from dragtor.errors import StoreError
from dragtor.interfaces import TokenStore
from dragtor.types import Codes

WIDTH = 6
SPACE = "encoder-r1"


def codes(seed: int, tokens: int = 5, width: int = WIDTH) -> Codes:
    """Packed vectors, another text's for each seed."""
    rows: Codes = np.random.default_rng(seed).integers(0, 256, (tokens, width), dtype=np.uint8)
    return rows


def filled(store: TokenStore, keys: str) -> dict[str, Codes]:
    """Add a text for each letter, of unequal length; returns what was added."""
    made = {key: codes(ord(key), tokens=1 + ord(key) % 7) for key in keys}
    store.create(SPACE, WIDTH)
    store.add(SPACE, list(made), list(made.values()))
    return made


def same(found: dict[str, Codes], wanted: dict[str, Codes]) -> bool:
    return found.keys() == wanted.keys() and all(
        np.array_equal(found[key], wanted[key]) for key in wanted
    )


class TokenStoreContract:
    """Inherit from this and supply a fixture ``store``."""

    def test_what_was_added_comes_back_byte_by_byte(self, store: TokenStore) -> None:
        made = filled(store, "abcdef")
        found = store.get(SPACE, ["f", "a", "c", "x"])
        assert same(found, {key: made[key] for key in "fac"})

    def test_adding_goes_on_where_it_stopped(self, store: TokenStore) -> None:
        made = filled(store, "abc") | filled(store, "de")
        assert same(store.get(SPACE, "abcde"), made)

    def test_a_key_that_is_added_again_has_its_new_vectors(self, store: TokenStore) -> None:
        made = filled(store, "ab")
        store.add(SPACE, ["a"], [codes(99, tokens=9)])
        assert same(store.get(SPACE, "ab"), {"a": codes(99, tokens=9), "b": made["b"]})

    def test_it_says_what_is_missing(self, store: TokenStore) -> None:
        filled(store, "abc")
        assert store.missing(SPACE, {"a", "x", "c", "y"}) == {"x", "y"}
        assert store.missing("no such space", {"a"}) == {"a"}

    def test_a_space_is_lost_only_where_it_is_not_there(self, store: TokenStore) -> None:
        assert store.lost(SPACE)
        store.create(SPACE, WIDTH)
        assert not store.lost(SPACE)
        filled(store, "abc")
        store.keep(SPACE, {"a"})
        assert not store.lost(SPACE)
        store.drop(SPACE)
        assert store.lost(SPACE)

    def test_what_is_not_kept_is_gone_and_the_rest_as_it_was(self, store: TokenStore) -> None:
        made = filled(store, "abcdefgh")
        for kept in ("abcdefg", "bd", "d"):
            store.keep(SPACE, set(kept) | {"unknown"})
            assert same(store.get(SPACE, "abcdefgh"), {key: made[key] for key in kept})
        assert same(store.get(SPACE, "dz"), {"d": made["d"]})
        more = filled(store, "xyz")
        assert same(store.get(SPACE, "dxyz"), {"d": made["d"], **more})
        store.keep(SPACE, set())
        assert store.get(SPACE, "dxyz") == {}

    def test_views_stay_valid_while_what_they_show_is_given_up(self, store: TokenStore) -> None:
        made = filled(store, "abcdefgh")
        held = store.get(SPACE, "abcdefgh")
        store.keep(SPACE, {"h"})
        store.drop(SPACE)
        store.close()
        assert same(held, made)

    def test_spaces_are_apart(self, store: TokenStore) -> None:
        made = filled(store, "ab")
        store.create("other", 3)
        store.add("other", ["a"], [codes(5, width=3)])
        assert store.spaces() == {SPACE, "other"}
        assert same(store.get("other", "ab"), {"a": codes(5, width=3)})
        store.drop("other")
        assert store.spaces() == {SPACE}
        assert store.get("other", "a") == {}
        assert same(store.get(SPACE, "ab"), made)

    def test_creating_a_space_again_keeps_what_is_in_it(self, store: TokenStore) -> None:
        made = filled(store, "ab")
        store.create(SPACE, WIDTH)
        assert same(store.get(SPACE, "ab"), made)

    def test_a_closed_store_opens_again(self, store: TokenStore) -> None:
        made = filled(store, "ab")
        store.close()
        assert same(store.get(SPACE, "ab"), made)
        store.close()
        assert store.missing(SPACE, "abc") == {"c"}

    def test_what_is_not_there_does_no_harm(self, store: TokenStore) -> None:
        assert store.spaces() == set()
        assert store.get(SPACE, ["a"]) == {}
        store.keep(SPACE, {"a"})
        store.drop(SPACE)
        store.create(SPACE, WIDTH)
        assert store.get(SPACE, ["a"]) == {}
        store.add(SPACE, [], [])
        store.keep(SPACE, set())
        assert store.spaces() == {SPACE}

    def test_a_text_may_have_no_tokens(self, store: TokenStore) -> None:
        store.create(SPACE, WIDTH)
        store.add(SPACE, ["none", "one"], [codes(0, tokens=0), codes(1, tokens=1)])
        found = store.get(SPACE, ["none", "one"])
        assert [len(found["none"]), len(found["one"])] == [0, 1]
        assert store.missing(SPACE, {"none"}) == set()

    def test_vectors_of_another_width_are_refused(self, store: TokenStore) -> None:
        made = filled(store, "ab")
        with pytest.raises(StoreError, match="do not fit"):
            store.add(SPACE, ["c", "d"], [codes(1), codes(1, width=WIDTH + 1)])
        assert same(store.get(SPACE, "abcd"), made)

    def test_an_unknown_space_is_refused(self, store: TokenStore) -> None:
        with pytest.raises(StoreError, match="no token space 'none'"):
            store.add("none", ["a"], [codes(1)])

    def test_readers_see_each_addition_at_once_and_whole(self, store: TokenStore) -> None:
        """Four threads read on and on while another adds, forgets and makes room."""
        store.create(SPACE, WIDTH)
        added: list[str] = []
        wrong: list[str] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                before = list(added)
                if not same(store.get(SPACE, before), {key: codes(int(key)) for key in before}):
                    wrong.append(before[-1])

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(0, 30, 2):
            store.add(SPACE, [str(number), f"-{number}"], [codes(number), codes(1, tokens=40)])
            added.append(str(number))
            if number % 10 == 0:
                store.keep(SPACE, added)
        done.set()
        for thread in threads:
            thread.join()
        assert wrong == []
