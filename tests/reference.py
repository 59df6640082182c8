"""The commands as a page and as a man page, from the same help that `--help` prints.

python -m tests.reference               # writes docs/cli.md and docs/linn.1
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from linn_cli.cli import app
from linn_cli.commands.helping import groups

ROOT = Path(__file__).resolve().parent.parent
PAGE, MAN = ROOT / "docs" / "cli.md", ROOT / "docs" / "linn.1"
NAME = "linn"


def commands() -> Iterator[tuple[str, Any, Any]]:
    """Every command by its whole name, with its context: linn itself, then those below it."""
    root = typer.main.get_command(app)
    yield from _below(root, root.make_context(NAME, [], resilient_parsing=True))


def _below(command: Any, context: Any) -> Iterator[tuple[str, Any, Any]]:
    yield context.command_path, command, context
    for name, inner in getattr(command, "commands", {}).items():
        if not inner.hidden:
            below = inner.make_context(name, [], parent=context, resilient_parsing=True)
            yield from _below(inner, below)


def page() -> str:
    """The page of all commands."""
    lines = [
        "# The commands",
        "",
        "`linn COMMAND --help` prints the same. `python -m tests.reference` writes this page.",
    ]
    for name, command, context in commands():
        lines += ["", f"## {name}", "", _text(command.help), "", "```text"]
        lines += [_usage(name, command, context), "```"]
        for group, records in groups(command, context).items():
            lines += ["", f"### {name}: {group}", "", "| name | meaning |", "|---|---|"]
            lines += [
                f"| `{option.replace('|', chr(92) + '|')}` | {_cell(text)} |"
                for option, text in records
            ]
        if command.epilog:
            lines += ["", "```sh", command.epilog.strip(), "```"]
    return "\n".join(lines) + "\n"


def man() -> str:
    """The man page, in the macros that every man knows."""
    lines = [
        '.TH LINN 1 "" "linn" "User Commands"',
        ".SH NAME",
        "linn \\- remove noise from pictures",
        ".SH SYNOPSIS",
        ".B linn",
        "COMMAND [OPTION]... [FILE]...",
        ".SH DESCRIPTION",
        "linn removes noise from pictures and videos, without a GPU and with its weights included.",
    ]
    for name, command, context in commands():
        lines += [f".SH {_roff(name.upper())}", _roff(_text(command.help))]
        lines += [".PP", f".B {_roff(_usage(name, command, context))}"]
        for group, records in groups(command, context).items():
            lines.append(f".SS {_roff(group)}")
            for option, text in records:
                lines += [".TP", f".B {_roff(option)}", _roff(text)]
        if command.epilog:
            lines += [
                ".SS Examples",
                ".nf",
                *map(_roff, command.epilog.strip().splitlines()),
                ".fi",
            ]
    lines += [
        ".SH EXIT STATUS",
        "0 if linn did everything, 1 if some input failed, 2 if the command line has a fault, 130 if it was interrupted.",
    ]
    return "\n".join(lines) + "\n"


def _usage(name: str, command: Any, context: Any) -> str:
    return " ".join([name, *command.collect_usage_pieces(context)])


def _text(text: str | None) -> str:
    """Help as one paragraph for each, without the breaks of its lines."""
    paragraphs = (text or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _cell(text: str) -> str:
    return re.sub(r"([|\[\]])", r"\\\1", _text(text)).replace("<", "&lt;")


def _roff(text: str) -> str:
    """Text that means nothing to roff."""
    plain = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^([.'])", r"\\&\1", plain, flags=re.MULTILINE) or r"\&"


def main() -> None:
    """Write both."""
    PAGE.write_text(page(), encoding="utf-8")
    MAN.write_text(man(), encoding="utf-8")


if __name__ == "__main__":
    main()
