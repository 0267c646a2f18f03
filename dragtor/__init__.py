"""dragtor: ask your trusted sources, on your own machine.

Read ``types.py``, ``interfaces.py`` and ``pipeline.py``, in this order, to understand the whole.
"""

__version__ = "0.1.0"
