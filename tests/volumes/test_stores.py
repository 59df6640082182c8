from __future__ import annotations

import gc
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linn_cli.errors import InputError, UsageError
from tests.conftest import Run, only_line
from tests.volumes.zarrs import assert_close, expected, noisy, ome, zarr

from linn_cli.volumes import stores  # isort: skip  after the skip without zarr


# s3fs leaves its connections to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Unclosed", "ignore:unclosed", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An S3 server on loopback, with an empty bucket."""
    pytest.importorskip("s3fs", reason="needs the extra linn-cli[zarr]")
    moto = pytest.importorskip("moto.server", reason="needs the package moto[server]")
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    s3fs = pytest.importorskip("s3fs")
    for name, value in (
        ("AWS_ENDPOINT_URL", server),
        ("AWS_ACCESS_KEY_ID", "somebody"),
        ("AWS_SECRET_ACCESS_KEY", "nobody"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("NO_PROXY", "127.0.0.1"),
    ):
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem(endpoint_url=server)
    files.mkdir("pictures")
    yield files
    files.rm("pictures", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()
    gc.collect()


ARGUMENTS = ["--sigma", "20", "--precision", "float32", "--fast"]


def test_a_zarr_on_a_server_is_denoised_into_another(
    bucket: Any, tmp_path: Path, linn: Run
) -> None:
    values = noisy((2, 50, 40), "uint16")
    local = ome(tmp_path / "a.zarr", values, "zyx", chunks=(1, 16, 16), shards=(1, 32, 32))
    bucket.put(f"{local}/", "pictures/a.zarr/", recursive=True)
    done = linn("denoise", "s3://pictures/a.zarr", "-o", "s3://pictures/b.zarr", *ARGUMENTS)
    assert (done.returncode, done.stdout) == (0, "")
    assert only_line(done.stderr).startswith("linn: s3://pictures/b.zarr: 40 x 50, sigma")
    names = {name.replace("a.zarr", "b.zarr") for name in bucket.find("pictures/a.zarr")}
    assert set(bucket.find("pictures/b.zarr")) == names
    bucket.get("pictures/b.zarr/", f"{tmp_path}/b.zarr/", recursive=True)
    answer = zarr.open_group(tmp_path / "b.zarr", mode="r")["0"][:]
    for plane, noisy_plane in zip(answer, values, strict=True):
        assert_close(plane, expected(noisy_plane))
    again = linn("denoise", "s3://pictures/a.zarr", "-o", "s3://pictures/b.zarr", *ARGUMENTS)
    assert again.returncode == 2
    assert "s3://pictures/b.zarr: there already" in again.stderr


def test_a_run_on_a_server_goes_on_where_it_was_stopped(
    bucket: Any, tmp_path: Path, linn: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = noisy((3, 40, 40))
    local = ome(tmp_path / "a.zarr", values, "zyx", chunks=(1, 40, 40))
    bucket.put(f"{local}/", "pictures/a.zarr/", recursive=True)
    original, written = zarr.storage.FsspecStore.set, []

    async def failing(self: Any, key: str, value: Any, byte_range: Any = None) -> None:
        if "/c/" in key:
            written.append(key)
            if len(written) > 1:
                raise OSError("the server has gone away")
        await original(self, key, value)

    command = ["denoise", "s3://pictures/a.zarr", "-o", "s3://pictures/b.zarr", *ARGUMENTS]
    monkeypatch.setattr(zarr.storage.FsspecStore, "set", failing)
    done = linn(*command)
    assert done.returncode == 1
    said = "linn: s3://pictures/b.zarr: cannot be written (the server has gone away)"
    assert only_line(done.stderr) == said
    assert not [name for name in bucket.find("pictures/b.zarr") if name.endswith("zarr.json")]
    monkeypatch.setattr(zarr.storage.FsspecStore, "set", original)
    done = linn(*command)
    assert (done.returncode, "goes on with" in done.stderr) == (0, True)
    bucket.get("pictures/b.zarr/", f"{tmp_path}/b.zarr/", recursive=True)
    answer = zarr.open_group(tmp_path / "b.zarr", mode="r")["0"][:]
    assert_close(answer[2], expected(values[2]))
    assert not [name for name in bucket.find("pictures/b.zarr") if ".linn" in name]


def test_a_bucket_that_is_not_there_is_one_line(bucket: Any, linn: Run) -> None:
    done = linn("denoise", "s3://nowhere/a.zarr", "-o", "s3://pictures/b.zarr")
    assert done.returncode == 1
    assert only_line(done.stderr).startswith("linn: s3://nowhere/a.zarr: ")


def test_an_address_that_nobody_answers_is_one_line_within_seconds(
    bucket: Any, linn: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    bucket.clear_instance_cache()
    began = time.perf_counter()
    done = linn("denoise", "s3://pictures/a.zarr", "-o", "out.zarr", "--sigma", "20")
    assert time.perf_counter() - began < 5
    assert done.returncode == 1
    line = only_line(done.stderr)
    assert line.startswith("linn: s3://pictures/a.zarr: cannot be read (")
    assert str(port) in line


def test_an_unknown_kind_of_address_is_a_fault_of_usage() -> None:
    with pytest.raises(UsageError, match=r"unheard://a/b\.zarr: linn cannot open unheard://"):
        stores.opened("unheard://a/b.zarr", read_only=True)


def test_keys_are_put_listed_and_removed(tmp_path: Path) -> None:
    store = stores.opened(str(tmp_path / "store"), read_only=False)
    assert not stores.is_node(store)
    stores.put(store, "a/b", b"content")
    stores.put(store, "zarr.json", b"{}")
    assert stores.get(store, "a/b") == b"content"
    assert stores.get(store, "a") is None
    assert stores.names(store, "") == ["a", "zarr.json"]
    assert stores.is_node(store)
    stores.remove(store, "a")
    assert stores.names(store, "") == ["zarr.json"]


def test_what_fails_is_one_line_that_names_the_address() -> None:
    full = r"^there: cannot be written \(No space left on device\)$"
    with pytest.raises(InputError, match=full), stores.writing("there"):
        raise OSError(28, "No space left on device")
    first = r"^there: cannot be read \(first\)$"
    with pytest.raises(InputError, match=first), stores.reading("there"):
        raise RuntimeError("first\nsecond")
    with pytest.raises(InputError, match="out of memory"), stores.reading("there"):
        raise RuntimeError("not enough memory")
    with pytest.raises(MemoryError), stores.reading("there"):
        raise MemoryError
