"""Help as plain text: options in groups, types that a person reads, summaries whole, examples at the end.

The groups are typer's `rich_help_panel`; typer itself draws them as boxes only.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

# Settings of every group of commands; commands take them over.
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

_COMPLETION_WIDTH = 70
_ARGUMENTS, _OPTIONS = "Arguments", "Options"
# How typer, in its older and newer releases, writes types, limits and whole numbers, and how people do.
_PLAINER = (
    (re.compile(r"\\\["), "["),
    (re.compile(r"<(list\[)?(int|float)\]?( range)?>|(INTEGER|FLOAT)( RANGE)?"), "N"),
    (re.compile(r"<(list\[)?str\]?>"), "TEXT"),
    (re.compile(r"<path>"), "PATH"),
    (re.compile(r"([\d.]+)<=x<=([\d.]+)"), r"\1 to \2"),
    (re.compile(r"  \[x>=[01]\]|; x>=[01](?=\])"), ""),
    (re.compile(r"x>=([\d.]+)"), r"at least \1"),
    (re.compile(r"(\d)\.0\b"), r"\1"),
)


class Command(TyperCommand):
    """A command with such help; its epilog is examples, a line each."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands behind the command's name in its usage."""
        return [self.options_metavar or "", *map(_argument, _arguments(self, ctx))]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options in their groups."""
        _write_groups(self, ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What completes a word, with help in one line."""
        return _in_one_line(super().shell_complete(ctx, incomplete))

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        _write_examples(self, formatter)


class Group(TyperGroup):
    """A group of commands with such help; its epilog is examples, a line each."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write options in their groups, then the commands."""
        _write_groups(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What completes a word, with help in one line."""
        return _in_one_line(super().shell_complete(ctx, incomplete))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each command with the first paragraph of its help, whole."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, _summary(self.commands[name])) for name in self.list_commands(ctx)]
            )

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        _write_examples(self, formatter)


def application(text: str, examples: str) -> typer.Typer:
    """A group of commands with such help, to which they are still to be added."""
    return typer.Typer(
        cls=Group,
        help=text,
        epilog=examples,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings=SETTINGS,
    )


def _in_one_line(completions: list[Any]) -> list[Any]:
    """Completions with help that typer can draw: it reads brackets as markup and wraps at 80 characters."""
    from rich.markup import escape

    for one in completions:
        sentence = (one.help or "").partition(". ")[0]
        one.help = escape(textwrap.shorten(sentence, _COMPLETION_WIDTH, placeholder="..."))
    return completions


def _write_examples(command: Any, formatter: Any) -> None:
    with formatter.section("Examples"):
        for line in command.epilog.strip().splitlines():
            formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def groups(command: Any, ctx: Any) -> dict[str, list[tuple[str, str]]]:
    """The arguments and options of a command by their groups, each with its help."""
    found: dict[str, list[tuple[str, str]]] = {_ARGUMENTS: [], _OPTIONS: []}
    for argument in _arguments(command, ctx):
        found[_ARGUMENTS].append((_argument(argument), argument.help or ""))
    for option in command.get_params(ctx):
        record = option.get_help_record(ctx)
        if option.param_type_name == "option" and record:
            name = getattr(option, "rich_help_panel", None) or _OPTIONS
            found.setdefault(name, []).append((_plain(record[0]), _plain(record[1])))
    return {name: records for name, records in found.items() if records}


def _write_groups(command: Any, ctx: Any, formatter: Any) -> None:
    for name, records in groups(command, ctx).items():
        with formatter.section(name):
            formatter.write_dl(records)


def _arguments(command: Any, ctx: Any) -> list[Any]:
    return [one for one in command.get_params(ctx) if one.param_type_name == "argument"]


def _argument(argument: Any) -> str:
    """An argument as the usage shows it: FILE, FILE... or [FILE]."""
    name = f"{argument.metavar}{'' if argument.nargs == 1 else '...'}"
    return name if argument.required else f"[{name}]"


def _summary(command: Any) -> str:
    return " ".join((command.help or "").partition("\n\n")[0].split())


def _plain(text: str) -> str:
    for pattern, plainer in _PLAINER:
        text = pattern.sub(plainer, text)
    return text
