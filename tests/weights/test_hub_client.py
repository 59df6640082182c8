"""What goes wrong on the way to the Hub, each with a line of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import User
from tests.hub_server import TOKEN, Hub, Repository
from tests.weights.test_hub import (
    COMMIT,
    NOWHERE,
    WEIGHTS,
    contents,
    repository,
    use,
    with_manifest,
)

__all__ = ["repository"]


def test_importing_it_does_not_import_the_client() -> None:
    code = "import sys, linn_cli.weights.hub; print('huggingface_hub' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_downloads_are_told_of(repository: Repository, user: User) -> None:
    [told] = use(user, "hf://me/mine")
    sizes = {name: len(content) for name, content in WEIGHTS.items()}
    assert (told["done"], told["totals"]) == (sizes, sizes)


def test_what_is_not_there_is_named(server: Hub, repository: Repository, user: User) -> None:
    server.repositories["me/plain"] = Repository()
    server.repositories["me/plain"].commit(WEIGHTS)
    told = use(user, "hf://me/nosuch", "hf://me/mine@v9", "hf://me/plain/c.safetensors")
    assert [one["message"] for one in told] == [
        f"hf://me/nosuch: there is no such repository at {server.url}",
        "hf://me/mine: there is no revision 'v9'",
        "hf://me/plain: there is no file 'c.safetensors' at revision 'main'",
    ]


def test_a_name_that_no_repository_can_have_is_said(server: Hub, user: User) -> None:
    for told in use(user, "hf://me/mine--yours", f"hf://me/mine--yours@{COMMIT}"):
        assert f"hf://me/mine--yours: not to be had from {server.url} (" in told["message"]
    assert server.requests == []


def test_a_private_repository_needs_the_right_token(
    server: Hub, repository: Repository, user: User
) -> None:
    repository.private = True
    [without] = use(user, "hf://me/mine")
    assert (
        "no such repository, or one for which to log in: see the name, or `hf auth login`"
        in without["message"]
    )
    [wrong] = use(user, "hf://me/mine", HF_TOKEN="hf_wrong")  # noqa: S106
    assert wrong["message"] == "hf://me/mine: access denied, the token lacks the right to it"
    [right] = use(user, "hf://me/mine", HF_TOKEN=TOKEN)
    assert contents(right) == WEIGHTS


@pytest.mark.parametrize("status", ["503", "500", "429"])
def test_a_failing_server_is_asked_once(
    server: Hub, repository: Repository, user: User, status: str
) -> None:
    server.faults["HEAD manifest.json"] = [status]
    [told] = use(user, "hf://me/mine")
    assert told["error"] == "UnreachableError"
    assert told["message"] == f"hf://me/mine: {server.url} fails ({status}), try again later"
    assert server.count("HEAD") == 1


def test_a_server_that_is_down_is_said_once_and_missed_only_without_a_cache(
    server: Hub, repository: Repository, user: User
) -> None:
    [without] = use(user, "hf://me/mine", HF_ENDPOINT=NOWHERE)
    assert without["error"] == "UnreachableError"
    assert without["message"].startswith(f"hf://me/mine: {NOWHERE} cannot be reached (ConnectError")
    [first] = use(user, "hf://me/mine")
    [cached] = use(user, "hf://me/mine", HF_ENDPOINT=NOWHERE)
    assert cached["paths"] == first["paths"]


def test_a_silent_server_is_left_after_a_while(
    server: Hub, repository: Repository, user: User
) -> None:
    server.faults["HEAD manifest.json"] = ["silence"]
    [told] = use(user, "hf://me/mine", HF_HUB_ETAG_TIMEOUT="1")
    assert told["error"] == "UnreachableError"
    assert f"no answer from {server.url} within 1 s" in told["message"]
    assert server.count("HEAD") == 1


def test_a_silent_server_is_left_within_seconds_by_default(
    server: Hub, repository: Repository, user: User
) -> None:
    # The client alone would wait for 10 s and then go on trying.
    server.faults["*"] = ["silence"] * 9
    [told] = use(user, "hf://me/mine")
    assert "within 2 s; HF_HUB_ETAG_TIMEOUT sets another limit" in told["message"]


def test_offline_mode_asks_nobody(server: Hub, repository: Repository, user: User) -> None:
    [told] = use(user, "hf://me/mine", HF_HUB_OFFLINE="1")
    assert told["error"] == "UnreachableError"
    assert "not in the cache, and HF_HUB_OFFLINE forbids to ask the Hub" in told["message"]
    assert server.requests == []


def test_a_proxy_is_used(server: Hub, repository: Repository, user: User) -> None:
    # The server takes requests for any host, as a proxy does.
    nowhere = "http://hub.invalid"
    [told] = use(user, "hf://me/mine", HF_ENDPOINT=nowhere, HTTP_PROXY=server.url)
    assert contents(told) == WEIGHTS
    assert server.requests


def test_a_server_that_is_no_hub_is_said(server: Hub, user: User) -> None:
    [told] = use(user, "hf://me/mine", HF_ENDPOINT="nonsense")
    assert "nonsense cannot be reached" in told["message"]


def test_a_short_body_is_not_kept(server: Hub, repository: Repository, user: User) -> None:
    server.faults["GET a.safetensors"] = ["short"]
    [told] = use(user, "hf://me/mine/a.safetensors")
    assert (
        told["message"]
        == "hf://me/mine: file 'a.safetensors' came incomplete or damaged, try again"
    )
    assert not list(user.cache.rglob("a.safetensors"))
    assert not list(user.cache.rglob("*.incomplete"))
    [again] = use(user, "hf://me/mine/a.safetensors")
    assert Path(again["paths"][0]).read_bytes() == WEIGHTS["a.safetensors"]


def test_a_cut_connection_is_resumed(server: Hub, repository: Repository, user: User) -> None:
    server.faults["GET a.safetensors"] = ["cut", "cut"]
    [told] = use(user, "hf://me/mine/a.safetensors")
    assert Path(told["paths"][0]).read_bytes() == WEIGHTS["a.safetensors"]
    assert told["notes"][1:] == []


def test_a_connection_that_is_always_cut_leaves_nothing(
    server: Hub, repository: Repository, user: User
) -> None:
    content = with_manifest({"a.safetensors": b"x"})  # half of one byte is none: no progress
    repository.commit(content)
    server.faults["GET a.safetensors"] = ["always cut"]
    [told] = use(user, "hf://me/mine/a.safetensors")
    assert told["error"] == "UnreachableError"
    assert not list(user.cache.rglob("a.safetensors"))
    assert not list(user.cache.rglob("*.incomplete"))
