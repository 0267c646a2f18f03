"""What every library promises. A test class inherits this and supplies ``library``, empty."""

from __future__ import annotations

import pytest

from dragtor.errors import QueryError, StoreError
from dragtor.interfaces import Library
from dragtor.text import locate
from dragtor.types import Content, Filter, Known, Mark, Original, Passage
from tests.store.making import FOLDER, commit, file, id_of, index, paragraphs, put, texts

LINES = "Pulleys tear.\nTendons heal slowly.\nRest helps."


class _Empty:
    def test_an_empty_library_reads_as_empty(self, library: Library) -> None:
        assert library.active() is None
        assert library.documents("main") == []
        assert library.remembered("main") == []
        assert library.known("main", FOLDER) == {}
        assert library.passage_ids(1) == set()
        assert library.resolve(1, ["0" * 16]) == {}
        assert library.scope(1, ["main"], []) is None
        assert library.sources("main") == []
        assert library.status().documents == 0
        assert library.status().collections == ("main",)

    def test_what_is_not_there_is_named(self, library: Library) -> None:
        with pytest.raises(QueryError, match="'abc'"):
            library.document("abc")
        with pytest.raises(QueryError, match="'abc'"):
            library.newest("abc")
        with pytest.raises(QueryError, match="'abc'"):
            library.remove(["abc"])
        with pytest.raises(QueryError, match=r"'gym'.*main"):
            library.scope(1, ["gym"], [])
        with pytest.raises(QueryError, match="'gym'"):
            library.documents("gym")
        with pytest.raises(StoreError, match="7"):
            library.commit(7, [])
        with pytest.raises(StoreError, match="7"):
            library.activate(7)


class _Sources:
    def test_sources_are_remembered_in_order_and_forgotten(self, library: Library) -> None:
        for uri in ("https://b", "https://a", "https://b"):
            library.remember("main", uri)
        assert library.remembered("main") == ["https://b", "https://a"]
        library.forget("main", "https://b")
        assert library.remembered("main") == ["https://a"]
        assert library.remembered("other") == []

    def test_known_things_come_with_their_validators(self, library: Library) -> None:
        put(library, "a.txt", "text")
        assert library.known("main", FOLDER) == {
            f"{FOLDER}/a.txt": Known("v1", "text/plain", "plain 1")
        }
        assert library.known("main", "file:///other") == {}

    def test_the_last_load_of_a_source_is_on_record(self, library: Library) -> None:
        library.remember("main", FOLDER)
        put(library, "a.txt", "text")
        put(library, "b.pdf", "text", kind="pdf")
        library.report("main", FOLDER, {f"{FOLDER}/c.pdf": "encrypted"})
        (source,) = library.sources("main")
        assert (source.uri, source.remembered) == (FOLDER, True)
        assert source.kinds == {"pdf": 1, "text": 1}
        assert source.failures == {f"{FOLDER}/c.pdf": "encrypted"}
        assert source.loaded is not None
        library.report("main", FOLDER, {})
        assert library.sources("main")[0].failures == {}

    def test_a_source_that_never_gave_anything_is_not_put_on_record(self, library: Library) -> None:
        put(library, "a.txt", "text")
        library.report("main", "file:///nope.txt", {"file:///nope.txt": "there is no file"})
        assert [source.uri for source in library.sources("main")] == [FOLDER]
        assert library.status().sources == 1

    def test_originals_are_kept(self, library: Library) -> None:
        original = Original(f"{FOLDER}/a.bin", "application/x", bytes(range(256)), "v7")
        library.store("main", FOLDER, original, [Content("text", "a", "x")], "x 1")
        assert library.original("main", FOLDER, original.uri) == original
        with pytest.raises(StoreError, match=r"b\.bin"):
            library.original("main", FOLDER, f"{FOLDER}/b.bin")


