from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from linn_cli import cli
from tests.conftest import ROOT, Run


def test_debug_shows_the_traceback(linn: Run, noisy_file: Path) -> None:
    options = ["-o", noisy_file, "--sigma", 25, "--debug"]
    done = linn("denoise", noisy_file, *options)
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_the_console_script_is_installed() -> None:
    script = shutil.which("linn", path=str(Path(sys.executable).parent))
    assert script is not None
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("linn ")


@pytest.mark.parametrize(
    ("environment", "spins"),
    [
        ({}, "10000"),
        ({"GOMP_SPINCOUNT": "5"}, "5"),
        ({"OMP_WAIT_POLICY": "passive"}, None),
    ],
)
def test_threads_wait_as_the_user_says_else_briefly(
    environment: dict[str, str], spins: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.environ", environment)
    monkeypatch.setattr(cli, "app", lambda prog_name: None)
    cli.main()
    assert environment.get("GOMP_SPINCOUNT") == spins


BASH = shutil.which("bash")
SHELLS = ["bash", "zsh", "fish", "powershell", "pwsh"]


def run_linn(*words: str, **environment: str) -> str:
    """What `linn` prints in that environment."""
    with patch.dict(os.environ, environment):  # of which some is read before the command is made
        done = CliRunner().invoke(cli.app, words, prog_name="linn")
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_the_completion_script_of_every_shell_is_shown(shell: str) -> None:
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    script = run_linn("--show-completion", shell, **named)
    assert "_LINN_COMPLETE=complete_" in script.replace('Env:_LINN_COMPLETE = "', "_LINN_COMPLETE=")
    assert run_linn(_LINN_COMPLETE=f"source_{shell}").split() == script.split()


@pytest.mark.skipif(sys.platform == "win32", reason="the stub is a shell script")
@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("bash", ".bash_completions/linn.sh"),
        ("zsh", ".zfunc/_linn"),
        ("fish", ".config/fish/completions/linn.fish"),
        ("pwsh", "profile.ps1"),
    ],
)
def test_completion_is_installed_for_every_shell(tmp_path: Path, shell: str, place: str) -> None:
    # Only PowerShell itself knows where its profile is.
    stub = tmp_path / "pwsh"
    stub.write_text(f"#!/bin/sh\necho {tmp_path / 'profile.ps1'}\n")
    stub.chmod(0o755)
    environment = {
        "HOME": str(tmp_path),
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    assert "completion installed" in run_linn("--install-completion", shell, **environment)
    assert "_LINN_COMPLETE" in (tmp_path / place).read_text()


COMPLETED = [
    ("linn den", ["denoise"]),
    ("linn denoise --stren", ["--strength"]),
    ("linn denoise --noise ca", ["camera"]),
    ("linn denoise --wei", ["--weights"]),  # its help has brackets
    ("linn denoise --format t", ["tiff"]),
    ("linn weights l", ["list"]),
    ("linn denoise ph", []),  # nothing of linn's: the shell completes files
]


@pytest.mark.parametrize(("line", "expected"), COMPLETED)
def test_every_shell_gets_what_completes_a_line(line: str, expected: list[str]) -> None:
    words = line.split()
    bash = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    assert run_linn(_LINN_COMPLETE="complete_bash", **bash).split() == expected
    typed = {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_WORD_TO_COMPLETE": words[-1]}
    powershell = run_linn(_LINN_COMPLETE="complete_powershell", **typed)
    assert [each.partition(":::")[0] for each in powershell.splitlines() if each] == expected
    action = {"_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    fish = run_linn(_LINN_COMPLETE="complete_fish", **typed, **action)
    assert [each.partition("\t")[0] for each in fish.splitlines() if each] == expected
    zsh = run_linn(_LINN_COMPLETE="complete_zsh", **typed)
    assert all(f'"{each}"' in zsh for each in expected) if expected else zsh == "_files\n"


@pytest.mark.skipif(not BASH, reason="there is no bash here")
@pytest.mark.parametrize(
    ("line", "expected"), [*COMPLETED[:3], ("linn denoise pho", ["photo.jpg"])]
)
def test_bash_completes_a_line(tmp_path: Path, line: str, expected: list[str]) -> None:
    """The script itself, in a bash where `linn` is the checkout's."""
    (tmp_path / "photo.jpg").touch()
    launcher = tmp_path / "linn"
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -m linn_cli "$@"\n')
    launcher.chmod(0o755)
    script = f"""
{run_linn(_LINN_COMPLETE="source_bash")}
cd {tmp_path}
PATH={tmp_path}:$PATH
COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_linn_completion linn
if [ ${{#COMPREPLY[@]}} = 0 ]; then compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"; fi
printf '%s\\n' "${{COMPREPLY[@]}}"
complete -p linn
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [str(BASH), "--norc", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    *completed, registered = filter(None, done.stdout.splitlines())
    assert completed == expected
    assert registered == "complete -o default -F _linn_completion linn"


def test_help_and_completion_stay_fast() -> None:
    """None loads torch or numpy, which takes seconds; the help does without rich, too."""
    heavy = {"torch", "numpy", "PIL"}
    completing = {"_LINN_COMPLETE": "complete_bash", "COMP_WORDS": "linn d", "COMP_CWORD": "1"}
    for words, environment, unwanted in [
        (["--help"], {}, {*heavy, "rich"}),
        (["denoise", "--help"], {}, {*heavy, "rich"}),
        ([], completing, heavy),
    ]:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "linn_cli", *words],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout
        loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "linn_cli.cli" in loaded
        assert not unwanted & loaded
