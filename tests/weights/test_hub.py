"""Trust in what comes from a Hub, driven through the real client against a server on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linn_cli.errors import UsageError, WeightsError
from linn_cli.weights import hub
from linn_cli.weights.hub import Reference
from tests.conftest import User
from tests.hub_server import Hub, Repository

# Enough to be cut and flipped: the hub module looks at no more than the bytes.
WEIGHTS = {"a.safetensors": bytes(range(256)) * 400, "b.safetensors": b"second" * 9000}
NOWHERE = "http://127.0.0.1:9"  # the discard port, where nobody answers


def manifest(files: dict[str, bytes]) -> bytes:
    entries = [
        {"file": name, "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
    ]
    return json.dumps({"files": entries}).encode()


def with_manifest(files: dict[str, bytes]) -> dict[str, bytes]:
    return {**files, "manifest.json": manifest(files)}


def use(user: User, *references: str, **environment: str) -> list[dict[str, Any]]:
    """What the process says of each reference; it may not write anything else."""
    process = user.start(*references, **environment)
    out, err = process.communicate(timeout=120)
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


def contents(told: dict[str, Any]) -> dict[str, bytes]:
    """The files that the process was given, by name."""
    return {Path(path).name: Path(path).read_bytes() for path in told["paths"]}


@pytest.fixture
def repository(server: Hub) -> Repository:
    server.repositories["me/mine"] = Repository()
    server.repositories["me/mine"].commit(with_manifest(WEIGHTS))
    return server.repositories["me/mine"]


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("hf://me/mine", Reference("me/mine")),
        ("me/mine", Reference("me/mine")),
        ("hf://me/mine@v1.0", Reference("me/mine", "v1.0")),
        ("hf://me/mine@refs%2Fpr%2F1", Reference("me/mine", "refs/pr/1")),
        (f"hf://me/mine@{COMMIT}/x.safetensors", Reference("me/mine", COMMIT, "x.safetensors")),
        ("hf://m-e/m.i_ne/sub/x.safetensors", Reference("m-e/m.i_ne", file="sub/x.safetensors")),
    ],
)
def test_a_reference_is_taken_apart_and_put_together(text: str, reference: Reference) -> None:
    assert hub.parse(text) == reference
    assert hub.parse(str(reference)) == reference


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hf://",
        "hf://mine",
        "hf://me/",
        "hf://me/mine@",
        "hf://me/mine@/x.safetensors",
        "hf://.a/b",
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="OWNER/REPO"):
        hub.parse(text)


@pytest.mark.parametrize("file", ["x.pth", "x.bin", "x.ckpt", "x.pt", "x.safetensors.pkl", "x"])
def test_only_safetensors_are_taken(file: str) -> None:
    with pytest.raises(
        WeightsError, match=r"only \.safetensors files are taken: others can run code"
    ):
        hub.parse(f"hf://me/mine/{file}")


@given(st.lists(st.sampled_from(["..", ".", "", "a", "\\", "C:"]), min_size=1, max_size=4))
def test_a_file_stays_in_its_folder(parts: list[str]) -> None:
    name = "/".join([*parts, "x.safetensors"])
    try:
        reference = hub.parse(f"hf://me/mine/{name}")
    except (UsageError, WeightsError):
        return
    assert set(parts) == {"a"}
    assert reference.file == name


def test_the_first_use_records_and_the_next_asks_nobody(
    server: Hub, repository: Repository, user: User
) -> None:
    [first] = use(user, "hf://me/mine")
    assert [Path(path).read_bytes() for path in first["paths"]] == list(WEIGHTS.values())
    assert first["commit"] == repository.branches["main"]
    assert f"commit {first['commit'][:12]} is recorded" in first["notes"][0]
    assert first["modules"] == ["huggingface_hub"]
    record = json.loads((user.records / "me%2Fmine@main.json").read_text())
    assert record["commit"] == first["commit"]

    server.forget()
    [again] = use(user, "hf://me/mine")
    assert again["paths"] == first["paths"]
    assert again["notes"] == []
    assert server.requests == []


def test_a_moved_branch_is_followed_only_on_request_and_announced(
    server: Hub, repository: Repository, user: User
) -> None:
    [before] = use(user, "hf://me/mine")
    changed = {"a.safetensors": b"other", "c.safetensors": b"third"}
    repository.commit(with_manifest(changed))
    server.forget()
    assert use(user, "hf://me/mine") == [before | {"notes": [], "done": {}, "totals": {}}]
    assert server.requests == []

    [after] = use(user, "hf://me/mine", "--update")
    assert [Path(path).read_bytes() for path in after["paths"]] == list(changed.values())
    assert after["notes"] == [
        f"hf://me/mine: commit {before['commit'][:12]} -> {after['commit'][:12]}",
        "hf://me/mine: c.safetensors is new",
        "hf://me/mine: b.safetensors is gone",
        "hf://me/mine: a.safetensors has changed",
    ]
    server.forget()
    assert use(user, "hf://me/mine")[0]["paths"] == after["paths"]
    assert server.requests == []


def test_an_update_needs_the_hub(repository: Repository, user: User) -> None:
    use(user, "hf://me/mine")
    [refused] = use(user, "hf://me/mine", "--update", HF_ENDPOINT=NOWHERE)
    assert refused["error"] == "UnreachableError"


def test_a_manifest_that_changes_under_its_commit_is_announced(
    repository: Repository, user: User
) -> None:
    use(user, "hf://me/mine")
    place = user.records / "me%2Fmine@main.json"
    place.write_text(
        place.read_text().replace(hashlib.sha256(WEIGHTS["a.safetensors"]).hexdigest(), "0" * 64)
    )
    [told] = use(user, "hf://me/mine", "--update")
    assert "has CHANGED, the commit not" in told["notes"][0]
    assert told["notes"][1] == "hf://me/mine: a.safetensors has changed"


def test_branches_tags_and_commits_are_recorded_apart(
    server: Hub, repository: Repository, user: User
) -> None:
    old = repository.branches["main"]
    repository.branches["v1"] = old
    new = repository.commit(with_manifest({"a.safetensors": b"new"}))
    told = use(user, "hf://me/mine", "hf://me/mine@v1", f"hf://me/mine@{old}")
    assert [one["commit"] for one in told] == [new, old, old]
    # The blob of v1 is the commit's: nothing of it is fetched twice.
    assert server.count(f"GET /me/mine/resolve/{old}/a.safetensors") == 1


def test_a_cached_commit_needs_neither_network_nor_record(
    server: Hub, repository: Repository, user: User
) -> None:
    pinned = f"hf://me/mine@{repository.branches['main']}/a.safetensors"
    [first] = use(user, pinned)
    shutil.rmtree(user.records)
    server.forget()
    [again] = use(user, pinned, HF_ENDPOINT=NOWHERE)
    assert again["paths"] == first["paths"]
    [offline] = use(user, pinned, HF_HUB_OFFLINE="1")
    assert offline["paths"] == first["paths"]
    assert server.requests == []


def test_without_a_record_the_hubs_cache_stands_in_for_a_silent_hub(
    repository: Repository, user: User
) -> None:
    [first] = use(user, "hf://me/mine")
    shutil.rmtree(user.records)
    [again] = use(user, "hf://me/mine", HF_HUB_OFFLINE="1")
    assert again["paths"] == first["paths"]


def test_a_flipped_byte_is_fetched_again(server: Hub, repository: Repository, user: User) -> None:
    server.faults["GET a.safetensors"] = ["flip"]
    [told] = use(user, "hf://me/mine/a.safetensors")
    assert Path(told["paths"][0]).read_bytes() == WEIGHTS["a.safetensors"]
    assert "is damaged or changed, fetching it again" in told["notes"][1]


def test_a_byte_that_stays_flipped_is_refused_and_removed(
    server: Hub, repository: Repository, user: User
) -> None:
    server.faults["GET a.safetensors"] = ["always flip"]
    [told] = use(user, "hf://me/mine/a.safetensors")
    assert "it was fetched twice and is not used" in told["message"]
    commit = repository.branches["main"]
    assert server.count(f"GET /me/mine/resolve/{commit}/a.safetensors") == 2
    flipped = WEIGHTS["a.safetensors"][:-1] + bytes([WEIGHTS["a.safetensors"][-1] ^ 1])
    kept = [path.read_bytes() for path in user.cache.rglob("*") if path.is_file()]
    assert flipped not in kept


def test_damage_in_the_cache_is_repaired(server: Hub, repository: Repository, user: User) -> None:
    [first] = use(user, "hf://me/mine")
    path = Path(first["paths"][0])
    path.resolve().write_bytes(b"\0" * len(WEIGHTS["a.safetensors"]))
    server.forget()
    [again] = use(user, "hf://me/mine")
    assert path.read_bytes() == WEIGHTS["a.safetensors"]
    assert again["paths"] == first["paths"]
    assert server.count("GET /me/mine") == 1


def test_damage_in_the_cache_is_not_used_offline(repository: Repository, user: User) -> None:
    [first] = use(user, "hf://me/mine/a.safetensors")
    Path(first["paths"][0]).resolve().write_bytes(b"damaged")
    [told] = use(user, "hf://me/mine/a.safetensors", HF_HUB_OFFLINE="1")
    assert told["error"] == "UnreachableError"
    assert not Path(first["paths"][0]).exists()


def test_a_repository_without_a_manifest_needs_a_file_and_records_its_hash(
    server: Hub, user: User
) -> None:
    server.repositories["me/plain"] = Repository()
    server.repositories["me/plain"].commit(WEIGHTS)
    whole, first, other = use(
        user, "hf://me/plain", "hf://me/plain/a.safetensors", "hf://me/plain/b.safetensors"
    )
    assert "has no manifest.json, so nothing says what its files are: name one" in whole["message"]
    assert "without a manifest its sha256 is unknown" in first["notes"][1]
    assert "without a manifest its sha256 is unknown" in other["notes"][0]
    server.forget()
    shutil.rmtree(user.cache)
    server.faults["GET a.safetensors"] = ["always flip"]
    changed, kept = use(user, "hf://me/plain/a.safetensors", "hf://me/plain/b.safetensors")
    assert "is damaged or changed" in changed["message"]
    assert Path(kept["paths"][0]).read_bytes() == WEIGHTS["b.safetensors"]


def test_a_file_that_the_manifest_does_not_list_is_refused(
    repository: Repository, user: User
) -> None:
    repository.commit({"stray.safetensors": b"unlisted"})
    [told] = use(user, "hf://me/mine/stray.safetensors")
    assert "not in the manifest, which lists a.safetensors, b.safetensors" in told["message"]


HASH = "0" * 64
HOSTILE = {
    "no-json": b"\xff\xfe",
    "a-list": b"[]",
    "deep": b"[" * 200_000,
    "no-hash": b'{"files": [{"file": "a.safetensors"}]}',
    "bad-hash": b'{"files": [{"file": "a.safetensors", "sha256": "abc"}]}',
    "no-text": b'{"files": [{"file": 5, "sha256": "%s"}]}' % HASH.encode(),
    "outside": b'{"files": [{"file": "../a.safetensors", "sha256": "%s"}]}' % HASH.encode(),
    "escape": b'{"files": [{"file": "\\u001b[2Ja.safetensors", "sha256": "%s"}]}' % HASH.encode(),
    "pickle": b'{"files": [{"file": "a.pth", "sha256": "%s"}]}' % HASH.encode(),
}


def test_a_hostile_manifest_is_refused_and_not_kept(server: Hub, user: User) -> None:
    for name, content in HOSTILE.items():
        server.repositories[f"me/{name}"] = Repository()
        server.repositories[f"me/{name}"].commit({"manifest.json": content})
    told = use(user, *(f"hf://me/{name}" for name in HOSTILE))
    assert [one.get("error") for one in told] == ["WeightsError"] * len(HOSTILE)
    assert not list(user.cache.rglob("manifest.json"))
    assert not user.records.exists()


def test_what_claims_to_be_huge_is_not_downloaded(
    server: Hub, repository: Repository, user: User
) -> None:
    server.sizes = {"a.safetensors": 2**40}
    [told] = use(user, "hf://me/mine/a.safetensors")
    assert "a.safetensors is far too large" in told["message"]
    assert not [
        request for request in server.requests if request.startswith("GET") and "a.saf" in request
    ]


def test_what_turns_out_to_be_huge_is_not_kept(
    server: Hub, repository: Repository, user: User
) -> None:
    [first] = use(user, "hf://me/mine/a.safetensors")
    path = Path(first["paths"][0])
    with path.resolve().open("r+b") as file:
        file.truncate(2**26)
    [told] = use(user, "hf://me/mine/a.safetensors")
    assert "a.safetensors is far too large" in told["message"]
    assert not path.exists()


def test_a_damaged_record_is_said_and_written_anew(repository: Repository, user: User) -> None:
    use(user, "hf://me/mine")
    place = user.records / "me%2Fmine@main.json"
    for content in (b"[]", place.read_bytes().replace(b'"commit": "', b'"commit": "x')):
        place.write_bytes(content)
        [told] = use(user, "hf://me/mine")
        assert told["message"] == f"{place}: damaged; `linn weights fetch --update` writes it anew"
    [healed] = use(user, "hf://me/mine", "--update")
    assert "error" not in healed
    assert json.loads(place.read_text())["commit"] == healed["commit"]


def test_two_processes_may_fetch_at_once(repository: Repository, user: User) -> None:
    processes = [user.start("hf://me/mine") for _ in range(2)]
    told = [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    assert told[0]["paths"] == told[1]["paths"]
    assert [Path(path).read_bytes() for path in told[0]["paths"]] == list(WEIGHTS.values())
    assert not list(user.cache.rglob("*.incomplete"))
    assert len(list(user.records.iterdir())) == 1


def as_ordinary_user() -> list[str]:
    """What to put before a command so that file permissions count for root too."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and setpriv is not there to prevent it")
    return ["setpriv", "--bounding-set=-dac_override"]