class _Storing:
    def test_storing_says_what_is_new(self, library: Library) -> None:
        assert put(library, "a.txt", "one") == "new"
        assert put(library, "a.txt", "one") == "unchanged"
        assert put(library, "a.txt", "two") == "changed"
        assert put(library, "a.txt", "two", author="Ann") == "changed"
        assert put(library, "b.txt", "one") == "new"

    def test_a_document_is_what_was_stored(self, library: Library) -> None:
        marks = (Mark(0, page=1), Mark(2, heading="H", level=2), Mark(3, seconds=1.5, speaker="S1"))
        content = Content(
            "héllo 🧗 wörld", "Títle", "pdf", marks, "Ann", "2023-05-01", {"tag": "a"}
        )
        library.store("main", FOLDER, file("a.pdf"), [content], "x")
        document = library.document(id_of(library, "a.pdf"))
        assert (document.text, document.marks, document.version) == (content.text, marks, 1)
        info = document.info
        assert (info.title, info.author, info.published) == ("Títle", "Ann", "2023-05-01")
        assert (info.kind, info.uri, info.metadata) == ("pdf", f"{FOLDER}/a.pdf", {"tag": "a"})
        assert library.documents("main") == [info]

    def test_an_id_outlives_changes_and_versions_rise(self, library: Library) -> None:
        put(library, "a.txt", "one")
        id = id_of(library, "a.txt")
        assert len(id) == 12
        put(library, "a.txt", "two")
        library.remove([id])
        put(library, "a.txt", "one")
        assert id_of(library, "a.txt") == id
        assert library.newest(id).version == 3

    def test_the_same_address_in_two_collections_is_two_documents(self, library: Library) -> None:
        put(library, "a.txt", "one")
        put(library, "a.txt", "one", collection="gym")
        assert id_of(library, "a.txt") != id_of(library, "a.txt", "gym")

    def test_one_original_may_hold_many_documents(self, library: Library) -> None:
        def store(*pairs: tuple[str, str]) -> str:
            contents = [Content(text, key, "json", key=key) for key, text in pairs]
            return library.store("main", FOLDER, file("all.jsonl", str(pairs)), contents, "j")

        assert store(("k1", "one"), ("k2", "two")) == "new"
        assert [d.id for d in library.documents("main")] == ["k1", "k2"]
        assert library.documents("main")[0].uri == f"{FOLDER}/all.jsonl#k1"
        assert store(("k1", "one"), ("k2", "2"), ("k3", "three")) == "changed"
        assert [library.newest(k).version for k in ("k1", "k2", "k3")] == [1, 2, 1]
        assert store(("k2", "2"), ("k3", "three")) == "changed"
        assert [d.id for d in library.documents("main")] == ["k2", "k3"]
        assert store(("k2", "2"), ("k3", "three")) == "unchanged"

    def test_a_key_that_is_taken_becomes_another_id(self, library: Library) -> None:
        for name in ("one.jsonl", "two.jsonl"):
            content = [Content(f"text of {name}", "t", "json", key="k", uri="https://x/1")]
            library.store("main", FOLDER, file(name), content, "j")
        first, second = library.documents("main")
        assert first.id == "k"
        assert len(second.id) == 12
        assert (first.uri, second.uri) == ("https://x/1", "https://x/1")

    def test_a_key_moves_with_its_document_to_another_file(self, library: Library) -> None:
        content = [Content("text", "t", "json", key="k")]
        library.store("main", FOLDER, file("old.jsonl"), content, "j")
        empty = [Content("other", "t", "json", key="other")]
        library.store("main", FOLDER, file("old.jsonl", "changed"), empty, "j")
        library.store("main", FOLDER, file("new.jsonl"), content, "j")
        assert [d.id for d in library.documents("main")] == ["k", "other"]
        assert library.newest("k").version == 2

    def test_twins_are_documents_of_the_source_with_the_same_text(self, library: Library) -> None:
        put(library, "a.txt", "same text")
        put(library, "c.txt", "elsewhere", source="file:///elsewhere")
        there = f"{FOLDER}/a.txt"
        assert library.twin("main", FOLDER, f"{FOLDER}/b.txt", "same text") == there
        assert library.twin("main", FOLDER, there, "same text") is None
        assert library.twin("main", FOLDER, f"{FOLDER}/b.txt", "elsewhere") is None


