from __future__ import annotations

from pathlib import Path

import pytest

from dragtor.errors import QueryError
from dragtor.evaluate.judging import Case, Evidence, EvidenceJudge, SetJudge, read_cases
from dragtor.types import Document, DocumentInfo, Hit, Location, Passage

TEXT = "Rings heal in six weeks.\nTape does not replace the ring. Rings heal in six weeks."


class OneDocument:
    """A library of one document, in a folder that a person knows by its file name."""

    info = DocumentInfo("d1", "file:///notes/rings%20and%20tape.md", "Rings", "markdown")

    def documents(self, collection: str) -> list[DocumentInfo]:
        return [self.info]

    def document(self, id: str) -> Document:
        return Document(self.info, 1, TEXT)


def hit(start: int, end: int, document: str = "d1", uri: str = "") -> Hit:
    info = DocumentInfo(document, uri, "", "text")
    return Hit(1, 1.0, {}, Passage(f"p{start}", start, end, ""), info, Location())


def judge(*evidence: Evidence, any_of: bool = False) -> EvidenceJudge:
    case = Case("q", "?", evidence=evidence, any_of=any_of)
    return EvidenceJudge.of([case], OneDocument(), "main")  # type: ignore[arg-type]


def test_a_passage_that_holds_the_quote_is_the_evidence_wherever_it_stands() -> None:
    found = judge(Evidence("rings and tape.md", "Rings heal in  six\nweeks."))
    assert found.judged("q") == {"evidence 1": 1}
    assert found.found("q", hit(0, 30)) == ["evidence 1"]
    assert found.found("q", hit(50, len(TEXT))) == ["evidence 1"]
    assert found.found("q", hit(0, 30, "another")) == ["p0"]


def test_half_of_the_shorter_is_enough_of_a_quote_and_less_is_not() -> None:
    found = judge(Evidence(None, "Tape does not replace the ring."))  # 25 to 56
    assert found.found("q", hit(30, 35)) == ["evidence 1"]
    assert found.found("q", hit(41, 80)) == ["p41"]  # 15 of 31 characters
    assert found.found("q", hit(40, 80)) == ["evidence 1"]


@pytest.mark.parametrize(
    "name", ["d1", "file:///notes/rings%20and%20tape.md", "notes/rings and tape.md", "Rings"]
)
def test_a_document_goes_by_its_id_address_file_or_title(name: str) -> None:
    assert judge(Evidence(name, None)).found("q", hit(0, 5)) == ["evidence 1"]


def test_several_pieces_count_each_unless_any_one_will_do() -> None:
    pieces = Evidence(None, "Rings heal"), Evidence(None, "Tape does not")
    assert judge(*pieces).judged("q") == {"evidence 1": 1, "evidence 2": 1}
    either = judge(*pieces, any_of=True)
    assert either.judged("q") == {"evidence": 1}
    assert either.found("q", hit(25, 40)) == ["evidence"]


def test_what_the_library_does_not_hold_is_said() -> None:
    gone = Evidence(None, "Cast it in plaster.")
    assert judge(gone).missing == ["q"]
    assert judge(gone).judged("q") == {}
    assert judge(Evidence(None, "Rings heal"), gone).missing == ["q"]
    assert judge(Evidence(None, "Rings heal"), gone, any_of=True).missing == []
    assert judge(Evidence("lost.md", "Rings heal")).missing == ["q"]


def test_documents_of_a_set_go_by_what_stands_behind_the_file() -> None:
    found = SetJudge({"q": {"7": 2}})
    assert found.found("q", hit(0, 5, uri="file:///c.jsonl#7#x")) == ["7#x"]
    assert found.judged("another") == {}


def test_questions_are_read_with_all_that_is_known(tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(
        "- {question: how, answer: So., evidence: [So it is., {document: a.md}], any_of: true}\n"
        "- {id: two, question: why, answerable: false}\n"
    )
    assert read_cases(file) == [
        Case("1", "how", ("So.",), (Evidence(None, "So it is."), Evidence("a.md", None)), True),
        Case("two", "why", answerable=False),
    ]


def test_questions_may_be_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"id": 7, "text": "How?", "answers": ["So.", "Thus."]}\n\n')
    assert read_cases(file) == [Case("7", "How?", ("So.", "Thus."))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b", "no list"),
        ("- [", "cannot be read as questions"),
        ("[]", "holds no questions"),
        ("- what?", "entry 1 must have keys"),
        ("- {question: '?!'}", "entry 1 needs `question`"),
        ("- {question: how, answerable: perhaps}", "can be true or false"),
        ("- {question: how, evidence: here}", "`evidence` must be a list"),
        ("- {question: how, evidence: [{page: 4}]}", "`document`, `quote` or both"),
        ("- {question: how, evidence: [{quote: ' '}]}", "`document`, `quote` or both"),
        ("- {id: a, question: how}\n- {id: a, question: why}", "entry 2: entry 1 has the id 'a'"),
        ("- {question: how, answers: [null, red]}", "entry 1: `answers` holds None"),
    ],
)
def test_a_mistake_is_named_with_its_entry(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(text)
    with pytest.raises(QueryError, match=message):
        read_cases(file)


def test_the_questions_of_the_sample_library_are_such_a_file() -> None:
    cases = read_cases(Path(__file__).parents[2] / "assets" / "questions.yml")
    assert len(cases) == 40
    assert sum(bool(case.evidence) for case in cases) == 30
