"""A user of the Hub as a process of its own, since the Hub's client reads its environment at import.

    python -m tests.hub_user REFERENCE... [--update]     resolve and fetch each through linn_cli.weights.hub
    python -m tests.hub_user --linn                      run the command lines that come on stdin

Prints a line of JSON for each.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import Any

from linn_cli.errors import LinnError
from linn_cli.weights import hub


@dataclass
class Downloads:
    """Adds up what it is told of downloads, by file: bytes done and bytes in all."""

    done: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)

    def __call__(self, done: float, note: str = "", total: float | None = None) -> None:
        self.done[note] = self.done.get(note, 0) + int(done)
        if total is not None:
            self.totals[note] = int(total)


def fetch(text: str, *, update: bool) -> dict[str, Any]:
    """Lock a reference and fetch what it names."""
    notes: list[str] = []
    downloads = Downloads()
    told: dict[str, Any] = {"notes": notes}
    try:
        reference = hub.parse(text)
        record = hub.lock(reference, update=update, notify=notes.append)
        listed = [str(entry["file"]) for entry in record.entries]
        told["paths"] = [
            str(hub.fetch(reference, record, file, progress=downloads, notify=notes.append))
            for file in ([reference.file] if reference.file else listed)
        ]
        told["commit"] = record.commit
    except LinnError as error:
        told |= {"error": type(error).__name__, "message": str(error)}
    modules = ("torch", "numpy", "huggingface_hub")
    return told | {
        "done": downloads.done,
        "totals": downloads.totals,
        "modules": [name for name in modules if name in sys.modules],
    }


def linn(arguments: list[str]) -> dict[str, Any]:
    """Run one command line."""
    from typer.testing import CliRunner

    from linn_cli.cli import app

    result = CliRunner().invoke(app, arguments)
    return {
        "returncode": result.exit_code,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "hub": "huggingface_hub" in sys.modules,
    }


def main() -> None:
    """Do what the command line says."""
    options = sys.argv[1:]
    if options == ["--linn"]:
        for line in sys.stdin:
            print(json.dumps(linn(json.loads(line))), flush=True)  # noqa: T201
    for text in options:
        if not text.startswith("--"):
            print(json.dumps(fetch(text, update="--update" in options)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