class _Removing:
    def test_removal_takes_effect_at_once_everywhere(self, library: Library) -> None:
        put(library, "a.txt", LINES)
        put(library, "b.txt", "Stays.")
        generation = index(library)
        other = library.generation("other", {"dense": "e1"}, {}, fresh=False)
        id = id_of(library, "a.txt")
        commit(library, other, [id])
        removed = library.remove([id])
        assert len(removed) == 3
        assert texts(library, generation) == ["Stays."]
        assert library.passage_ids(other.id) == set()
        assert [d.uri for d in library.documents("main")] == [f"{FOLDER}/b.txt"]
        assert library.resolve(generation.id, removed) == {}

    def test_what_a_person_removed_is_marked_until_it_is_stored_again(
        self, library: Library
    ) -> None:
        put(library, "a.txt", "one")
        library.remove([id_of(library, "a.txt")])
        assert library.known("main", FOLDER)[f"{FOLDER}/a.txt"].removed
        with pytest.raises(StoreError, match=r"a\.txt"):
            library.original("main", FOLDER, f"{FOLDER}/a.txt")
        assert put(library, "a.txt", "one") == "new"
        assert not library.known("main", FOLDER)[f"{FOLDER}/a.txt"].removed

    def test_one_of_many_documents_stays_removed_when_its_original_changes(
        self, library: Library
    ) -> None:
        def store(data: str) -> str:
            contents = [Content(f"{key} {data}", key, "json", key=key) for key in ("k1", "k2")]
            return library.store("main", FOLDER, file("all.jsonl", data), contents, "j")

        store("one")
        library.remove(["k1"])
        assert not library.known("main", FOLDER)[f"{FOLDER}/all.jsonl"].removed
        assert store("two") == "changed"
        assert [d.id for d in library.documents("main")] == ["k2"]
        library.remove(["k2"])
        assert library.known("main", FOLDER)[f"{FOLDER}/all.jsonl"].removed
        store("three")
        assert [d.id for d in library.documents("main")] == ["k1", "k2"]

    def test_what_is_wanted_back_is_read_and_stored_again(self, library: Library) -> None:
        contents = [Content(f"{key} text", key, "json", key=key) for key in ("k1", "k2")]
        original = file("all.jsonl")
        library.store("main", FOLDER, original, contents, "j")
        put(library, "a.txt", "one")
        library.remove(["k1"])
        assert library.store("main", FOLDER, original, contents, "j") == "unchanged"
        library.want_back("main", FOLDER)
        assert library.known("main", FOLDER)[original.uri].validator is None
        assert library.known("main", FOLDER)[f"{FOLDER}/a.txt"].validator == "v1"
        assert library.store("main", FOLDER, original, contents, "j") == "changed"
        assert {d.id for d in library.documents("main")} >= {"k1", "k2"}
        assert library.newest("k1").version == 2
        assert library.known("main", FOLDER)[original.uri].validator == "v1"

    def test_wanting_one_source_back_leaves_the_others_alone(self, library: Library) -> None:
        contents = [Content(f"{key} text", key, "json", key=key) for key in ("k1", "k2")]
        library.store("main", FOLDER, file("all.jsonl"), contents, "j")
        library.remove(["k1"])
        library.want_back("main", "file:///other")
        library.want_back("gym", FOLDER)
        assert library.known("main", FOLDER)[f"{FOLDER}/all.jsonl"].validator == "v1"
        assert library.store("main", FOLDER, file("all.jsonl"), contents, "j") == "unchanged"

    def test_what_an_address_holds(self, library: Library) -> None:
        contents = [Content(f"{key} text", key, "json", key=key) for key in ("k1", "k2")]
        library.store("main", FOLDER, file("all.jsonl"), contents, "j")
        put(library, "a.txt", "one")
        put(library, "a.txt", "one", source=f"{FOLDER}/a.txt")
        put(library, "a.txt", "one", collection="gym")
        a = id_of(library, "a.txt")
        assert library.holding("main", FOLDER) == ["k1", "k2", a]
        assert library.holding("main", f"{FOLDER}/all.jsonl") == ["k1", "k2"]
        assert library.holding("main", f"{FOLDER}/a.txt") == [a]
        assert library.holding("main", "file:///other") == []
        library.remove(["k1"])
        assert library.holding("main", FOLDER) == ["k2", a]