def set_writable(folder: Path, *, writable: bool) -> None:
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755 if writable else 0o555)


@pytest.mark.skipif(os.name == "nt", reason="a folder's mode does not protect it on Windows")
def test_a_read_only_cache_is_read(server: Hub, repository: Repository, user: User) -> None:
    prefix = as_ordinary_user()
    [first] = use(user, "hf://me/mine/a.safetensors")
    home = user.cache.parent
    set_writable(home, writable=False)
    server.forget()
    try:
        process = user.start(
            "hf://me/mine/a.safetensors", "hf://me/mine/b.safetensors", prefix=prefix
        )
        cached, fresh = (
            json.loads(line) for line in process.communicate(timeout=120)[0].splitlines()
        )
    finally:
        set_writable(home, writable=True)
    assert cached["paths"] == first["paths"]
    assert cached["notes"] == []
    assert "cannot be used (Permission denied)" in fresh["message"]


@pytest.mark.skipif(os.name == "nt", reason="a folder's mode does not protect it on Windows")
def test_without_a_place_for_records_the_hub_is_asked_each_time(
    server: Hub, repository: Repository, user: User
) -> None:
    prefix = as_ordinary_user()
    cache = user.records.parent.parent
    cache.mkdir(parents=True)
    set_writable(cache, writable=False)
    try:
        process = user.start("hf://me/mine", "hf://me/mine", prefix=prefix)
        told = [json.loads(line) for line in process.communicate(timeout=120)[0].splitlines()]
    finally:
        set_writable(cache, writable=True)
    assert [contents(one) for one in told] == [WEIGHTS, WEIGHTS]
    assert (
        "cannot be written (Permission denied), so the next use asks the Hub" in told[0]["notes"][1]
    )
    # Each time once by linn, to be sure of an answer, and once by the client.
    assert server.count("HEAD /me/mine/resolve/main/manifest.json") == 4
