"""Running an experiment: each setting answers the same questions, and no work is done twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import filelock

from dragtor.build import WITHOUT_MODEL, build
from dragtor.build.language import language
from dragtor.config import Settings
from dragtor.errors import QueryError, StoreError
from dragtor.evaluate.evaluating import F1, SUPPORT, Examination, Outcome, evaluate, measurable
from dragtor.evaluate.experiment import Experiment, Setting, index_group
from dragtor.evaluate.judging import Judge
from dragtor.evaluate.results import ResultStore
from dragtor.evaluate.working import Material, OwnMaterial, read_material
from dragtor.interfaces import Progress
from dragtor.log import logger
from dragtor.pipeline import Dragtor
from dragtor.types import Notice, Query

KEPT = 20
"""Outcomes that an interruption can cost, at most."""

Show = Callable[[str], AbstractContextManager[Progress]]
"""Progress of a task of this name."""
Say = Callable[[Notice], None]


def examination(query: Query, passages: int, *, answers: bool) -> Examination:
    """Questions searched for as a query says, and answered likewise from so many passages."""
    return Examination(query, replace(query, k=passages) if answers else None)


def run_experiment(
    experiment: Experiment,
    own: Settings,
    collection: str,
    show: Show,
    say: Say,
    *,
    fresh: bool = False,
) -> int:
    """Run an experiment, or what an interruption left of it, and return the id of the run.

    ``own`` are the settings of the library that questions files are about. Documents are loaded
    once for each set of questions, an index is built once for all settings that share it, and
    vectors come from a cache: a text is encoded once by each encoder. ``fresh`` begins anew.
    """
    materials = [
        read_material(path, collection, experiment.split, experiment.limit)
        for path in experiment.questions
    ]
    _refuse_same_names(materials)
    _refuse_without_answers(experiment, materials)
    folder = own.paths.experiments
    store = ResultStore(folder)
    digest = f"{experiment.digest} {_state(own, materials)}"
    work = folder / f"work-{experiment.digest}"
    with _alone(work):
        run = None if fresh else store.unfinished(digest)
        if run is None:
            run = store.begin(experiment, digest)
            for material in materials:
                shutil.rmtree(work / material.name, ignore_errors=True)
        else:
            say(Notice("resumed", f"going on with run {run}, which was interrupted"))
        for material in materials:
            with show(f"Loading {material.name}") as progress:
                material.fill(own, work / material.name, progress)
            _run_on(experiment, material, work / material.name, store, run, show, say)
        store.finish(run)
    shutil.rmtree(work, ignore_errors=True)
    return run


def _run_on(
    experiment: Experiment,
    material: Material,
    folder: Path,
    store: ResultStore,
    run: int,
    show: Show,
    say: Say,
) -> None:
    """All settings on one set of questions; those that share an index one after the other."""
    judge: Judge | None = None
    ordered = sorted(experiment.settings, key=lambda one: index_group(one.settings))
    for number, setting in enumerate(ordered, start=1):
        done = store.done(run, setting.name, material.name)
        answers = wants_answers(material, experiment.answers)
        with closing(material.open(setting.settings, folder)) as dragtor:
            if judge is None:
                _index(dragtor, setting, show)  # the texts that answer are those of the index
                judge = material.judge(dragtor.library)
                for notice in check_material(material, judge, answers):
                    say(notice)
            left = {one.id for one in measurable(material.cases, judge, answers=answers)} - done
            if left:
                _index(dragtor, setting, show)
                query = _query(setting.settings, material.collection)
                asked = examination(query, setting.settings.answer.passages, answers=answers)
                with show(f"{number} of {len(ordered)}: {setting.name}") as progress:
                    found = evaluate(dragtor, material.cases, judge, asked, progress, done)
                    _keep(store, run, setting.name, material.name, found)
        logger.info("experiment: {} on {} is done", setting.name, material.name)


def _query(settings: Settings, collection: str) -> Query:
    """A question's query as the settings say; its text is still to come."""
    strategy = settings.answer.strategy
    return Query("", k=settings.retrieve.k, collections=(collection,), strategy=strategy)


def _index(dragtor: Dragtor, setting: Setting, show: Show) -> None:
    """Make the index of a setting, which is there where the one before shares it."""
    with show(f"Indexing: {setting.name}") as progress:
        dragtor.index(rebuild=False, progress=progress)


def _keep(
    store: ResultStore, run: int, setting: str, questions: str, outcomes: Iterable[Outcome]
) -> None:
    """Keep outcomes batch by batch, the last one also when it is cut short."""
    batch: list[Outcome] = []
    try:
        for one in outcomes:
            batch.append(one)
            if len(batch) == KEPT:
                store.add(run, setting, questions, batch)
                batch = []
    finally:
        store.add(run, setting, questions, batch)


def wants_answers(material: Material, wanted: bool | None) -> bool:
    """Whether answers are made: as is wanted, or where there are references to compare with."""
    return any(case.answers for case in material.cases) if wanted is None else wanted


def check_material(material: Material, judge: Judge, answers: bool) -> list[Notice]:
    """What to say of questions that cannot be judged as they should be.

    Raises QueryError if nothing is known of any question.
    """
    if not measurable(material.cases, judge, answers=answers):
        raise QueryError(
            f"{material.name}: nothing is known of what answers these questions: give them "
            "`evidence` that is in the library, or reference answers"
        )
    if not judge.missing:
        return []
    named = ", ".join(judge.missing[:3]) + (", …" if len(judge.missing) > 3 else "")
    text = f"the library does not hold all evidence of {len(judge.missing)} questions: {named}"
    advice = "`dragtor questions check` says more"
    return [Notice("evidence_missing", f"{text}. They are judged by the rest of it; {advice}")]


def _state(own: Settings, materials: Sequence[Material]) -> str:
    """What changes with the library that questions are about; sets bring their own documents."""
    if not any(isinstance(material, OwnMaterial) for material in materials):
        return "sets"
    with closing(build(own)) as dragtor:
        return f"revision {dragtor.library.revision()}"


def _refuse_same_names(materials: Sequence[Material]) -> None:
    names = [material.name for material in materials]
    for name in names:
        if names.count(name) > 1:
            raise QueryError(f"two sets of questions are called {name}: rename one of them")


def _refuse_without_answers(experiment: Experiment, materials: Sequence[Material]) -> None:
    """Refuse what nothing could be measured by, before any work. Raises QueryError."""
    compared = any(
        wants_answers(material, experiment.answers) and any(case.answers for case in material.cases)
        for material in materials
    )
    if experiment.metric in (F1, SUPPORT) and not compared:
        raise QueryError(
            f"metric {experiment.metric} is of answers, and no question has reference answers: "
            "give them `answers`, or choose another metric"
        )
    if not any(wants_answers(material, experiment.answers) for material in materials):
        return
    for one in experiment.settings:
        wanted = one.settings.answer.strategy
        if wanted not in WITHOUT_MODEL and language(one.settings).model is None:
            raise QueryError(
                f"{one.name}: answer.strategy is {wanted}, which needs a language model, and there "
                "is none (llm.model): choose plain, or have no answers made (answers: false)"
            )


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Hold an experiment, so that nobody else runs it meanwhile. Raises StoreError."""
    try:
        work.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(work / "lock", timeout=0)
        lock.acquire()
    except filelock.Timeout:
        raise StoreError("this experiment is being run by another process: wait for it") from None
    except OSError as error:
        raise StoreError(f"{error.filename or work}: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()
