"""How the package is built: its rooms from the bottom up, and who imports whom.

python -m tests.structure               # rooms, arrows between packages, the longest functions
python -m tests.structure --arrows      # every arrow between packages too
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "linn_cli"

# From the bottom up: what stands in a row imports from its own package, the base and the rows before.
# Packages in one row know nothing of each other.
BASE = (
    "wording",
    "errors",
    "units",
    "samples",
    "arrays",
    "files",
    "jsontext",
    "metrics",
    "progress",
)
PACKAGES = (
    ("network",),
    ("engine", "pictures", "videos"),
    ("noise", "weights"),
    ("denoising", "training", "export"),
    ("cluster", "volumes"),
    ("evaluation",),
    ("pages",),
    ("commands",),
)
DOORS = ("api", "cli", "__main__")


def modules() -> list[str]:
    """Every module by its dotted name below `linn_cli`; a package stands for its `__init__`."""
    paths = (path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py"))
    names = (".".join(path.parts) for path in paths)
    return sorted(name.removesuffix(".__init__") for name in names if name != "__init__")


def source(module: str) -> Path:
    """The file of a module or of a package."""
    inside = PACKAGE.joinpath(*module.split("."))
    return inside / "__init__.py" if inside.is_dir() else inside.with_suffix(".py")


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of linn that a module imports, wherever in the file."""
    known = set(modules())
    return frozenset(name for name in _imported(module) if name in known)


def _imported(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("linn_cli.") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("linn_cli"):
            base = (node.module or "").removeprefix("linn_cli").removeprefix(".")
            yield base
            yield from (f"{base}.{alias.name}".removeprefix(".") for alias in node.names)


def package(module: str) -> str:
    """The package that a module lies in, or the module itself if in none."""
    return module.split(".")[0]


def level(module: str) -> int:
    """The row of a module's package from the bottom: 0 for the base, above the packages the doors."""
    name = package(module)
    if name in BASE:
        return 0
    rows = [row for row, names in enumerate(PACKAGES, start=1) if name in names]
    return rows[0] if rows else len(PACKAGES) + 1 + DOORS.index(name)


def may_import(importer: str, imported: str) -> bool:
    """Whether an import goes down, or stays within its package, or within the base in its order."""
    a, b = package(importer), package(imported)
    if a in BASE and b in BASE:
        return BASE.index(b) < BASE.index(a)
    return a == b or level(imported) < level(importer)


def arrows() -> dict[tuple[str, str], int]:
    """How many imports lead from one package, or module of the base, to another."""
    counts: dict[tuple[str, str], int] = {}
    for module in modules():
        for name in imports(module):
            ends = package(module), package(name)
            if ends[0] != ends[1]:
                counts[ends] = counts.get(ends, 0) + 1
    return counts


def longest_functions(count: int) -> list[tuple[int, str]]:
    """The functions with the most lines, signatures and docstrings included."""
    found = []
    for module in modules():
        tree = ast.parse(source(module).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.end_lineno:
                found.append((node.end_lineno - node.lineno + 1, f"{module}.{node.name}"))
    return sorted(found, reverse=True)[:count]


def cycle(module: str, path: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A circle of imports that starts and ends at a module, or nothing."""
    if module in path:
        return (*path, module) if module == path[0] else ()
    found = (cycle(name, (*path, module)) for name in imports(module))
    return next((circle for circle in found if circle), ())


def main() -> None:
    """Print the structure."""
    rooms = {package(module) for module in modules()}
    counts = arrows()
    print(f"{len(modules())} modules in {len(rooms)} rooms")
    print(f"{len(counts)} arrows between rooms, {sum(counts.values())} imports")
    upward = [pair for pair in counts if not may_import(*pair)]
    print(f"{len(upward)} of them upward {upward or ''}".rstrip())
    if "--arrows" in sys.argv:
        for (a, b), times in sorted(counts.items()):
            print(f"  {a} -> {b}: {times}")
    print("the longest functions:")
    for lines, name in longest_functions(10):
        print(f"  {lines:4} lines  {name}")


if __name__ == "__main__":
    main()
