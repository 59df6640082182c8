from __future__ import annotations

from pathlib import Path

import pytest

from linn_cli.commands.options import begun_manifest, doubts
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
    with (
        pytest.raises(UsageError, match="--json prints the same to standard output"),
        begun_manifest(Path("-")),
    ):
        pass


def test_what_fails_before_the_first_line_leaves_no_new_manifest(tmp_path: Path) -> None:
    def fail(path: Path, text: str = "") -> None:
        with begun_manifest(path), path.open("a") as file:
            file.write(text)
            raise UsageError("no")

    with pytest.raises(UsageError):
        fail(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    with pytest.raises(UsageError):
        fail(tmp_path / "new", "{}\n")
    assert (tmp_path / "new").read_text() == "{}\n"
    (tmp_path / "old").touch()
    with pytest.raises(UsageError):
        fail(tmp_path / "old")
    assert (tmp_path / "old").exists()
    with begun_manifest(tmp_path / "empty"):
        pass
    assert (tmp_path / "empty").exists()
