from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from linn_cli.cli import app
from linn_cli.commands import helping
from tests.conftest import Run, only_line


def commands(group: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command of a group, and those of the groups within it."""
    for name, command in group.commands.items():
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from commands(command, *path, name)


ROOT = typer.main.get_command(app)
ALL: list[tuple[tuple[str, ...], Any]] = [((), ROOT), *commands(ROOT)]
LEAVES = [(path, command) for path, command in ALL if not hasattr(command, "commands")]


def sections(text: str) -> dict[str, str]:
    """The parts of a help, by their titles."""
    _, *parts = re.split(r"^(\S.*):\n", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize(("path", "command"), ALL, ids=lambda value: str(value)[:30])
def test_help_shows_what_a_person_reads(linn: Run, path: tuple[str, ...], command: Any) -> None:
    text = linn(*path, "--help").stdout
    assert not re.search(r"[<>{}]|range|\bx\b", text)
    assert all(len(line) <= 100 for line in text.splitlines())
    assert list(sections(text))[-1] == "Examples"
    assert sections(text)["Examples"].strip().splitlines()[0].startswith("linn ")


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=lambda value: str(value)[:30])
def test_examples_are_commands_as_they_are(path: tuple[str, ...], command: Any) -> None:
    for line in command.epilog.strip().splitlines():
        words = shlex.split(line, comments=True)
        assert words[: len(path) + 1] == ["linn", *path]
        command.make_context(path[-1], words[len(path) + 1 :])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("--scales <int range>", "--scales N"),
        ("--scales INTEGER RANGE", "--scales N"),
        ("--sigma <list[float]>", "--sigma N"),
        ("--name <list[str]>", "--name TEXT"),
        ("Steps.  [default: 8.0; x>=1]", "Steps.  [default: 8]"),
        (r"Steps.  \[default: 8; x>=4]", "Steps.  [default: 8; at least 4]"),
        ("Threads.  [x>=1]", "Threads."),
        ("Share.  [0.0<=x<=1.0]", "Share.  [0 to 1]"),
    ],
)
def test_types_and_limits_are_written_plainly(written: str, read: str) -> None:
    assert helping._plain(written) == read


def test_a_photographer_meets_first_what_photographers_need(linn: Run) -> None:
    parts = sections(linn("denoise", "--help").stdout)
    assert list(parts) == [
        *("Arguments", "Options", "Noise", "Output", "What linn prints"),
        *("Weights (linn chooses, you rarely need these)", "Machine"),
        *("More than one machine", "Examples"),
    ]
    first = re.findall(r"^  (-\w|--\w+)", parts["Options"], re.MULTILINE)
    assert first == ["--sigma", "--strength", "-o", "-r", "-h"]
    assert "FILE..." in parts["Arguments"]


@pytest.mark.parametrize("columns", ["80", "200"])
def test_summaries_are_whole(linn: Run, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for path in ((), ("weights",)):
        text = " ".join(linn(*path, "--help").stdout.split())
        for inner, command in ALL:
            if inner and inner[:-1] == path:
                assert " ".join(command.help.partition("\n\n")[0].split()) in text


def test_the_usage_shows_which_arguments_may_be_left_out(linn: Run) -> None:
    usage = linn("weights", "push", "--help").stdout.splitlines()[0]
    assert usage.endswith("push [OPTIONS] OWNER/REPO [WEIGHTS...]")
    assert "'FILE'" in linn("denoise").stderr


def test_a_mistyped_option_is_named(linn: Run) -> None:
    done = linn("denoise", "a.png", "--sigm", 3)
    assert done.returncode == 2
    assert "--sigma" in only_line(done.stderr.rpartition("Error: ")[2])
