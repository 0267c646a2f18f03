"""dragtor: ask your trusted sources, on your own machine.

Read ``types.py``, ``interfaces.py`` and ``pipeline.py``, in this order, to understand the whole.
"""

import os

__version__ = "0.1.0"

# Before numpy is imported: its matrices are small here, and the threads it would share them among
# mostly wait for each other, actively. On busy cores searches took ten times as long with them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
