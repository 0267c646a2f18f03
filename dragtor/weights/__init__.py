"""Model files: where they are, where they come from, and which language model to take.

On disk a model is a folder ``models/<name>/`` with the files its catalogue entry names; a file
that stands under its final name is whole. Beside them ``checksums.json`` records the SHA-256 of
each as it was verified when it came. Any ``*.gguf`` elsewhere in ``models/`` is a language model
that somebody dropped there, and counts as one.
"""

from dragtor.weights.choose import LlmChoice
from dragtor.weights.fetch import Progress
from dragtor.weights.shelf import Weights

__all__ = ["LlmChoice", "Progress", "Weights"]
