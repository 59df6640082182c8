"""What holds for the package as a whole: lazy imports, their order, the public names."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image

from tests import structure

IN_ORDER = [name for row in structure.PACKAGES for name in row]
# What may print and draw: the commands alone.
TERMINAL = {"rich", "typer", "click"}


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.strip()


def third_party(module: str) -> set[str]:
    """The top-level names of all that a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(structure.source(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("module", structure.modules())
def test_imports_go_one_way(module: str) -> None:
    upward = {name for name in structure.imports(module) if not structure.may_import(module, name)}
    assert not upward, f"{module} imports {upward}, which stand above it"


def test_what_starts_with_an_underscore_is_its_packages_own() -> None:
    for module in structure.modules():
        for name in structure.imports(module):
            private = name.split(".")[-1].startswith("_") and name not in structure.DOORS
            assert not private or structure.package(name) == structure.package(module), module


def test_every_package_says_what_lives_there_and_imports_nothing() -> None:
    for name in IN_ORDER:
        tree = ast.parse(structure.source(name).read_text(encoding="utf-8"))
        assert len(ast.get_docstring(tree) or "") > 40, name
        assert len(tree.body) == 1, f"{name}/__init__.py holds more than its docstring"


def test_the_commands_alone_print() -> None:
    for module in structure.modules():
        if structure.package(module) not in ("commands", "cli"):
            assert not third_party(module) & TERMINAL, module


def test_every_module_has_its_tests() -> None:
    for module in structure.modules():
        if module in ("__main__", "errors") or module in IN_ORDER:
            continue
        *folders, name = module.split(".")
        path = (structure.ROOT / "tests").joinpath(*folders, f"test_{name.lstrip('_')}.py")
        assert path.exists(), f"{module} has no {path.relative_to(structure.ROOT)}"


def test_the_map_shows_the_packages_in_their_order() -> None:
    guide = (structure.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)/` \|", guide, re.MULTILINE) == IN_ORDER


def test_importing_the_package_does_not_import_torch() -> None:
    assert python("import linn_cli, sys; print('torch' in sys.modules)") == "False"


def test_the_help_does_not_import_torch() -> None:
    code = (
        "import sys, typer.testing, linn_cli.cli as cli\n"
        "result = typer.testing.CliRunner().invoke(cli.app, ['--help'])\n"
        "print(result.exit_code, 'torch' in sys.modules, 'numpy' in sys.modules)"
    )
    assert python(code) == "0 False False"


@pytest.mark.parametrize(
    "order",
    list(combinations(["import linn_cli.api", "from linn_cli import denoise"], 2)),
)
def test_denoise_is_a_function_in_either_import_order(order: tuple[str, str]) -> None:
    for first, second in (order, reversed(order)):
        code = f"{first}\n{second}\nimport linn_cli\nprint(callable(denoise), callable(linn_cli.denoise))"
        assert python(code) == "True True"


def test_unknown_names_are_attribute_errors() -> None:
    assert python("import linn_cli; print(hasattr(linn_cli, 'renoise'))") == "False"


def test_no_module_is_called_like_the_function() -> None:
    assert not (structure.PACKAGE / "denoise.py").exists()


def test_python_dash_m_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "linn_cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("linn 0.")


def test_training_needs_no_library_for_rare_formats_or_the_hub(tmp_path: Path) -> None:
    picture = tmp_path / "picture.jpg"
    Image.new("RGB", (40, 30)).save(picture)
    code = (
        "import pathlib, sys\n"
        "sys.modules.update(dict.fromkeys(('imagecodecs', 'netpbmfile', 'platformdirs')))\n"
        "import linn_cli.training.run\n"
        "from linn_cli.training.patches import read\n"
        f"print(*read(pathlib.Path({str(picture)!r}), as_grey=False).shape)"
    )
    assert python(code) == "30 40 3"
