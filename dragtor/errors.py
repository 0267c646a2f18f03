"""Every error a user can cause, as one family.

::

    DragtorError            caught once, at the edge: one line for a person, exit code 1
    ├── ConfigError         a wrong key or value in params.yml, local.yml or --set
    ├── SourceError         something could not be read: a file, a page, a feed
    │   └── NothingToRead   it could be read, and there is nothing in it worth keeping
    ├── ModelError          weights are missing, damaged, or do not load
    ├── EngineError         a language model or encoder failed while running
    │   └── StructureError  a language model did not answer in the form it was asked for
    ├── StoreError          the library cannot be opened, read or written
    │   ├── LibraryLocked   another process is writing to it
    │   └── Moved           it changed while it was read; whoever reads begins again
    ├── QueryError          a question, filter or id that cannot be understood
    └── MissingExtra        an optional package is not installed

A message says what happened with the offending value, then what to do, in one line.
"""


class DragtorError(Exception):
    """Base of all errors that are reported to a person in one line."""


class ConfigError(DragtorError):
    """A setting is unknown, wrong, or in the wrong place."""


class SourceError(DragtorError):
    """A source, or one document of it, could not be read."""


class NothingToRead(SourceError):
    """The document was reached but is left out: empty, too thin, of an unknown type."""


class ModelError(DragtorError):
    """A model file is missing, damaged, or cannot be loaded."""


class EngineError(DragtorError):
    """A model was loaded but failed while it ran."""


class StructureError(EngineError):
    """A language model's answer does not fit the form it was asked for, repairs included."""


class StoreError(DragtorError):
    """The library cannot be opened, read or written."""


class LibraryLocked(StoreError):
    """Another process holds the writer's lock of the library."""


class Moved(StoreError):
    """What was being read is no longer there, for it was replaced: read again.

    It reaches nobody but where that happens again and again.
    """

    def __init__(self) -> None:
        super().__init__("the library changes all the time: try again when that is done")


class QueryError(DragtorError):
    """A question, filter or id makes no sense."""


class MissingExtra(DragtorError):
    """An optional package is needed and not installed."""
