"""`linn weights`, and `linn denoise` with weights from a Hub."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard
from PIL import Image

from linn_cli.network.architecture import Architecture
from linn_cli.weights import sets
from tests.commands.test_train import SHORT, gallery
from tests.conftest import Run, User, random_model
from tests.hub_server import TOKEN, Hub, Repository
from tests.weights.test_hub import NOWHERE

__all__ = ["gallery"]

BUNDLED = sets.bundled()


class Shell:
    """A process in which command lines run one after the other, since torch takes long to load."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.used_the_hub = False

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([str(argument) for argument in arguments]) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        self.used_the_hub = told["hub"]
        return told["returncode"], told["stdout"], told["stderr"]


def latest(server: Hub, name: str) -> dict[str, bytes]:
    """The files at the head of a repository."""
    repository = server.repositories[name]
    return repository.commits[repository.branches["main"]]


@pytest.fixture
def shell(user: User) -> Iterator[Shell]:
    with user.start("--linn", HF_TOKEN=TOKEN) as process:
        yield Shell(process)
        _, err = process.communicate(timeout=60)
        assert err == ""


@pytest.fixture
def shell_without_hub(user: User) -> Iterator[Shell]:
    with user.start("--linn", HF_ENDPOINT=NOWHERE, LINN_HUB_REPO="me/mine") as process:
        yield Shell(process)
        _, err = process.communicate(timeout=60)
        assert err == ""


def test_trained_weights_are_pushed_fetched_and_used(
    server: Hub, shell: Shell, gallery: Path, tmp_path: Path, noisy_file: Path
) -> None:
    target = noisy_file.with_name("clean.png")
    denoise = ["denoise", noisy_file, "-o", target, "--sigma", 25, "--overwrite"]
    assert shell(*denoise)[0] == 0
    assert not shell.used_the_hub
    bundled = target.read_bytes()

    assert shell("train", gallery, "--run", tmp_path / "run", *SHORT)[0] == 0
    trained = tmp_path / "run" / "weights.safetensors"
    assert shell(*denoise, "--weights", trained)[0] == 0
    expected = target.read_bytes()
    assert expected != bundled

    options = ["--licence", "mit", "--dataset", "me/pictures", "--private"]
    code, out, err = shell("weights", "push", "me/mine", trained, *options)
    assert (code, err) == (0, "")
    repository = server.repositories["me/mine"]
    commit = repository.branches["main"]
    assert out == f"hf://me/mine@{commit}\n"
    assert repository.private
    files = repository.commits[commit]
    assert files["weights.safetensors"] == trained.read_bytes()
    card = ModelCard(files["README.md"].decode()).data.to_dict()
    assert card["library_name"] == "linn"
    assert card["pipeline_tag"] == "image-to-image"
    assert (card["license"], card["datasets"]) == ("mit", ["me/pictures"])

    code, out, err = shell("weights", "fetch", "hf://me/mine")
    assert code == 0
    assert f"commit {commit[:12]} is recorded" in err
    assert Path(out.strip()).read_bytes() == trained.read_bytes()
    server.forget()
    for reference in ("hf://me/mine", f"hf://me/mine@{commit}/weights.safetensors"):
        target.unlink()
        assert shell(*denoise, "--weights", reference)[0] == 0
        assert target.read_bytes() == expected
    code, out, _ = shell("weights", "path", "hf://me/mine")
    assert Path(out.strip()).read_bytes() == trained.read_bytes()
    assert server.count("GET") == 0

    # A second push adds to what is there; the record stays until it is updated.
    code, out, err = shell("weights", "push", "me/mine", BUNDLED[0].name)
    assert code == 0
    assert "linn weights fetch me/mine --update" in err
    files = latest(server, "me/mine")
    listed = [entry["file"] for entry in json.loads(files["manifest.json"])["files"]]
    assert listed == sorted([BUNDLED[0].path.name, "weights.safetensors"])
    assert "license: mit" in files["README.md"].decode()
    code, out, err = shell("weights", "fetch", "me/mine", "--update", "--json")
    assert f"{BUNDLED[0].path.name} is new" in err
    assert [Path(path).name for path in json.loads(out)] == listed

    code, out, _ = shell("weights", "list", "--json")
    rows = [(entry["source"], entry["name"], entry["here"]) for entry in json.loads(out)]
    assert [row for row in rows if row[0] == "hf://me/mine"] == [
        ("hf://me/mine", BUNDLED[0].name, True),
        ("hf://me/mine", "weights", True),
    ]
    assert shell("weights", "verify", f"hf://me/mine/{BUNDLED[0].path.name}")[0] == 0


