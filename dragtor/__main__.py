"""``python -m dragtor`` is ``dragtor``."""

from dragtor.cli import main

main()