class _Indexing:
    def test_nothing_answers_until_a_generation_is_active(self, library: Library) -> None:
        put(library, "a.txt", LINES)
        generation = library.generation("s", {"dense": "e"}, {"k": "v"}, fresh=False)
        assert library.active() is None
        assert library.pending(generation.id) == {id_of(library, "a.txt"): len(LINES)}
        commit(library, generation, list(library.pending(generation.id)))
        assert library.pending(generation.id) == {}
        assert library.activate(generation.id) == []
        assert library.active() == generation
        assert library.status().passages == 3

    def test_passages_resolve_to_their_text_and_place(self, library: Library) -> None:
        marks = tuple(Mark(offset, heading=f"H{offset}", level=1) for offset in (0, 14, 35))
        content = Content(LINES, "Title", "text", marks, metadata={"a": "b"})
        library.store("main", FOLDER, file("a.txt"), [content], "x")
        generation = index(library)
        id = id_of(library, "a.txt")
        passages = library.passages(generation.id, id)
        assert [p.text for p in passages] == LINES.split("\n")
        found = library.resolve(generation.id, [p.id for p in passages] + ["f" * 16])
        assert list(found) == [p.id for p in passages]
        for passage in passages:
            resolved = found[passage.id]
            assert resolved.passage == passage
            assert resolved.document == library.document(id).info
            assert resolved.location == locate(marks, passage.start)
        assert library.resolve(generation.id + 1, [passages[0].id]) == {}

    def test_the_old_version_answers_until_the_new_one_is_indexed(self, library: Library) -> None:
        put(library, "a.txt", LINES, title="Old")
        generation = index(library)
        id = id_of(library, "a.txt")
        before = library.passage_ids(generation.id)
        put(library, "a.txt", "Inserted above.\n" + LINES.replace("Rest", "Sleep"), title="New")
        assert library.document(id).info.title == "Old"
        assert library.documents("main")[0].title == "Old"
        assert library.newest(id).info.title == "New"
        assert texts(library, generation) == sorted(LINES.split("\n"))
        assert library.status().pending == 1
        gone = commit(library, generation, [id])
        assert library.document(id).info.title == "New"
        after = library.passage_ids(generation.id)
        assert gone == sorted(before - after)
        assert len(gone) == 1
        assert len(after & before) == 2

    def test_encoder_inputs_tell_what_must_be_encoded_again(self, library: Library) -> None:
        put(library, "a.txt", LINES, title="Old")
        generation = index(library)
        id = id_of(library, "a.txt")
        before = library.encoder_inputs(generation.id, id)
        assert set(before) == library.passage_ids(generation.id)
        put(library, "a.txt", LINES, title="New")
        commit(library, generation, [id])
        after = library.encoder_inputs(generation.id, id)
        assert set(after) == set(before)
        assert all(after[passage] != before[passage] for passage in after)

    def test_a_passage_that_is_not_its_text_is_refused(self, library: Library) -> None:
        put(library, "a.txt", LINES)
        generation = library.generation("s", {}, {}, fresh=False)
        document = library.newest(id_of(library, "a.txt"))
        with pytest.raises(StoreError, match="from 1 to 5"):
            library.commit(generation.id, [(document, [Passage("p", 1, 5, "nope")])])
        assert library.passage_ids(generation.id) == set()

    def test_a_version_that_is_gone_cannot_be_committed(self, library: Library) -> None:
        put(library, "a.txt", LINES)
        generation = library.generation("s", {}, {}, fresh=False)
        document = library.newest(id_of(library, "a.txt"))
        library.remove([document.info.id])
        with pytest.raises(StoreError, match=document.info.id):
            library.commit(generation.id, [(document, paragraphs(document))])

    def test_the_same_making_is_the_same_generation(self, library: Library) -> None:
        first = library.generation("s", {"dense": "e"}, {"model": "here"}, fresh=False)
        assert library.generation("s", {"dense": "e"}, {"model": "here"}, fresh=False) == first
        library.activate(first.id)
        moved = library.generation("s", {"dense": "e"}, {"model": "there"}, fresh=False)
        assert (moved.id, moved.recipe) == (first.id, {"model": "there"})
        assert library.active() == moved
        other = library.generation("s", {"dense": "other"}, {}, fresh=False)
        assert other.id != first.id
        assert library.active() == moved
        third = library.generation("third", {"dense": "e"}, {}, fresh=False)
        assert third.id > other.id
        assert library.status().building == third

    def test_a_fresh_generation_is_never_the_active_one(self, library: Library) -> None:
        put(library, "a.txt", LINES)
        first = index(library)
        second = library.generation("lines", {"dense": "e1"}, {"k": "v"}, fresh=True)
        assert second.id != first.id
        assert library.generation("lines", {"dense": "e1"}, {"k": "v"}, fresh=True) == second
        assert texts(library, first) == sorted(LINES.split("\n"))
        commit(library, second, list(library.pending(second.id)))
        assert library.activate(second.id) == [first.id]
        assert library.passage_ids(first.id) == set()
        assert texts(library, second) == sorted(LINES.split("\n"))

    def test_a_generation_that_was_given_up_goes_when_the_active_one_is_wanted(
        self, library: Library
    ) -> None:
        put(library, "a.txt", LINES)
        first = index(library)
        given_up = library.generation("other", {"dense": "e1"}, {}, fresh=False)
        commit(library, given_up, list(library.pending(given_up.id)))
        assert library.status().building == given_up
        assert library.activate(first.id) == [given_up.id]
        assert library.status().building is None
        assert library.passage_ids(given_up.id) == set()
        assert texts(library, first) == sorted(LINES.split("\n"))
        assert library.activate(first.id) == []

    def test_what_is_pending_is_counted_by_collection(self, library: Library) -> None:
        generation = index(library)
        put(library, "a.txt", "One.")
        put(library, "b.txt", "Four.", collection="gym")
        a, b = id_of(library, "a.txt"), id_of(library, "b.txt", "gym")
        assert library.pending(generation.id) == {a: 4, b: 5}
        assert library.pending(generation.id, ["gym"]) == {b: 5}
        assert library.pending(generation.id, ["main", "gym"]) == {a: 4, b: 5}
        assert library.pending(generation.id, ["nonsense"]) == {}

    def test_the_revision_rises_with_what_a_search_can_find_or_say_is_pending(
        self, library: Library
    ) -> None:
        seen = [library.revision()]

        def moved() -> bool:
            seen.append(library.revision())
            return seen[-1] > seen[-2]

        put(library, "a.txt", LINES)
        assert moved()
        put(library, "a.txt", LINES)
        generation = library.generation("s", {}, {}, fresh=False)
        assert not moved()
        commit(library, generation, list(library.pending(generation.id)))
        assert moved()
        library.activate(generation.id)
        assert moved()
        library.activate(generation.id)
        assert not moved()
        library.touch()
        assert moved()
        library.remove([id_of(library, "a.txt")])
        assert moved()


