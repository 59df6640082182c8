"""The reference in docs/python.md, from the docstrings of the public names.

python -m tests.python_reference               # writes it anew
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import linn_cli
from tests.structure import ROOT

PAGE = ROOT / "docs" / "python.md"
_MARKED = re.compile(r"(<!-- reference -->\n).*(<!-- /reference -->)", re.DOTALL)
_WIDTH = 100


def reference() -> str:
    """A heading, the signature and the docstring of each public name."""
    return "\n".join(_described())


def written(page: str) -> str:
    """The page with the reference as it is now."""
    return _MARKED.sub(lambda marks: f"{marks[1]}{reference()}\n{marks[2]}", page)


def _described() -> Iterator[str]:
    for name in sorted(set(linn_cli.__all__) - {"__version__"}, key=str.lower):
        public = getattr(linn_cli, name)
        yield f"### {name}\n\n```text\n{_signature(name, public)}\n\n{inspect.getdoc(public)}"
        if inspect.isclass(public):
            for own in ("__call__", "to"):
                method = getattr(public, own)
                called = name.lower() + ("" if own == "__call__" else f".{own}")
                yield f"\n\n{_signature(called, method)}\n\n{inspect.getdoc(method)}"
        yield "```\n"


def _signature(name: str, called: object) -> str:
    signature = inspect.signature(called)  # type: ignore[arg-type]
    shown = [one for key, one in signature.parameters.items() if key != "self"]
    # Annotations are kept as text, in quotes; defaults are in quotes where they are text.
    said = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(signature.replace(parameters=shown)))
    if len(name) + len(said) <= _WIDTH:
        return name + said
    lines = "".join(f"    {one},\n" for one in _parameters(said))
    arrow = said[said.rindex(")") + 1 :]
    return f"{name}(\n{lines}){arrow}"


def _parameters(signature: str) -> list[str]:
    """The parameters of a signature, a text each."""
    inside = signature[1 : signature.rindex(")")]
    return re.split(r", (?=\w+:|\*)", inside)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
