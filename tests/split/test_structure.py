from __future__ import annotations

import re
from itertools import pairwise

from dragtor.split.structure import StructureSplitter
from dragtor.types import Cut, Mark
from tests.contracts.splitter import document, markdown
from tests.split.readers import WordTokenizer


def cut(text: str, max_tokens: int, overlap_tokens: int = 0) -> list[str]:
    spans = StructureSplitter(WordTokenizer(), max_tokens, overlap_tokens).split(markdown(text))
    return [text[span.start : span.end] for span in spans]


def test_a_document_that_fits_the_budget_is_one_passage() -> None:
    text = "# One\n\nA word.\n\n# Two\n\nAnother word."
    assert cut(text, max_tokens=10) == [text]


def test_sections_that_are_large_enough_stand_alone() -> None:
    one = "# One\n\n" + "word " * 13 + "end."
    two = "# Two\n\n" + "other " * 13 + "end."
    assert cut(f"{one}\n\n{two}", max_tokens=20) == [one, two]


def test_tiny_neighbouring_sections_share_a_passage() -> None:
    sections = [f"## S{i}\n\nOnly five words here now." for i in range(4)]
    assert cut("\n\n".join(sections), max_tokens=20) == [
        "\n\n".join(sections[:2]),
        "\n\n".join(sections[2:]),
    ]


def test_a_heading_stays_with_what_follows_it() -> None:
    text = "# Top\n\n## Below\n\n" + "A sentence of five words. " * 8 + "\n\n## Next\n\nThe end."
    passages = cut(text, max_tokens=16)
    assert passages[0].startswith("# Top\n\n## Below\n\nA sentence")
    assert all(not passage.splitlines()[-1].startswith("#") for passage in passages)


def test_paragraphs_are_kept_whole_where_they_fit() -> None:
    paragraphs = ["One two three. Four five six.", "A b c. D e f.", "G h i. J k l. M n o."]
    assert cut("\n\n".join(paragraphs), max_tokens=12) == paragraphs


def test_long_paragraphs_are_cut_between_sentences() -> None:
    passages = cut("First sentence here. Second one there. Third and the last.", max_tokens=9)
    assert passages == ["First sentence here. Second one there.", "Third and the last."]


def test_a_passage_begins_with_the_last_sentences_of_the_one_before() -> None:
    text = "".join(f"Sentence number {i}. " for i in range(6)).strip()
    passages = cut(text, max_tokens=12, overlap_tokens=4)
    assert [len(re.findall("Sentence", passage)) for passage in passages] in ([3, 3, 2], [3, 2, 3])
    for before, after in pairwise(passages):
        assert before[-len("Sentence number 0.") :] == after[: len("Sentence number 0.")]


def test_overlap_does_not_reach_across_a_heading() -> None:
    one = "# One\n\n" + "Some words stand here. " * 3
    two = "# Two\n\n" + "Some more stand here. " * 3
    passages = cut(one + "\n\n" + two, max_tokens=20, overlap_tokens=10)
    assert [passage.splitlines()[0] for passage in passages] == ["# One", "# Two"]


def test_a_sentence_longer_than_the_budget_is_cut_before_words() -> None:
    text = " ".join(f"w{i}" for i in range(100))
    passages = cut(text, max_tokens=20, overlap_tokens=4)
    assert [word for p in passages for word in p.split()][:20] == text.split()[:20]
    assert all(set(p.split()) <= set(text.split()) for p in passages)
    for before, after in pairwise(passages):
        shared = [word for word in before.split() if word in after.split()]
        assert 1 <= len(shared) <= 4


def test_a_wall_of_letters_is_cut_as_well() -> None:
    passages = cut("x" * 1000, max_tokens=100)
    assert "".join(passages) == "x" * 1000
    assert max(map(len, passages)) <= 100


def test_a_heading_that_the_text_does_not_show_still_begins_a_passage() -> None:
    text = "One two three four. Five six seven.\n\nEight nine ten eleven. Twelve and so on."
    splitter = StructureSplitter(WordTokenizer(), 12)
    spans = splitter.split(document(text, (Mark(37, heading="Not in the text", level=2),)))
    assert spans == [Cut(0, 35), Cut(37, len(text))]
