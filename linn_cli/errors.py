"""The one family of errors that linn raises on purpose; the command line renders them."""

from __future__ import annotations

from typing import ClassVar

from linn_cli.wording import as_arguments, as_options


class LinnError(Exception):
    """Something went wrong that one line can explain: what, where and what to do about it.

    As text it names the arguments of Python; `explain` names the options of the command line.
    """

    exit_code: ClassVar[int] = 1

    @property
    def text(self) -> str:
        """The text before its settings are spelled (`wording`), to be part of another error's."""
        return super().__str__()

    def __str__(self) -> str:
        return as_arguments(self.text)


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


class ClusterError(LinnError):
    """A cluster does not answer, or one of its workers cannot do its part."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed; torch reports that on the CPU as a plain RuntimeError."""
    return isinstance(error, MemoryError) or any(
        sign in str(error)
        for sign in ("out of memory", "can't allocate memory", "not enough memory")
    )


def explain(error: BaseException) -> str:
    """What went wrong, in one line of the command line."""
    match error:
        case LinnError():
            return as_options(error.text)
        case KeyboardInterrupt():
            return "interrupted"
        case MemoryError() | RuntimeError() if is_out_of_memory(error):
            return "out of memory: the picture is too large for this machine"
        case BrokenPipeError():
            return "the output was closed before all of it was written"
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return f"{where}cannot be read or written ({error.strerror or error})"
        case _:
            return f"unexpected {type(error).__name__}: {error} (a defect; --debug shows where)"


def explain_of(name: str, error: BaseException) -> str:
    """What went wrong with something that has a name, in one line that begins with it."""
    reason = explain(error)
    return reason if reason.startswith(f"{name}:") else f"{name}: {reason}"
