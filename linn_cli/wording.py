"""How messages name settings: the command line names its option, Python the argument.

What writes a message does not know who reads it. It names a setting by `setting`, and whoever shows the message spells it.
"""

from __future__ import annotations

import re

# No text that people write holds these two control characters, shift out and shift in.
_BEGIN, _END = "\x0e", "\x0f"
_SETTING = re.compile(f"{_BEGIN}(\\w+)(?:=([^{_END}]*))?{_END}")
# Arguments whose option has another name.
_OPTIONS = {"weight_file": "weights"}


def setting(name: str, value: str = "") -> str:
    """A setting, by the name of its argument, and the value that it should have, if any."""
    return f"{_BEGIN}{name}={value}{_END}" if value else f"{_BEGIN}{name}{_END}"


def as_options(text: str) -> str:
    """The text with settings as options of the command line: --noise correlated."""
    return _SETTING.sub(_option, text)


def as_arguments(text: str) -> str:
    """The text with settings as arguments in Python: noise='correlated'."""
    return _SETTING.sub(_argument, text)


def _option(match: re.Match[str]) -> str:
    name, value = match.groups()
    option = f"--{_OPTIONS.get(name, name).replace('_', '-')}"
    return f"{option} {value}" if value else option


def _argument(match: re.Match[str]) -> str:
    name, value = match.groups()
    return f"{name}={_literal(value)}" if value else name


def _literal(value: str) -> str:
    """A value as Python writes it: a number as it is, else in quotes."""
    try:
        float(value)
    except ValueError:
        return repr(value)
    return value
