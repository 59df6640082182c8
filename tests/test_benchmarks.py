"""Every script of benchmarks/ loads and explains itself."""

from __future__ import annotations

import importlib
import re
import sys

import pytest
import torch

from benchmarks.cost import gpu
from tests.conftest import POLYPHASE, ROOT

SCRIPTS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "benchmarks").rglob("*.py")
    if path.stem not in ("__init__", "common")
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_explains_itself(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = importlib.import_module(name)
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as left:
        script.main()
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert (script.__doc__ or "").splitlines()[0] in said
    assert f"python -m {name}" in said


def test_a_device_is_compared_with_the_processor(capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu.agrees(POLYPHASE[1], torch.device("cpu"))
    said = capsys.readouterr().out
    differences = re.findall(r"torch\.(\w+): ([\d.e+-]+)$", said, re.MULTILINE)
    assert [name for name, _ in differences] == ["float32", "float16", "bfloat16"]
    # float32 over bands hardly differs, half precision does: the two answers are not one.
    assert float(differences[0][1]) < 1e-6 < float(differences[1][1]) < 2e-3


def test_every_script_is_in_the_guide() -> None:
    guide = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert [name for name in SCRIPTS if f"`{name.removeprefix('benchmarks.')}`" not in guide] == []


def test_the_constants_that_scripts_decide_are_there() -> None:
    guide = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    decided = re.findall(
        r"^\|.*\| ((?:`\w+`(?:, | and )?)+) in `([\w/]+\.py)` \|$", guide, re.MULTILINE
    )
    assert len(decided) >= 8
    for names, module in decided:
        source = (ROOT / "linn_cli" / module).read_text(encoding="utf-8")
        for name in re.findall(r"`(\w+)`", names):
            assert re.search(rf"\b{name}\b", source), f"{module} has no {name}"
