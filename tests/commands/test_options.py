from __future__ import annotations

from pathlib import Path

import pytest

from linn_cli.commands.options import check_manifest, doubts
from linn_cli.errors import UsageError
from linn_cli.noise.strength import Strength
from linn_cli.units import Sigma
from tests.conftest import Run


@pytest.mark.parametrize("command", ["denoise", "benchmark", "verify-invertibility"])
def test_the_commands_that_run_networks_share_their_options(linn: Run, command: str) -> None:
    done = linn(command, "--help")
    assert "hf://OWNER/REPO[@REVISION][/FILE]" in " ".join(done.stdout.split())
    assert "LINN_HUB_REPO" in done.stdout


def test_a_scale_that_is_not_there_is_a_usage_error(linn: Run) -> None:
    done = linn("weights", "path", "--scales", 3)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("sigma", "unit", "strength", "words"),
    [
        ("25", "8bit", 100, []),
        ("0", "8bit", 0, []),
        ("0.1", "unit", 100, []),
        ("0.1", "8bit", 100, ["did you mean --sigma-unit unit?"]),
        ("25", "16bit", 100, ["did you mean --sigma-unit 8bit?"]),
        ("25", "8bit", 1.5, ["did you mean 150?"]),
        ("25", "8bit", "100,1.5", ["did you mean 150?"]),
    ],
)
def test_values_that_are_hardly_meant_are_questioned(
    sigma: str, unit: str, strength: float | str, words: list[str]
) -> None:
    asked = list(doubts(Sigma.parse(sigma, unit), unit, Strength.parse(str(strength))))
    assert len(asked) == len(words)
    assert all(map(str.endswith, asked, words))


def test_a_manifest_is_a_file() -> None:
    with pytest.raises(UsageError, match="--json prints the same to standard output"):
        check_manifest(Path("-"))
