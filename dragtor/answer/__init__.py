"""From a question and hits to an answer: prompt, language model, citations, refusal, chat."""
