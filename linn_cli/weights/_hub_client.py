"""The Hugging Face Hub as linn uses it. Only this module imports the Hub's client, once it is needed.

Transport, caching, tokens, proxies, mirrors and offline mode are the client's: HF_HOME, HF_TOKEN,
HF_ENDPOINT and HF_HUB_OFFLINE mean what they mean to every other tool.
"""

from __future__ import annotations

import concurrent.futures
import os
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from linn_cli import __version__
from linn_cli.errors import LinnError, NoFileError, UnreachableError, WeightsError
from linn_cli.progress import Progress, silent

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils.tqdm import tqdm

# How long the Hub may take to answer a first request, so that all is said within 5 s of the command:
# torch takes two to load. Left to itself the client retries for 23 s, and its own limit starts anew for
# each address of the server.
_SECONDS = 2.0
_BUSY = 429
_COMMIT = re.compile(r"[0-9a-f]{40}")
_T = TypeVar("_T")


def cached(repository: str, file: str, revision: str) -> tuple[str, Path] | None:
    """The commit and the path of a file in the Hub's cache; None if it is not there. Asks nobody."""
    with _explained(repository, f"file {file!r}", revision):
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(repository, file, revision=revision)
    return _located(found, file) if isinstance(found, str) else None


def look_up(repository: str, file: str, revision: str) -> tuple[str, int | None]:
    """Ask the Hub for the commit of a revision and the size of a file there, in one request.

    Raises:
        NoFileError: there is no such file.
        UnreachableError: nobody answers in time, or only to say that the server fails.
        WeightsError: there is no such repository or revision, or it is not for everybody.
    """
    with _explained(repository, f"file {file!r}", revision):
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(repository, file, revision=revision)
        seconds = _patience()
        found = _within(
            seconds,
            lambda: get_hf_file_metadata(
                url, timeout=seconds, library_name="linn", library_version=__version__
            ),
        )
    if found.commit_hash is None or not _COMMIT.fullmatch(found.commit_hash):
        raise UnreachableError(f"{_endpoint()} does not answer as a Hub does: see HF_ENDPOINT")
    return found.commit_hash, found.size


def download(
    repository: str,
    file: str,
    revision: str,
    *,
    most_bytes: int,
    progress: Progress = silent,
) -> tuple[str, Path]:
    """Download a file of at most `most_bytes` into the Hub's cache; its commit and its path.

    Raises:
        NoFileError, UnreachableError, WeightsError: as `look_up`; also for a file that is too large,
            cut short, or cannot be written.
    """
    _, size = look_up(repository, file, revision)
    if (size or 0) > most_bytes:
        raise WeightsError(f"hf://{repository}: {file} is far too large ({size} bytes)")
    with _explained(repository, f"file {file!r}", revision):
        from huggingface_hub import hf_hub_download

        path = hf_hub_download(
            repository,
            file,
            revision=revision,
            etag_timeout=_patience(),
            library_name="linn",
            library_version=__version__,
            tqdm_class=_bar(file, progress),
        )
    return _located(path, file)


def discard(path: Path) -> None:
    """Remove a damaged file from the Hub's cache: the name in the snapshot and what it links to.

    Raises:
        WeightsError: the cache is read-only.
    """
    try:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise WeightsError(f"{path}: damaged, and not to be removed ({error.strerror})") from error


def upload(
    repository: str, files: Mapping[str, bytes | Path], message: str, *, parent: str | None
) -> str:
    """Add or replace files in one commit on top of `parent`, if that still is the last; the commit.

    Raises:
        UnreachableError: as `look_up`.
        WeightsError: the token may not write there, or the Hub refuses the files.
    """
    with _explained(repository, "such place to write to", "main"):
        from huggingface_hub import CommitOperationAdd, HfApi

        operations = [CommitOperationAdd(name, content) for name, content in files.items()]
        api = HfApi(library_name="linn", library_version=__version__)
        commit = api.create_commit(
            repository, operations, commit_message=message, parent_commit=parent
        )
        return str(commit.oid)


def create(repository: str, *, private: bool) -> None:
    """Create a model repository unless there is one.

    Raises:
        UnreachableError: as `look_up`.
        WeightsError: the token may not create it.
    """
    with _explained(repository, "such place to write to", "main"):
        from huggingface_hub import HfApi

        api = HfApi(library_name="linn", library_version=__version__)
        _within(
            _patience() * 2, lambda: api.create_repo(repository, private=private, exist_ok=True)
        )


def _located(found: str, file: str) -> tuple[str, Path]:
    """The commit and path of a file in the cache, whose folders are named after commits."""
    path = Path(found)
    return path.parents[file.count("/")].name, path


