"""A progress bar: done, total, speed, time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from dragtor.cli.render import err, harmless
from dragtor.interfaces import Progress


class Pace:
    """How quickly things get done since the first report; what was done before it is no work."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start: tuple[float, int] | None = None

    def __call__(self, done: int, total: int) -> str:
        """Speed and time left in words; nothing while nothing can be known.

        >>> seconds = iter([0.0, 2.0])
        >>> pace = Pace(lambda: next(seconds))
        >>> pace(0, 1000), pace(200, 1000)
        ('', '100/s, 0:00:08 left')
        """
        now = self._clock()
        began, before = self._start = self._start or (now, done)
        if done <= before or now <= began:
            return ""
        speed = (done - before) / (now - began)
        left = timedelta(seconds=round(max(total - done, 0) / speed))
        return f"{speed:.{0 if speed >= 10 else 1}f}/s, {left} left"


@contextmanager
def progress(task_name: str) -> Iterator[Progress]:
    """A bar on standard error, gone when the work is done; nothing where no terminal is."""
    bar = Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    pace = Pace()
    with bar:
        task = bar.add_task(harmless(task_name), total=None, pace="")

        def show(done: int, total: int, what: str) -> None:
            bar.update(
                task,
                completed=done,
                total=total,
                description=harmless(f"{task_name} {_short(what)}"),
                pace=pace(done, total),
            )

        yield show


def _short(thing: str, width: int = 24) -> str:
    name = thing.rstrip("/").rsplit("/", 1)[-1]
    return name if len(name) <= width else f"{name[: width - 1]}…"