class _Scope:
    def test_no_filter_and_all_collections_are_no_restriction(self, library: Library) -> None:
        put(library, "a.txt", "One.")
        put(library, "b.txt", "Two.", collection="gym")
        generation = index(library)
        assert library.scope(generation.id, ["main", "gym"], []) is None
        assert self.found(library, generation.id, collections=("gym",)) == ["Two."]

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ([Filter("kind", "=", "PDF")], ["One."]),
            ([Filter("KIND", "=", "pdf"), Filter("kind", "=", "web")], ["One.", "Two."]),
            ([Filter("kind", "=", "pdf"), Filter("author", "=", "bob")], []),
            ([Filter("title", "*=", "FINGER")], ["One."]),
            ([Filter("title", "^=", "elb")], ["Two."]),
            ([Filter("author", "has")], ["One.", "Two."]),
            ([Filter("Jahr", ">=", "9")], ["Two."]),
            ([Filter("jahr", "has")], ["One.", "Two."]),
            ([Filter("published", ">=", "2022")], ["One.", "Two."]),
            ([Filter("published", ">", "2022")], ["One."]),
            ([Filter("published", ">=", "2022"), Filter("published", "<", "2023")], ["Two."]),
            ([Filter("uri", "^=", f"{FOLDER}/c")], ["Three."]),
            ([Filter("nonsense", "=", "x")], []),
            ([Filter("title", "=", "'; DROP TABLE documents; --")], []),
        ],
    )
    def test_filters_choose_documents(
        self, library: Library, filters: list[Filter], expected: list[str]
    ) -> None:
        put(
            library,
            "a.txt",
            "One.",
            title="Finger pulleys",
            kind="pdf",
            author="Ann",
            published="2023-05-01",
            metadata={"Jahr": "4"},
        )
        put(
            library,
            "b.txt",
            "Two.",
            title="Elbow",
            kind="web",
            author="Bob",
            published="2022-12-31",
            metadata={"jahr": "10"},
        )
        put(library, "c.txt", "Three.", kind="text")
        generation = index(library)
        assert self.found(library, generation.id, filters) == sorted(expected)

    def test_a_filter_judges_the_version_that_answers(self, library: Library) -> None:
        put(library, "a.txt", "One.", author="Ann")
        generation = index(library)
        put(library, "a.txt", "One.", author="Bob")
        assert self.found(library, generation.id, [Filter("author", "=", "Ann")]) == ["One."]
        assert self.found(library, generation.id, [Filter("author", "=", "Bob")]) == []

    def test_documents_are_in_the_scope_of_a_query_as_their_passages_are(
        self, library: Library
    ) -> None:
        put(library, "a.txt", "One.", author="Ann")
        put(library, "b.txt", "Two.", author="Bob")
        put(library, "c.txt", "Three.", author="Ann", collection="gym")
        generation = index(library)
        a, c = id_of(library, "a.txt"), id_of(library, "c.txt", "gym")
        ann = [Filter("author", "=", "Ann")]
        assert library.document_scope(generation.id, ["main", "gym"], []) is None
        assert library.document_scope(generation.id, ["main"], ann) == {a}
        assert library.document_scope(generation.id, ["main", "gym"], ann) == {a, c}
        put(library, "d.txt", "Not indexed.", author="Ann")
        assert library.document_scope(generation.id, ["main"], ann) == {a}

    @staticmethod
    def found(
        library: Library,
        generation: int,
        filters: list[Filter] | None = None,
        collections: tuple[str, ...] = ("main",),
    ) -> list[str]:
        ids = library.scope(generation, collections, filters or [])
        assert ids is not None
        found = library.resolve(generation, sorted(ids))
        return sorted(one.passage.text for one in found.values())


