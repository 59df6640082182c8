from __future__ import annotations

import socket
from pathlib import Path

import pytest

from linn_cli.commands import clustered
from linn_cli.errors import ClusterError, UsageError
from tests.conftest import Run, only_line


def test_what_a_cluster_cannot_do_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="files into files"):
        clustered.check("local", None, piped=True)
    with pytest.raises(UsageError, match="leave --dask out"):
        clustered.check("local", Path("page.html"), piped=False)
    monkeypatch.setattr(clustered, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="pip install dask distributed"):
        clustered.check("local", None, piped=False)


def test_an_address_is_looked_at_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustered, "find_spec", lambda _: True)
    clustered.check("local", None, piped=False)
    for address in ("nonsense", "http://a:80", "tcp://a", "tcp://a:b", ":8786"):
        with pytest.raises(UsageError, match="as tcp://HOST:8786"):
            clustered.check(address, None, piped=False)
    with socket.socket() as answers:
        answers.bind(("127.0.0.1", 0))
        port = answers.getsockname()[1]
        for scheme in ("tcp://", "tls://", ""):
            with pytest.raises(ClusterError, match="no Dask scheduler answers there"):
                clustered.check(f"{scheme}127.0.0.1:{port}", None, piped=False)
    for nowhere in ("tcp://127.0.0.1:99999", "tcp://no.such.host.invalid:8786"):
        with pytest.raises(ClusterError, match="no Dask scheduler answers there"):
            clustered.check(nowhere, None, piped=False)


def test_who_says_nothing_is_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustered, "find_spec", lambda _: True)
    monkeypatch.setattr(clustered, "_ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        for written in (address, f"tcp://{address}"):
            with pytest.raises(ClusterError, match="no Dask scheduler answers there"):
                clustered.check(written, None, piped=False)
        clustered.check(f"tls://{address}", None, piped=False)  # there the client speaks first


def test_a_fault_of_the_address_is_one_line(linn: Run, noisy_file: Path) -> None:
    pytest.importorskip("distributed", reason="needs Dask, which .[cluster] installs")
    done = linn("denoise", noisy_file, "--dask", "tcp://127.0.0.1:1")
    assert (done.returncode, list(noisy_file.parent.iterdir())) == (1, [noisy_file])
    assert "no Dask scheduler answers there" in only_line(done.stderr)
    done = linn("denoise", "-", "-o", "-", "--dask", "local")
    assert done.returncode == 2
    assert "leave - out" in only_line(done.stderr)
