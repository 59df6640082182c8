"""How fast an exported network is in ONNX Runtime and OpenVINO, beside linn and torch.

    python -m benchmarks.cost.export
    python -m benchmarks.cost.export --weights polyphase-colour --side 1024

All in one process, in turns, the median of the rounds, on the CPU in float32 with as many threads as torch has; speeds
depend on the machine, ratios less so. It measures, on one square picture and with sigma 25,

- linn: what `linn denoise` runs, streamed in bands of rows;
- torch: the plain network over the whole picture;
- ONNX Runtime and OpenVINO: the file that `linn export` writes, over the whole picture.

linn and torch lead through the same network, so that the figures differ by the programs alone. It also prints by how
much the answers differ from torch's, in parts of white.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.common import script_parser
from benchmarks.cost.speed import measure
from linn_cli.denoising import networks
from linn_cli.export import onnx_file
from linn_cli.units import GREY_LEVELS
from linn_cli.weights import sets, sources

_SIGMA = 25.0


def main() -> None:
    """Measure and print a table."""
    parser = script_parser(__doc__)
    parser.add_argument("--weights", default="dninn-st-1-any", help="as `linn denoise` takes them")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    weight_set = sources.find(options.weights).obtain_all()[0]
    data = onnx_file.content(weight_set, "")
    planes = weight_set.architecture.planes
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand((1, planes, 8, 8), generator=generator)
    # From black to white, so that linn takes floats as white at 1; halves for heavy noise play no part at sigma 25.
    shown = torch.nn.functional.interpolate(clean, options.side, mode="bilinear")
    images = shown + _SIGMA / GREY_LEVELS * torch.randn(shown.shape, generator=generator)
    contestants = contest(options.weights, data, images)
    print(
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    )
    print(f"{weight_set.architecture}, {options.side} x {options.side}")
    answers = {name: torch.as_tensor(work()) for name, work in contestants.items()}
    times = measure(contestants, options.rounds)
    pixels = options.side**2 / 1e6
    for name, seconds in times.items():
        apart = float((answers[name] - answers["torch"]).abs().max())
        print(
            f"{name:>14}: {pixels / seconds:6.3f} Mpx/s, {times['linn'] / seconds:5.2f} times linn's, differs by {apart:.1e}"
        )


def contest(
    weights: str, data: bytes, images: Tensor
) -> dict[str, Callable[[], Tensor | NDArray[np.float32]]]:
    """What is measured, by name."""
    channels = images.shape[1]
    network = networks.load(_SIGMA, channels, weight_file=weights, precision="float32")
    model = sets.load(network.weight_set)
    sigma = torch.full((1, 1, 1, 1), _SIGMA / GREY_LEVELS)
    feeds = {"input": images.numpy(), "sigma": sigma.numpy()}
    return {
        "linn": partial(network, images, _SIGMA),
        "torch": partial(onnx_file.reference, model, images, sigma),
        "ONNX Runtime": in_onnx_runtime(data, feeds),
        "OpenVINO": in_openvino(data, feeds),
    }


def in_onnx_runtime(
    data: bytes, feeds: dict[str, NDArray[np.float32]]
) -> Callable[[], NDArray[np.float32]]:
    """A run of the file in ONNX Runtime."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(data, settings, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, feeds)[0]


def in_openvino(
    data: bytes, feeds: dict[str, NDArray[np.float32]]
) -> Callable[[], NDArray[np.float32]]:
    """A run of the file in OpenVINO, in float32 even where the processor has bfloat16."""
    import openvino

    core = openvino.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": str(torch.get_num_threads()),
    }
    compiled = core.compile_model(core.read_model(data), "CPU", settings)
    return lambda: np.asarray(compiled(feeds)[0])


if __name__ == "__main__":
    main()