class _Calibration:
    def test_a_calibration_is_kept_replaced_and_forgotten(self, library: Library) -> None:
        assert library.calibration(1) is None
        put(library, "a.txt", "One.")
        generation = index(library)
        assert library.calibration(generation.id) is None
        for data in ({"threshold": 0.3, "names": ["é"]}, {"threshold": 0.4}):
            library.keep_calibration(generation.id, data)
            assert library.calibration(generation.id) == data
        library.keep_calibration(generation.id, None)
        assert library.calibration(generation.id) is None

    def test_a_calibration_goes_with_its_generation(self, library: Library) -> None:
        put(library, "a.txt", "One.")
        first = index(library)
        library.keep_calibration(first.id, {"threshold": 0.3})
        second = index(library, splitter="other")
        assert library.calibration(first.id) is None
        assert library.calibration(second.id) is None
        with pytest.raises(StoreError, match=f"no generation {first.id} "):
            library.keep_calibration(first.id, {"threshold": 0.3})


class _Summaries:
    def test_long_documents_have_many_passages(self, library: Library) -> None:
        put(library, "a.txt", LINES)
        put(library, "b.txt", "One.")
        put(library, "c.txt", f"{LINES}\nAnd more.")
        generation = index(library)
        a, c = id_of(library, "a.txt"), id_of(library, "c.txt")
        assert library.long_documents(generation.id, 3) == [a, c]
        assert library.long_documents(generation.id, 4) == [c]
        assert library.long_documents(99, 1) == []

    def test_a_summary_is_of_one_version_by_one_maker(self, library: Library) -> None:
        put(library, "a.txt", "One.")
        generation = index(library)
        id = id_of(library, "a.txt")
        library.summarise("m1", [(library.document(id), "first")])
        library.summarise("m2", [(library.document(id), "other")])
        assert library.summaries(generation.id, "m1", [id, "unknown"]) == {id: "first"}
        assert library.summaries(generation.id, "m3", [id]) == {}
        library.summarise("m1", [(library.document(id), "second")])
        assert library.summaries(generation.id, "m1", [id]) == {id: "second"}

    def test_a_changed_document_has_no_summary_until_it_gets_one(self, library: Library) -> None:
        put(library, "a.txt", "One.")
        generation = index(library)
        id = id_of(library, "a.txt")
        before = library.document(id)
        library.summarise("m", [(before, "first")])
        put(library, "a.txt", "Two.")
        assert library.summaries(generation.id, "m", [id]) == {id: "first"}
        index(library)
        assert library.summaries(generation.id, "m", [id]) == {}
        with pytest.raises(StoreError, match=id):
            library.summarise("m", [(before, "late")])

    def test_the_summary_of_a_removed_document_is_gone(self, library: Library) -> None:
        put(library, "a.txt", "One.")
        generation = index(library)
        id = id_of(library, "a.txt")
        library.summarise("m", [(library.document(id), "first")])
        library.remove([id])
        assert library.summaries(generation.id, "m", [id]) == {}
        put(library, "a.txt", "One.")
        index(library)
        assert library.summaries(generation.id, "m", [id]) == {}


class LibraryContract(
    _Calibration, _Empty, _Sources, _Storing, _Removing, _Indexing, _Scope, _Summaries
):
    """Inherit from this and supply a fixture ``library``."""