def test_a_repository_takes_the_place_of_the_bundle(
    server: Hub, shell: Shell, tmp_path: Path, noisy_file: Path
) -> None:
    for variant, sigma in (("st", (23, 27)), ("st", (40, 60)), ("lista", (1, 80))):
        path = tmp_path / f"{variant}-{sigma[0]}.safetensors"
        model = random_model(Architecture(variant, 1))  # type: ignore[arg-type]
        sets.save(path, model, sigma, "made up")
        assert shell("weights", "push", "me/mine", path)[0] == 0
    options = ["--hub-repo", "me/mine", "--json", "--overwrite"]
    chosen = []
    target = noisy_file.with_name("clean.png")
    for wish in (["--sigma", 25], ["--sigma", 50], ["--sigma", 25, "--variant", "lista"]):
        code, out, _ = shell("denoise", noisy_file, "-o", target, *wish, *options)
        assert code == 0
        chosen.append(json.loads(out)["weights"])
    assert chosen == ["st-23", "st-40", "lista-1"]
    code, _, err = shell("weights", "path", "--hub-repo", "me/mine", "--scales", 2)
    assert code == 2
    assert "no weights for DnINN 2-scale are in hf://me/mine yet" in err

    # The right hash makes a hostile file no better.
    hostile = {"st-23.safetensors": (2**63).to_bytes(8, "little") + b"{}"}
    listed = json.loads(latest(server, "me/mine")["manifest.json"])["files"]
    entry = {**listed[-2], "sha256": hashlib.sha256(hostile["st-23.safetensors"]).hexdigest()}
    server.repositories["me/evil"] = Repository()
    server.repositories["me/evil"].commit(
        {**hostile, "manifest.json": json.dumps({"files": [entry]}).encode()}
    )
    target.unlink()
    for reference in ("hf://me/evil", "hf://me/evil/st-23.safetensors"):
        wish = ["--sigma", 25, "--weights", reference]
        code, _, err = shell("denoise", noisy_file, "-o", target, *wish)
        assert code == 1
        assert "not a safetensors file, or cut short" in err.splitlines()[-1]
        assert not target.exists()

    server.forget()
    code, out, _ = shell("weights", "fetch", "me/mine", "--sigma", 50)
    assert Path(out.strip()).name == "st-40.safetensors"
    code, out, _ = shell("weights", "fetch", "me/mine", "--variant", "lista")
    assert Path(out.strip()).name == "lista-1.safetensors"
    code, out, _ = shell("weights", "fetch", "me/mine", "--all")
    assert len(out.splitlines()) == 3
    assert server.requests == []
    code, _, err = shell("weights", "verify", "hf://me/mine")
    assert code == 1
    assert "not sound" in err


def test_without_the_hub_the_bundle_stands_in(
    shell_without_hub: Shell, noisy_file: Path, linn: Run
) -> None:
    clean, expected = noisy_file.with_name("clean.png"), noisy_file.with_name("expected.png")
    assert linn("denoise", noisy_file, "-o", expected, "--sigma", 25).returncode == 0
    code, _, err = shell_without_hub("denoise", noisy_file, "-o", clean, "--sigma", 25)
    assert code == 0
    line, written = err.splitlines()
    assert written.startswith(f"linn: {clean}: 52 x 37, ")
    assert f"{NOWHERE} cannot be reached" in line
    assert line.endswith("the bundled weights are used instead")
    with Image.open(clean) as one, Image.open(expected) as other:
        np.testing.assert_array_equal(np.array(one), np.array(other))

    for wish in (
        ["denoise", noisy_file, "-o", clean, "--overwrite", "--weights", "hf://me/mine"],
        ["weights", "fetch"],
    ):
        code, _, err = shell_without_hub(*wish)
        assert code == 1
        [line] = err.splitlines()
        assert "cannot be reached" in line
        assert "bundled" not in line


def test_a_push_needs_a_token_that_may_write(user: User, server: Hub) -> None:
    server.repositories["me/mine"] = Repository()
    with user.start("--linn") as process:
        shell = Shell(process)
        for token, reason in (
            (None, "no such repository, or one for which to log in"),
            ("hf_wrong", "access denied, the token lacks the right to it"),
        ):
            if token:  # as `hf auth login` keeps it
                user.cache.mkdir(parents=True, exist_ok=True)
                (user.cache / "token").write_text(token)
            # One set: each that is pushed is tried first.
            code, _, err = shell("weights", "push", "me/mine", BUNDLED[0].name)
            assert code == 1
            assert reason in err
        process.communicate(timeout=60)


def test_the_bundle_is_listed_verified_and_found(
    linn: Run, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", user.environment["XDG_CACHE_HOME"])
    names = [entry.name for entry in BUNDLED]
    assert [row["name"] for row in json.loads(linn("weights", "list", "--json").stdout)] == names
    assert all(name in linn("weights", "list").stdout for name in names)
    assert linn("weights", "path", names[0]).stdout == f"{BUNDLED[0].path}\n"
    # tests/weights/test_known_answer.py tries them all.
    monkeypatch.setattr(sets, "bundled", lambda: BUNDLED[:2])
    done = linn("weights", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    verdicts = json.loads(linn("weights", "verify", "--json").stdout)
    assert [verdict["name"] for verdict in verdicts] == names[:2]


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["fetch"], 2, "which repository?"),
        (["fetch", "me/mine", "--all", "--sigma", "25"], 2, "--all means every file"),
        (["fetch", "me/mine", "--sigma", "-1"], 2, "is not a noise level"),
        (["fetch", "hf://me/mine/x.pth"], 1, "others can run code"),
        (["path", "--variant", "relu"], 2, "unknown variant 'relu'"),
        (["verify", "nosuch"], 1, "no such file and no bundled set"),
        (["push", "mine"], 2, "give hf://OWNER/REPO"),
    ],
)
def test_faults_of_the_command_line_are_one_line(
    linn: Run, arguments: list[str], code: int, reason: str
) -> None:
    done = linn("weights", *arguments)
    assert done.returncode == code
    [line] = done.stderr.splitlines()
    assert reason in line


def test_the_help_of_the_commands_does_not_import_torch() -> None:
    code = (
        "import sys, typer.testing, linn_cli.cli as cli\n"
        "result = typer.testing.CliRunner().invoke(cli.app, ['weights', 'fetch', '--help'])\n"
        "print(result.exit_code, {'torch', 'numpy', 'huggingface_hub'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0 set()"
