"""Writes assets/ask.svg, the README's picture: a real question, answered in the sample library.

Run ``python docs/make_picture.py`` in the checkout, after ``python3 run_setup.py``.
"""

from __future__ import annotations

import re
from contextlib import suppress
from io import StringIO
from pathlib import Path

from rich.console import Console

from dragtor.cli import main, render

QUESTION = "Why do heel hooks injure the knee?"
PICTURE = Path(__file__).parents[1] / "assets" / "ask.svg"

if __name__ == "__main__":
    render.out = Console(record=True, width=80, highlight=False, file=StringIO())
    with suppress(SystemExit):
        main(["ask", QUESTION])
    svg = render.out.export_svg(title=f'$ dragtor ask "{QUESTION}"')
    # The reader's own fonts will do; nothing is to be fetched to show a picture.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    PICTURE.write_text(svg.replace("Fira Code, ", ""), encoding="utf-8")