def _endpoint() -> str:
    from huggingface_hub import constants

    return constants.ENDPOINT


def _patience() -> float:
    """Seconds to wait for an answer; whoever sets the client's own limit has a slow line."""
    from huggingface_hub import constants

    return constants.HF_HUB_ETAG_TIMEOUT if "HF_HUB_ETAG_TIMEOUT" in os.environ else _SECONDS


def _within(seconds: float, call: Callable[[], _T]) -> _T:
    """The call's answer, or TimeoutError after `seconds`; the call is left behind then."""
    answer: Future[_T] = Future()

    def work() -> None:
        try:
            answer.set_result(call())
        except Exception as error:
            answer.set_exception(error)

    Thread(target=work, daemon=True).start()
    return answer.result(timeout=seconds)


def _bar(file: str, progress: Progress) -> type[tqdm]:
    """The client draws its progress with this class: it draws nothing and tells `progress`."""
    from huggingface_hub.utils.tqdm import tqdm

    class Bar(tqdm):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **{**options, "disable": True})  # type: ignore[no-untyped-call]
            progress(0, file, options.get("total"))

        def update(self, n: float | None = 1) -> None:
            progress(n or 0, file)

    return Bar


@contextmanager
def _explained(repository: str, what: str, revision: str) -> Iterator[None]:
    """Turn the client's errors into one line each; `what` is asked for, at `revision`."""
    from huggingface_hub import errors
    from huggingface_hub.utils import logging

    if "HF_HUB_VERBOSITY" not in os.environ:
        logging.set_verbosity_error()  # its retries are not for linn's users
    name = f"hf://{repository}"
    try:
        yield
    except LinnError:
        raise
    except errors.OfflineModeIsEnabled as error:
        raise UnreachableError(
            f"{name}: not in the cache, and HF_HUB_OFFLINE forbids to ask the Hub"
        ) from error
    except errors.LocalEntryNotFoundError as error:
        raise UnreachableError(f"{name}: {_endpoint()} cannot be reached any more") from error
    except errors.HfHubHTTPError as error:
        raise _refusal(error, name, what, revision) from error
    except concurrent.futures.TimeoutError as error:
        raise UnreachableError(
            f"{name}: no answer from {_endpoint()} within {_patience():g} s; "
            "HF_HUB_ETAG_TIMEOUT sets another limit"
        ) from error
    except errors.FileMetadataError as error:
        raise UnreachableError(
            f"{_endpoint()} does not answer as a Hub does: see HF_ENDPOINT"
        ) from error
    except ValueError as error:  # a name that no repository can have, an answer that is no JSON
        raise WeightsError(
            f"{name}: not to be had from {_endpoint()} ({_first_line(error)})"
        ) from error
    except OSError as error:
        if error.errno is not None:
            where = error.filename or "the Hub's cache"
            raise WeightsError(f"{where}: cannot be used ({error.strerror})") from error
        raise WeightsError(
            f"{name}: {what} came incomplete or damaged, try again"
        ) from error  # the client compares the size only
    except Exception as error:  # its transport's errors, a family that changes with its version
        raise UnreachableError(
            f"{name}: {_endpoint()} cannot be reached ({type(error).__name__}: {_first_line(error)})"
        ) from error


def _refusal(error: HfHubHTTPError, name: str, what: str, revision: str) -> LinnError:
    """What an answer of the Hub other than success means."""
    from huggingface_hub import errors

    status = error.response.status_code
    log_in = "`hf auth login` or HF_TOKEN"
    match error:
        case errors.GatedRepoError():
            return WeightsError(
                f"{name}: gated; ask for access on its page, then log in with {log_in}"
            )
        case errors.RevisionNotFoundError():
            return WeightsError(f"{name}: there is no revision {revision!r}")
        case errors.RemoteEntryNotFoundError():
            return NoFileError(f"{name}: there is no {what} at revision {revision!r}")
    if status == 401:
        return WeightsError(
            f"{name}: no such repository, or one for which to log in: see the name, or {log_in}"
        )
    if status == 403:
        return WeightsError(f"{name}: access denied, the token lacks the right to it")
    if status == 404:
        return WeightsError(f"{name}: there is no such repository at {_endpoint()}")
    if status >= 500 or status == _BUSY:
        return UnreachableError(f"{name}: {_endpoint()} fails ({status}), try again later")
    said = _first_line(error.server_message or type(error).__name__)
    return WeightsError(f"{name}: refused by {_endpoint()} ({status}: {said!r})")


def _first_line(said: object) -> str:
    return next(iter(str(said).splitlines()), "")
