"""What becomes of real documents: files of many formats, saved web pages, long Markdown.

    DRAGTOR_DATA=… python benchmarks/documents.py          # measure and store
    DRAGTOR_DATA=… python benchmarks/documents.py --check  # against results/documents.json

Pages are served on loopback and fetched by the local reader, as any page would be. A page's score
is the F1 of its bag of words (as the keyword index counts words) against the gold article.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from statistics import mean, median
from typing import Any

from common import data, quiet, store, stored

from dragtor.build import EXTRACTORS
from dragtor.errors import NothingToRead, SourceError
from dragtor.sources.extractors import Extractors
from dragtor.sources.files import FolderSource
from dragtor.sources.http import HttpClient
from dragtor.sources.web import LocalReader
from dragtor.text import words
from dragtor.types import Found

TOLERANCE = 0.005


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the stored result")
    check = parser.parse_args().check
    result = {"formats": formats(), "pages": pages(), "markdown": markdown()}
    show(result)
    if check:
        return compare(stored("documents"), result)
    store("documents", result)
    return 0


def extractors() -> Extractors:
    def make(path: str) -> Any:  # noqa: ANN401 (one of many classes)
        module, _, name = path.partition(":")
        return getattr(import_module(module), name)()

    return Extractors({kind: partial(make, path) for kind, path in EXTRACTORS.items()})


def formats() -> list[dict[str, Any]]:
    """One row for each file of doc_formats: loaded, or refused with a reason."""
    source, reading = FolderSource(str(data("doc_formats") / "files")), extractors()
    return [outcome(source, found, reading) for found in source.discover()]


def outcome(source: FolderSource, found: Found, reading: Extractors) -> dict[str, Any]:
    row: dict[str, Any] = {"file": found.uri.rpartition("/")[2]}
    if found.skipped:
        return {**row, "result": "skipped", "reason": found.skipped}
    original = source.fetch(found.uri, None)
    assert original is not None, "nothing is known of a file that is fetched for the first time"
    folder = f"{source.uri.removeprefix('file://')}/"
    started = time.perf_counter()
    try:
        (content,) = reading.extract(original)
    except SourceError as error:
        result = "skipped" if isinstance(error, NothingToRead) else "failed"
        return {**row, "result": result, "reason": str(error).replace(folder, "")}
    return {
        **row,
        "result": "loaded",
        "title": content.title,
        "words": len(words(content.text)),
        "headings": sum(mark.heading is not None for mark in content.marks),
        "pages": sum(mark.page is not None for mark in content.marks),
        "seconds": round(time.perf_counter() - started, 3),
    }


def pages() -> dict[str, Any]:
    """Token F1 of the local reader over the pages of html_extraction."""
    folder = data("html_extraction")
    gold = [
        json.loads(line) for line in (folder / "gold.jsonl").read_text("utf-8").strip().split("\n")
    ]
    bodies = {f"/{one['id']}": gzip.decompress((folder / one["file"]).read_bytes()) for one in gold}
    reading, scores, seconds = extractors(), [], 0.0
    with served(bodies) as base:
        reader = LocalReader(HttpClient(delay_s=0))
        for number, one in enumerate(gold):
            quiet(number, len(gold), "pages")
            original = reader.read(f"{base}/{one['id']}", None)
            assert original is not None, "the server knows nothing of validators"
            started = time.perf_counter()
            try:
                text = "\n".join(content.text for content in reading.extract(original))
            except SourceError:
                text = ""
            seconds += time.perf_counter() - started
            scores.append(overlap(text, one["text"]))
    names = ("f1", "precision", "recall")
    return {
        "pages": len(scores),
        "mean": {name: round(mean(one[i] for one in scores), 4) for i, name in enumerate(names)},
        "median": {name: round(median(s[i] for s in scores), 4) for i, name in enumerate(names)},
        "below_half": sum(f1 < 0.5 for f1, _, _ in scores),
        "pages_per_second": round(len(scores) / seconds, 1),
    }


def overlap(text: str, gold: str) -> tuple[float, float, float]:
    """F1, precision and recall of a bag of words."""
    found, wanted = Counter(words(text)), Counter(words(gold))
    shared = (found & wanted).total()
    if not shared:
        return 0.0, 0.0, 0.0
    precision, recall = shared / found.total(), shared / wanted.total()
    return 2 * precision * recall / (precision + recall), precision, recall


@contextmanager
def served(bodies: dict[str, bytes]) -> Iterator[str]:
    """A server on loopback with these pages; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies[self.path]
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def markdown() -> list[dict[str, Any]]:
    """How many gold spans of chunking_eval still lie where they lay in the file."""
    folder, reading = data("chunking_eval"), extractors()
    questions = [
        json.loads(line)
        for line in (folder / "queries.jsonl").read_text("utf-8").strip().split("\n")
    ]
    source, rows = FolderSource(str(folder / "documents")), []
    for found in source.discover():
        original = source.fetch(found.uri, None)
        assert original is not None, "nothing is known of a file that is fetched for the first time"
        (content,) = reading.extract(original)
        raw, name = original.data.decode(), found.uri.rpartition("/")[2]
        spans = [
            (start, end)
            for question in questions
            if f"{question['meta']['document']}.md" == name
            for start, end in question["meta"]["spans"]
        ]
        rows.append(
            {
                "file": name,
                "characters": len(content.text),
                "headings": len(content.marks),
                "gold_spans": len(spans),
                "gold_spans_in_place": sum(content.text[s:e] == raw[s:e] for s, e in spans),
            }
        )
    return rows


def show(result: dict[str, Any]) -> None:
    for row in result["formats"]:
        told = row.get("reason") or (
            f"{row['words']} words, {row['headings']} headings, {row['pages']} pages, "
            f"{row['seconds']} s: {row['title']}"
        )
        print(f"{row['result']:8} {row['file'][:44]:44} {told}")
    print(json.dumps(result["pages"], indent=2))
    for row in result["markdown"]:
        print(row)


def compare(expected: dict[str, Any], result: dict[str, Any]) -> int:
    """0 if nothing became worse than the stored result."""
    before = {row["file"]: row["result"] for row in expected["formats"]}
    now = {row["file"]: row["result"] for row in result["formats"]}
    f1 = {key: one["pages"]["mean"]["f1"] for key, one in (("was", expected), ("is", result))}
    good = before == now and f1["is"] >= f1["was"] - TOLERANCE
    print("as stored" if good else f"changed: {sorted(before.items() ^ now.items())}, F1 {f1}")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
