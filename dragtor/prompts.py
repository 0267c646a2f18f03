"""What a language model is told, as settings."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """A part of the settings: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, values: object) -> object:
        """A section with nothing under it is YAML's null: its defaults hold."""
        return {} if values is None else values


class Prompts(Section):
    """What the language model is told; words in braces are filled in."""

    system: str = (
        "You answer questions from the numbered passages that you are given, and from nothing else."
        "\n- Answer in one to four plain sentences, with the facts, numbers and names exactly as "
        "the passages have them."
        "\n- End each sentence with the number of the passage it rests on in square brackets, like "
        "[1] or [2]."
        "\n- Add nothing that the passages do not say. Where passages disagree, say so."
        "\n- If the passages do not hold the answer, reply with this sentence alone: {refusal}"
    )
    context: str = "Passages:\n\n{passages}"
    question: str = "Question: {question}\nAnswer in full sentences, in the words of the passages."
    refusal: str = "The sources do not answer this question."
    step_back: str = (
        "You rewrite a question as a more general question on the same subject."
        "\n---\nWhich grade of pulley injury needs surgery?"
        "\n---\nHow are pulley injuries treated?"
        "\n---\nWas Marie Curie at the Sorbonne in 1894?"
        "\n---\nWhere did Marie Curie study and work?"
        "\n---\n{question}"
    )
    hyde: str = "Answer in two plain sentences, like an encyclopedia: {question}"
    decompose: str = (
        "You split a question into two or three simpler questions, one on each line."
        "\n---\nWhich heals faster, a torn pulley or tennis elbow?"
        "\n---\nHow long does a torn pulley take to heal?\nHow long does tennis elbow take to heal?"
        "\n---\n{question}"
    )
    agent: str = (
        "You look for the sources that answer a question. Choose the next step:"
        "\n- search: look for something else; say in text what to search for"
        "\n- read: read one source whole; give its number in sources"
        "\n- compare: see where two sources agree; give both numbers in sources"
        "\n- finish: the sources found hold the answer (give the numbers of those that do in "
        "sources), or more looking would not help"
        "\n---\nQuestion: {question}\n\nSources found:\n{sources}\n\nDone so far:\n{done}"
        "\n\nWhat is the next step?"
    )
    compare: str = (
        "Question: {question}\n\nFirst source: {first}\n\nSecond source: {second}"
        "\n\nDo the two sources agree on the question? Say in one sentence where they agree or "
        "differ."
    )
    outline: str = (
        "{text}"
        "\n\nName what this part of a longer text is about: a title of two to eight words, and "
        "two to four topics of one to five words each. Use the words of the text, and add nothing "
        "to it."
    )
    summarise: str = (
        "{title}\n\n{text}"
        "\n\nSay in three to five sentences what this text is about: its subject, its main "
        "statements and the names in it. Add nothing that the text does not say."
    )
    propose: str = (
        "{title}\n\n{text}"
        "\n\nWrite one question that this text answers, as somebody would ask it who has not seen "
        "the text: it names what it is about, and says nothing of a text or a passage. Then copy "
        "from the text, word for word, the one sentence that answers it."
    )
    rewrite: str = (
        "You are given a conversation and the last thing the user asked. Rewrite that last "
        "question so that it can be understood without the conversation: put names in the place of "
        'words such as "it", "they" or "that", and add the topic where it is left out. Keep '
        "everything else word for word. A question that can be understood by itself is repeated as "
        "it is. Do not answer. Reply with the question alone, on one line."
        "\n---\nUser: What is tennis elbow?\nLast question: Is it common?"
        "\n---\nIs tennis elbow common?"
        "\n---\nUser: How long does a sprained ankle take to heal?"
        "\nLast question: What about the knee?"
        "\n---\nHow long does a sprained knee take to heal?"
        "\n---\nUser: What is tennis elbow?\nLast question: How do I choose climbing shoes?"
        "\n---\nHow do I choose climbing shoes?"
        "\n---\n{conversation}\nLast question: {question}"
    )
    form: str = "Answer with one JSON object of this form, and nothing else:\n{form}"
    repair: str = "That does not fit: {wrong}. Answer again, with the JSON object alone."
