"""The one family of errors that linn raises on purpose; the command line renders them."""

from __future__ import annotations

from typing import ClassVar


class LinnError(Exception):
    """Something went wrong that one line can explain: what, where and what to do about it."""

    exit_code: ClassVar[int] = 1


class UsageError(LinnError, ValueError):
    """The request itself is wrong: an option, a value or a combination."""

    exit_code = 2


class InputError(LinnError):
    """A picture or folder cannot be used, or its answer cannot be written."""


class WeightsError(LinnError):
    """A weight set is missing, damaged or not what it says it is."""


class NoFileError(WeightsError):
    """A Hub repository has no file of that name."""


class UnreachableError(WeightsError):
    """The Hub cannot be asked: no network, offline mode, or a server that fails."""
