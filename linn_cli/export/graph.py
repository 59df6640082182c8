"""A network in ONNX's operations, from its folded filters: nothing in it depends on a picture's size.

Split and merge of the wavelet transform, together with the polyphase components, are a convolution with a stride and
its transpose. The operations stand in the order of `network/model.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from linn_cli.engine.folding import FoldedNetwork, FoldedScale
from linn_cli.network import planes
from linn_cli.network.shrinkage import Lista, SoftThreshold

INPUT, SIGMA, OUTPUT = "input", "sigma", "output"
# Of each 2 x 2 neighbours: the coarse channel, and the details across, down and diagonal.
_HAAR = torch.tensor(
    [[[1, 1], [1, 1]], [[1, -1], [1, -1]], [[1, 1], [-1, -1]], [[1, -1], [-1, 1]]]
).float()
_REDUNDANCY = 4
_GREY = 0.5
_ROWS_AND_COLUMNS = (2, 3)


def of_network(scales: Sequence[FoldedScale], sigma: float | None = None) -> onnx.GraphProto:
    """The graph of a folded network.

    Inputs are a picture (N, C, H, W), white at 1, and its noise's standard deviation in the same units
    (N, 1, h, w), whose mean is taken; the output is the clean picture.

    Args:
        scales: the folded network.
        sigma: a noise level that takes the place of the second input.
    """
    graph = _Graph()
    if sigma is None:
        level = graph.op("ReduceMean", SIGMA, graph.integers(_ROWS_AND_COLUMNS), keepdims=1)
    else:
        level = graph.floats(np.float32(sigma))
    normalised = graph.op("Div", graph.op("Sub", INPUT, graph.floats(_GREY)), level)
    colour = scales[0].planes > 1
    if colour:
        normalised = graph.op("Conv", normalised, graph.filters(planes.ROTATION[..., None, None]))
    clean = _filled(graph, scales, normalised)
    if colour:
        clean = graph.op("Conv", clean, graph.filters(planes.ROTATION.T[..., None, None]))
    restored = graph.op("Mul", clean, level)
    graph.op("Add", restored, graph.floats(_GREY), output=OUTPUT)
    shape: list[str | int | None] = ["batch", scales[0].planes, "height", "width"]
    inputs = [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, shape)]
    if sigma is None:
        map_shape: list[str | int | None] = ["batch", 1, "sigma_height", "sigma_width"]
        inputs.append(helper.make_tensor_value_info(SIGMA, TensorProto.FLOAT, map_shape))
    outputs = [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, shape)]
    return helper.make_graph(graph.nodes, "linn", inputs, outputs, graph.constants)


class _Graph:
    """Operations and constants so far. An operation takes and gives names of values."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[Any, ...], onnx.TensorProto] = {}

    @property
    def constants(self) -> list[onnx.TensorProto]:
        """All of them, each once: the way back has the filters of the way there."""
        return list(self._constants.values())

    def op(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Append an operation with one output."""
        [name] = self.ops(kind, *inputs, outputs=[output], **attributes)
        return name

    def ops(self, kind: str, *inputs: str, outputs: Sequence[str], **attributes: Any) -> list[str]:
        """Append an operation; outputs without a name get one."""
        number = len(self.nodes)
        names = [name or f"v{number}_{index}" for index, name in enumerate(outputs)]
        self.nodes.append(
            helper.make_node(kind, inputs, names, name=f"{kind}_{number}", **attributes)
        )
        return names

    def integers(self, values: Sequence[int]) -> str:
        """A constant of whole numbers."""
        return self._constant(np.array(values, np.int64))

    def floats(self, values: Any) -> str:
        """A constant of floats."""
        return self._constant(np.asarray(values, np.float32))

    def filters(self, bank: Tensor) -> str:
        """A constant from a tensor."""
        return self._constant(bank.detach().cpu().float().contiguous().numpy())

    def _constant(self, values: NDArray[Any]) -> str:
        key = values.dtype.str, values.shape, values.tobytes()
        if key not in self._constants:
            name = f"c{len(self._constants)}"
            self._constants[key] = numpy_helper.from_array(values, name)
        return self._constants[key].name


def _filled(graph: _Graph, scales: Sequence[FoldedScale], image: str) -> str:
    """`DnINN.forward` for a normalised image, which is filled up for the scales and cropped again."""
    alignment = scales[-1].phases
    if alignment == 1:
        return _scale(graph, scales, image)
    shape = graph.op("Shape", image, start=2)
    missing = graph.op(
        "Mod",
        graph.op("Sub", graph.integers([1]), shape),
        graph.integers([alignment]),
    )
    pads = graph.op("Concat", graph.integers([0, 0]), missing, axis=0)
    axes = graph.integers(_ROWS_AND_COLUMNS)
    full = graph.op("Pad", image, pads, "", axes, mode="reflect")
    clean = _scale(graph, scales, full)
    return graph.op("Slice", clean, graph.integers([0, 0]), shape, axes)


def _scale(graph: _Graph, scales: Sequence[FoldedScale], image: str) -> str:
    """One scale with those inside of it: split, lift, shrink, lift back and merge."""
    scale, *inner = scales
    bank = graph.filters(_split_bank(scale))
    channels = scale.planes * scale.phases**2
    d = scale.dilation
    pads = graph.integers([d] * 4)
    padded = graph.op("Pad", image, pads, "", graph.integers(_ROWS_AND_COLUMNS), mode="reflect")
    both = graph.op("Conv", padded, bank, strides=[scale.phases] * 2)
    sizes = graph.integers([channels, (len(_HAAR) - 1) * channels])
    coarse, detail = graph.ops("Split", both, sizes, outputs=["", ""], axis=1)
    for step in scale.steps:
        detail = graph.op("Sub", detail, _network(graph, step.predict, coarse))
        coarse = graph.op("Add", coarse, _network(graph, step.update, detail))
    detail = _shrunk(graph, scale.shrinkage, detail)
    if inner:
        coarse = _within(graph, scale, inner, coarse)
    for step in reversed(scale.steps):
        coarse = graph.op("Sub", coarse, _network(graph, step.update, detail))
        detail = graph.op("Add", detail, _network(graph, step.predict, coarse))
    both = graph.op("Concat", coarse, detail, axis=1)
    merged = graph.op("ConvTranspose", both, bank, strides=[scale.phases] * 2, pads=[d] * 4)
    return graph.op("Div", merged, graph.floats(_REDUNDANCY))


def _within(graph: _Graph, scale: FoldedScale, inner: Sequence[FoldedScale], coarse: str) -> str:
    """The inner scales over the coarse channels, as pixels."""
    p = scale.phases
    if p == 1:
        return _scale(graph, inner, coarse)
    pixels = graph.op("DepthToSpace", coarse, blocksize=p, mode="CRD")
    clean = _scale(graph, inner, pixels)
    apart = torch.eye(scale.planes * p * p).reshape(-1, scale.planes, p, p)
    return graph.op("Conv", clean, graph.filters(apart), strides=[p, p])


def _split_bank(scale: FoldedScale) -> Tensor:
    """The filters of split and polyphase components in one: (4 P p^2, P, p + d, p + d), to be used with stride p."""
    side, d, count = scale.phases, scale.dilation, scale.planes
    bank = torch.zeros(len(_HAAR), count, side, side, count, side + d, side + d)
    for plane in range(count):
        for row in range(side):
            for column in range(side):
                where = bank[:, plane, row, column, plane]
                where[:, row::d, column::d][:, :2, :2] += _HAAR / 2
    return bank.reshape(-1, count, side + d, side + d)


def _network(graph: _Graph, network: FoldedNetwork, value: str) -> str:
    """The convolutions of a predict or update network, and what stands between them."""
    *banks, last = network.filters
    for bank, bias in zip(banks, network.biases, strict=True):
        value = _convolved(graph, value, bank, network.dilation, bias)
        if network.activation == "soft":
            clipped = graph.op("Clip", value, graph.floats(-1), graph.floats(1))
            value = graph.op("Sub", value, clipped)
        else:
            value = graph.op("Relu", value)
    return _convolved(graph, value, last, network.dilation)


def _convolved(
    graph: _Graph, value: str, bank: Tensor, dilation: int, bias: Tensor | None = None
) -> str:
    return graph.op(
        "Conv",
        value,
        graph.filters(bank),
        *([] if bias is None else [graph.filters(bias)]),
        pads=[dilation] * 4,
        dilations=[dilation] * 2,
    )


def _shrunk(graph: _Graph, shrinkage: SoftThreshold | Lista, detail: str) -> str:
    if isinstance(shrinkage, SoftThreshold):
        return _soft(graph, detail, shrinkage.threshold)
    analysis, synthesis = shrinkage.analysis.weight, shrinkage.synthesis.weight
    first, *others = shrinkage.thresholds
    code = _soft(graph, _convolved(graph, detail, analysis, shrinkage.dilation), first)
    for threshold in others:
        known = _convolved(graph, code, synthesis, shrinkage.dilation)
        residual = graph.op("Sub", detail, known)
        found = _convolved(graph, residual, analysis, shrinkage.dilation)
        code = _soft(graph, graph.op("Add", code, found), threshold)
    return _convolved(graph, code, synthesis, shrinkage.dilation)


def _soft(graph: _Graph, value: str, threshold: Tensor) -> str:
    bound = threshold[:, None, None]
    above = graph.op("Max", value, graph.filters(-bound))
    return graph.op("Sub", value, graph.op("Min", above, graph.filters(bound)))
