"""What several test modules need: data, random networks, pictures and the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

# Tests run side by side, one on each core: more threads than that would wait for each other. This counts only
# before torch is loaded, and for the commands that tests start.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import torch
from hypothesis import settings
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from typer.testing import CliRunner

from linn_cli.cli import app
from linn_cli.network.architecture import VARIANTS, Architecture
from linn_cli.network.model import DnINN
from tests.hub_server import Hub, serve

# A shared machine may pause any test: examples have no deadline.
settings.register_profile("linn", deadline=None)
settings.load_profile("linn")

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
# The paper's table, and with it the polyphase form, with few channels and layers.
ARCHITECTURES = [Architecture(variant, scales) for variant in VARIANTS for scales in (1, 2)]
POLYPHASE = [
    Architecture(phases=2, pairs=2, width=8, depth=3, activation="one-sided"),
    Architecture(planes=3, phases=2, pairs=2, width=8, depth=3, activation="relu"),
    Architecture("lista", 2, planes=3, phases=2, pairs=1, width=8, depth=2),
]
FAMILY = [*ARCHITECTURES, *POLYPHASE]


class Done(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


def shared(name: str) -> Path:
    """A file or folder of the data that is not in the repository; the test skips without it."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs the data folder {path}, which is not part of the repository")
    return path


def random_image(height: int, width: int, seed: int = 0, planes: int = 1) -> Tensor:
    """Noise (1, planes, height, width) in float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, planes, height, width), generator=generator, dtype=torch.float64)


def random_model(architecture: Architecture, seed: int = 0) -> DnINN:
    """A network of random weights, float64.

    Fresh ones have zero output filters, which would let every round trip pass.
    """
    generator = torch.Generator().manual_seed(seed)
    model = DnINN(architecture).double().requires_grad_(False)
    for name, value in model.named_parameters():
        if "threshold" in name:
            value.uniform_(0, 0.02, generator=generator)
        else:
            fan_in = value[0].numel()
            value.normal_(0, fan_in**-0.5, generator=generator)
    return model


@pytest.fixture
def grey() -> NDArray[np.uint8]:
    """A grey picture with edges and texture, uint8 (37, 52)."""
    rows, columns = np.mgrid[:37, :52]
    wave = 110 + 60 * np.sin(rows / 5) * np.cos(columns / 7) + 50 * (rows > columns)
    picture: NDArray[np.uint8] = wave.astype(np.uint8)
    return picture


@pytest.fixture
def noisy(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The grey picture with noise of sigma 25."""
    noise = np.random.default_rng(0).normal(0, 25, grey.shape)
    return np.clip(np.round(grey + noise), 0, 255).astype(np.uint8)


@pytest.fixture
def noisy_colour() -> NDArray[np.float32]:
    """A colour picture with noise of sigma 25, (40, 50, 3)."""
    rows, columns = np.mgrid[:40, :50]
    clean = np.dstack([0.5 + 0.3 * np.sin(rows / k) * np.cos(columns / 7) for k in (5, 6, 8)])
    noise = np.random.default_rng(1).normal(0, 25 / 255, clean.shape)
    return (clean + noise).astype(np.float32)


@pytest.fixture
def noisy_file(tmp_path: Path, noisy: NDArray[np.uint8]) -> Path:
    """The noisy picture as a PNG file in a folder of its own."""
    path = tmp_path / "pictures" / "noisy.png"
    path.parent.mkdir()
    Image.fromarray(noisy).save(path)
    return path


@pytest.fixture
def tree(tmp_path: Path, noisy: NDArray[np.uint8]) -> Path:
    """A folder with pictures in folders within it."""
    root = tmp_path / "in"
    for name in ("a.png", "b.jpg", "deep/a.png", "deep/deeper/c.tif", "deep/notes.txt"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            path.write_text("no picture")
        else:
            Image.fromarray(noisy).save(path)
    return root


@pytest.fixture
def linn() -> Run:
    """Run the command line in this process."""

    def run(*arguments: object) -> Done:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        return Done(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def server() -> Iterator[Hub]:
    """A hub on loopback, empty."""
    with serve() as hub:
        yield hub


class User:
    """Somebody with caches of their own who uses the Hub at `server`, in processes of their own."""

    def __init__(self, home: Path, url: str) -> None:
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("HF_", "LINN_"))
        }
        self.records = home / "cache" / "linn" / "hub"
        self.cache = home / "huggingface"
        self.environment = kept | {
            "HF_ENDPOINT": url,
            "HF_HOME": str(self.cache),
            "XDG_CACHE_HOME": str(home / "cache"),
            "NO_PROXY": "127.0.0.1",
        }

    def start(
        self, *arguments: str, prefix: Sequence[str] = (), **environment: str
    ) -> subprocess.Popen[str]:
        """Start `tests.hub_user`."""
        return subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.hub_user", *arguments],
            cwd=ROOT,
            env=self.environment | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def user(tmp_path: Path, server: Hub) -> User:
    """A user of that hub with empty caches."""
    return User(tmp_path / "home", server.url)


def only_line(text: str) -> str:
    """The line of a text that has just one."""
    [line] = text.splitlines()
    return line


SIDE = 128


def noisy_picture(sigma: tuple[float, ...], seed: int = 0) -> NDArray[np.float32]:
    """A smooth picture with noise of sigma in each channel, (SIDE, SIDE, C), white at 1."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    clean = 0.5 + 0.2 * np.sin(rows / 30) * np.cos(columns / 40)
    chance = np.random.default_rng(seed).normal(size=(SIDE, SIDE, len(sigma)))
    values: NDArray[np.float64] = clean[:, :, None] + chance * np.array(sigma) / 255
    return values.astype(np.float32)


def cut_off(sigma: float, dtype: str = "uint8", gradient: float = 0.3) -> NDArray[Any]:
    """A dark picture (SIDE, SIDE, 1) with noise as a file keeps it."""
    clean = np.linspace(0, gradient, SIDE)[None, :, None].repeat(SIDE, axis=0)
    white = np.iinfo(dtype).max
    chance = np.random.default_rng(3).normal(size=clean.shape)
    levels: NDArray[np.float64] = (clean + sigma / 255 * chance) * white
    stored: NDArray[Any] = levels.round().clip(0, white).astype(dtype)
    return stored


def save_pictures(folder: Path) -> list[Path]:
    """Make a folder with twenty pictures of smooth waves and an edge, 40 x 48."""
    folder.mkdir()
    rows, columns = np.mgrid[:40, :48]
    for index in range(20):
        wave = np.sin(rows / (4 + index)) * np.cos(columns / (9 - index / 4))
        edge = rows * (index + 1) > columns * 8
        levels = (120 + 60 * wave + 40 * edge).astype(np.uint8)
        Image.fromarray(levels).save(folder / f"{index:02}.png")
    return sorted(folder.iterdir())


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Twenty pictures in a folder of their own."""
    return save_pictures(tmp_path / "pictures")


@pytest.fixture
def clean_file(noisy_file: Path, grey: NDArray[np.uint8]) -> Path:
    path = noisy_file.with_name("original.png")
    Image.fromarray(grey).save(path)
    return path
