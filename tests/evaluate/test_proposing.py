"""Proposed questions: spread, different, the same for a seed, each with what it rests on."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from typing import Any, cast

import pytest

from dragtor.evaluate.proposing import Proposal, Proposer, entry, id_of
from dragtor.evaluate.writing import ModelWriter
from dragtor.interfaces import Library
from dragtor.prompts import Prompts
from dragtor.types import (
    Document,
    DocumentInfo,
    Hit,
    Location,
    Mark,
    Passage,
    Query,
    SearchResult,
)
from tests.fakes import WORDING, ScriptedModel

TEXTS = {
    "pulleys": (
        "Finger pulley injuries",
        "Signs\n\n- A loud pop points to a complete tear.\n- The finger swells within a day.\n\n"
        "Healing\n\nTorn pulleys heal within eight weeks under a thermoplastic ring.\n",
    ),
    "elbow": (
        "Tennis elbow",
        "Tennis elbow is treated by load, because total rest makes the tendon weaker.\n\n"
        "Eccentric exercise reduces the pain of the outer elbow within twelve weeks.\n",
    ),
    "skin": ("Skin", "A flapper is a torn callus that hangs on one side.\n\nTennis elbow.\n"),
}
HEALING = TEXTS["pulleys"][1].index("Healing")
HEADINGS = {
    "pulleys": (Mark(0, heading="Signs", level=2), Mark(HEALING, heading="Healing", level=2))
}


class Shelf:
    """Documents by id."""

    def documents(self, collection: str) -> list[DocumentInfo]:
        return [self.document(id).info for id in TEXTS]

    def document(self, id: str) -> Document:
        title, text = TEXTS[id]
        info = DocumentInfo(id, f"file:///{id}.md", title, "markdown")
        return Document(info, 1, text, HEADINGS.get(id, ()))


def find(query: Query) -> SearchResult:
    """Everything but what is about pulleys."""
    shelf = Shelf()
    found = [shelf.document(id) for id in ("elbow", "skin")]
    hits = [
        Hit(n, 1.0, {}, Passage("p", 0, 9, d.text), d.info, Location())
        for n, d in enumerate(found, 1)
    ]
    return SearchResult(query.text, tuple(hits), {})


def proposed(**options: Any) -> Callable[..., list[Proposal]]:
    proposer = Proposer(cast(Library, Shelf()), find, Query(""), **options)
    return lambda *known: list(proposer.propose(known))


def test_rules_come_first_and_each_question_rests_on_its_quote() -> None:
    made = proposed()()
    asked = {one.question: one for one in made}
    assert asked["What is a flapper?"].quote == TEXTS["skin"][1][:50]
    assert asked["Why is tennis elbow treated by load?"].origin == "sentence"
    assert "Within how many weeks do torn pulleys heal under a thermoplastic ring?" in asked
    signs = asked["What are the signs of finger pulley injuries?"]
    assert signs.quote == TEXTS["pulleys"][1][7 : HEALING - 2]  # both items
    for one in made:
        text = TEXTS[one.document.id][1]
        assert text[one.start : one.end] == one.quote
    assert [one.origin for one in made] == sorted(
        [one.origin for one in made], key=lambda origin: origin == "words"
    )


def test_they_take_turns_over_the_documents() -> None:
    first = list(islice(proposed()(), 3))
    assert {one.document.id for one in first} == set(TEXTS)


def test_the_same_seed_gives_the_same_questions_and_another_one_others() -> None:
    orders = {tuple(one.question for one in proposed(seed=seed)()) for seed in (1, 1, 2, 3)}
    assert 1 < len(orders) <= 3
    assert proposed(seed=1)() == proposed(seed=1)()


def test_what_is_asked_already_is_not_proposed_again() -> None:
    before = {one.question for one in proposed()()}
    assert "What is a flapper?" in before
    after = {one.question for one in proposed()("So what is a flapper?")}
    assert "What is a flapper?" not in after


def test_what_a_search_does_not_find_is_marked_as_hard() -> None:
    made = proposed()()
    assert {one.document.id for one in made if one.hard} == {"pulleys"}
    assert entry(made[0], "a", checked=False).get("hard", False) == made[0].hard


def test_an_entry_is_what_eval_reads(tmp_path: Any) -> None:
    import yaml

    from dragtor.evaluate.judging import read_cases

    made = proposed()()
    file = tmp_path / "mine.yml"
    file.write_text(
        yaml.safe_dump([entry(one, str(n), checked=True) for n, one in enumerate(made)])
    )
    (first, *_) = cases = read_cases(file)
    assert len(cases) == len(made)
    assert (first.question, first.evidence[0].quote) == (made[0].question, made[0].quote)


def test_ids_are_words_and_unlike() -> None:
    assert id_of("Why is the A2 pulley torn most often?", []) == "why-is-the-a2-pulley-torn"
    assert id_of("?", ["question"]) == "question-2"


# --- by a language model --------------------------------------------------------------------------


def by_model(*said: str) -> list[Proposal]:
    writer = ModelWriter(ScriptedModel(list(said)), Prompts().propose, WORDING)
    return proposed(writer=writer)()


def written(question: str, quote: str) -> str:
    return json.dumps({"question": question, "quote": quote})


GOOD = "What makes the tendon of a tennis elbow weaker?"
QUOTE = "Tennis elbow is treated by load, because  total rest makes the tendon weaker."


def of_elbow(answer: str) -> list[Proposal]:
    """What becomes of one answer, whichever document it is given for."""
    made = by_model(*[answer] * 40)
    return [one for one in made if one.origin == "model" and one.document.id == "elbow"]


def test_a_models_question_comes_with_what_it_copied() -> None:
    (one,) = of_elbow(written(GOOD, QUOTE))
    assert (one.question, one.origin, one.start) == (GOOD, "model", 0)
    assert one.quote == " ".join(QUOTE.split())


@pytest.mark.parametrize(
    "answer",
    [
        "I would ask about tendons.",
        written(GOOD, "Rest is always right for a tendon."),  # not in the passage
        written("What does the text say of the tendon of a tennis elbow?", QUOTE),
        written("Does it make the tendon weaker?", QUOTE),
        written("Which sources of zinc are there for vegans in winter?", QUOTE),
        written("Tennis elbow?", QUOTE),
        written("Total rest makes the tendon weaker.", QUOTE),
    ],
)
def test_what_a_model_gets_wrong_is_not_proposed(answer: str) -> None:
    assert of_elbow(answer) == []


def test_where_a_model_makes_nothing_rules_do() -> None:
    assert [one.question for one in by_model(*["No."] * 40)] == [
        one.question for one in proposed()()
    ]
