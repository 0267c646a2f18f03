"""Addresses: between paths and ``file://`` URIs, and as a person wants to read them."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from dragtor.text import clean


def is_web(uri: str) -> bool:
    """Whether this is the address of something on the web."""
    return uri.lower().startswith(("http://", "https://"))


def path_of(uri: str) -> Path:
    """The absolute path that a path or ``file://`` URI names; ``~`` is the home folder.

    Symbolic links stay as they are, so that a document keeps the name it was given.
    """
    if uri.lower().startswith("file:"):
        path = urlsplit(uri).path
        # A name on a POSIX file system is bytes, of any encoding or of none.
        uri = url2pathname(path) if os.name == "nt" else os.fsdecode(unquote_to_bytes(path))
    return Path(os.path.abspath(os.path.expanduser(uri)))


def shown(uri: str) -> str:
    """An address as messages show it: a path for files, the URL itself otherwise."""
    return clean(str(path_of(uri)) if uri.lower().startswith("file:") else uri)


def stem(uri: str) -> str:
    """What to call a document that has no title: its file name, or the end of its URL.

    >>> stem("file:///notes/finger%20pulleys.txt")
    'finger pulleys'
    """
    parts = urlsplit(uri)
    name = unquote(parts.path).rstrip("/").rpartition("/")[2]
    return name.rpartition(".")[0] or name or parts.netloc or uri
