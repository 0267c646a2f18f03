from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dragtor.passages import input_hash, make_passages, passage_id
from dragtor.types import Cut, Document, DocumentInfo, Passage


def document(text: str, id: str = "d1") -> Document:
    return Document(DocumentInfo(id, "file:///a", "Title", "text"), 1, text)


def lines(text: str) -> list[Cut]:
    spans, start = [], 0
    for line in text.split("\n"):
        if line:
            spans.append(Cut(start, start + len(line)))
        start += len(line) + 1
    return spans


def made(text: str, id: str = "d1") -> list[Passage]:
    return make_passages(document(text, id), lines(text), lambda d, s: f"{d.info.title} {s.start}")


def test_an_id_is_that_of_the_definition() -> None:
    # printf 'd1\0%s\0000' "$(printf Rest. | sha256sum | cut -d' ' -f1)" | sha256sum | cut -c-16
    assert passage_id("d1", "Rest.", 0) == "274ef3d69badd0d0"
    assert made("Rest.")[0].id == passage_id("d1", "Rest.", 0)


def test_the_encoder_sees_what_it_is_told_to() -> None:
    (passage,) = made("Rest.")
    assert passage == Passage(passage.id, 0, 5, "Rest.", "Title 0")
    assert input_hash(passage) != input_hash(Passage(passage.id, 0, 5, "Rest.", "Other 0"))


def test_the_same_text_in_another_document_is_another_passage() -> None:
    assert made("Rest.", "d1")[0].id != made("Rest.", "d2")[0].id


def test_text_inserted_above_changes_no_id() -> None:
    before, after = made("One.\nTwo.\nTwo."), made("Zero.\nOne.\nTwo.\nTwo.")
    assert [p.id for p in after[1:]] == [p.id for p in before]


@given(st.lists(st.sampled_from(["a", "b", "é🧗"]), max_size=8).map("\n".join))
def test_ids_are_unique_and_stand_for_one_text(text: str) -> None:
    passages = made(text)
    assert len({p.id for p in passages}) == len(passages)
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
