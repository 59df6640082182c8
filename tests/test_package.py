"""What holds for the package as a whole: lazy imports, their order, the public names."""

from __future__ import annotations

import ast
import subprocess
import sys
from itertools import combinations

import pytest

from tests.conftest import ROOT

# From the bottom up: a module may import only from the rows below its own, or earlier in its row.
LAYERS = [
    ["errors", "units", "samples"],
    ["architecture", "files", "formats", "jsontext", "page", "hub_client", "hub"],
    [
        "haar",
        "shrinkage",
        "lifting",
        "model",
        "folding",
        "bands",
        "convolution",
        "budget",
        "streaming",
        "pyramid",
        "metrics",
        "devices",
        "heap",
    ],
    [
        "normalisation",
        "clipping",
        "smoothness",
        "ladder",
        "estimation",
        "correlated",
        "stabilisation",
        "residual",
        "inspection",
        "comparison",
    ],
    ["picture", "metadata", "deep", "rows", "conversion", "encoding", "images"],
    ["card", "initialisation", "invertibility", "optimizer", "weights"],
    ["sources", "golden", "publishing"],
    [
        "patches",
        "denoiser",
        "pipeline",
        "measurement",
        "noise",
        "removal",
        "planning",
        "batch",
        "trainer",
        "training",
        "classical",
        "benchmark",
    ],
    ["tables", "views", "report", "console"],
    ["options", "cli_denoise", "cli_measure", "cli_pages", "cli_train", "cli_weights", "cli"],
    ["__main__"],
]
ORDER = [name for layer in LAYERS for name in layer]
PACKAGE = ROOT / "linn_cli"


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.strip()


def imported(module: str) -> set[str]:
    """The modules of the package that a module's source imports, wherever in the file."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "linn_cli":
            names |= {alias.name for alias in node.names}
        elif (
            isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("linn_cli.")
        ):
            names.add(node.module.removeprefix("linn_cli."))
    return names - {"__version__"}


def test_every_module_has_its_place() -> None:
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert modules == set(ORDER)


@pytest.mark.parametrize("module", ORDER)
def test_imports_go_one_way(module: str) -> None:
    later = imported(module) - set(ORDER[: ORDER.index(module)])
    assert not later, f"{module} imports {later}, which stand above it"


def test_modules_below_the_command_line_do_not_print() -> None:
    for module in ORDER[: ORDER.index("console")]:
        source = (PACKAGE / f"{module}.py").read_text(encoding="utf-8")
        assert "rich" not in source, module
        assert "typer" not in source, module


def test_every_module_has_its_tests() -> None:
    tested = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}
    assert set(ORDER) - {"__main__", "errors"} <= tested


def test_every_module_is_on_the_map() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [name for name in ORDER if name != "__main__" and f"`{name}.py`" not in guide] == []


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
    "order", list(combinations(["import linn_cli.pipeline", "from linn_cli import denoise"], 2))
)
def test_denoise_is_a_function_in_either_import_order(order: tuple[str, str]) -> None:
    for first, second in (order, reversed(order)):
        code = f"{first}\n{second}\nimport linn_cli\nprint(callable(denoise), callable(linn_cli.denoise))"
        assert python(code) == "True True"


def test_unknown_names_are_attribute_errors() -> None:
    assert python("import linn_cli; print(hasattr(linn_cli, 'renoise'))") == "False"


def test_no_module_is_called_like_the_function() -> None:
    assert not (PACKAGE / "denoise.py").exists()


def test_python_dash_m_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "linn_cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("linn 0.")
