from __future__ import annotations

import pytest

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
