from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from linn_cli.commands import pipes
from linn_cli.denoising.planning import Existing
from linn_cli.errors import UsageError


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def test_a_dash_is_a_pipe_and_a_file_is_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pipes.is_pipe(Path("-"))
    assert pipes.is_pipe(Path("/dev/stdout"))
    assert not pipes.is_pipe(Path("a-b.png"))
    assert not pipes.is_pipe(None)
    assert pipes.source(Path("a.png")) == Path("a.png")
    stream = io.TextIOWrapper(io.BytesIO(b"content"))
    monkeypatch.setattr("sys.stdin", stream)
    assert pipes.source(Path("-")) is stream.buffer


def test_a_terminal_is_no_place_for_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(io.BytesIO()))
    with pytest.raises(UsageError, match="standard input is a terminal"):
        pipes.source(Path("-"))
    monkeypatch.setattr("sys.stdout", Terminal(io.BytesIO()))
    with pytest.raises(UsageError, match="standard output is a terminal"):
        pipes.check_output()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO()))
    pipes.check_output()


def test_what_a_pipe_cannot_do_is_refused(tmp_path: Path) -> None:
    dash, refused = Path("-"), Existing(overwrite=False, skip=False)
    cases = [
        ([dash, Path("a.png")], None, None, "one picture by itself"),
        ([tmp_path], dash, None, "is a folder"),
        ([dash], Path("b.png"), Path("c.html"), "--compare shows a file"),
    ]
    for pictures, output, compare, reason in cases:
        with pytest.raises(UsageError, match=reason):
            pipes.check(pictures, output, compare, refused, json=False, shard=None)
    with pytest.raises(UsageError, match="the picture or --json"):
        pipes.check([Path("a.png")], dash, None, refused, json=True, shard=None)
    with pytest.raises(UsageError, match="a part of many files: leave - out"):
        pipes.check([Path("a.png")], dash, None, refused, json=False, shard="1/2")


def test_closed_streams_are_no_place_for_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UsageError, match="standard input is closed"):
        pipes.source(Path("-"))
    monkeypatch.setattr("sys.stdout", None)
    with pytest.raises(UsageError, match="standard output is closed"):
        pipes.check_output()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such streams")
def test_a_stream_by_any_name_is_read_once(tmp_path: Path) -> None:
    assert pipes.is_stream(Path("/dev/stdin"))
    assert not pipes.is_stream(tmp_path / "a.png")
    reader, writer = os.pipe()
    os.write(writer, b"content")
    os.close(writer)
    source = pipes.source(Path(f"/dev/fd/{reader}"))
    assert not isinstance(source, Path)
    with source:
        assert source.read() == b"content"
    os.close(reader)
