"""Where training starts: a fresh network, or a trained one grown without changing its answer."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Generator, Tensor, nn

from linn_cli.errors import UsageError
from linn_cli.network.architecture import Architecture
from linn_cli.network.lifting import LiftingNetwork, OneSidedConv, RectifiedConv, ThresholdedConv
from linn_cli.network.model import DnINN, Scale
from linn_cli.network.shrinkage import Lista, SoftThreshold

# Near the identity signals and gradients pass eight layers unattenuated.
_IDENTITY, _KAIMING = 0.95, 0.2
_LAYER_THRESHOLD = 0.1
_MOST_ONE_SIDED = 2.0
_DETAIL_THRESHOLD = 1.5


@torch.no_grad()
def initialise(model: DnINN, generator: Generator) -> DnINN:
    """Set all parameters in place: plain undecimated Haar shrinkage, ready to learn.

    The output filters are zero, so the lifting steps change nothing yet; the details are shrunk by a
    threshold of 1.5 noise standard deviations.
    """
    for module in model.modules():
        match module:
            case LiftingNetwork():
                _initialise_network(module, generator)
            case SoftThreshold():
                module.threshold.fill_(_DETAIL_THRESHOLD)
            case Lista():
                _embed(
                    module, torch.full((module.analysis.in_channels,), _DETAIL_THRESHOLD), generator
                )
    return model


@torch.no_grad()
def grow(
    source: DnINN, architecture: Architecture, generator: Generator, residual: float = 0.0
) -> DnINN:
    """A network of another architecture that gives the answer of `source`.

    ReLU becomes one-sided thresholds of 0. ST becomes LISTA with A = [I; small random], S = [I, 0] and the
    thresholds of ST. A second scale shrinks nothing: it is the identity, and its lifting steps, which undo each
    other, learn only once its thresholds have left zero. With a `residual` it is instead a copy of the first, its
    thresholds times this, which makes it take out noise of this share of sigma; the answer is then near that of
    `source`.

    Raises:
        UsageError: `architecture` has fewer scales, is ST where `source` is LISTA, has ReLU where `source` has
            thresholds, or differs in more than these; or there is a residual and no new scale.
    """
    alike = replace(source.architecture, variant=architecture.variant, scales=architecture.scales)
    if architecture.activation == "one-sided" and alike.activation == "relu":
        alike = replace(alike, activation="one-sided")
    if alike != architecture:
        raise UsageError(f"{source.architecture} cannot become {architecture}")
    if architecture.scales < source.architecture.scales:
        raise UsageError(f"{source.architecture} cannot shrink to {architecture}")
    if (source.architecture.variant, architecture.variant) == ("lista", "st"):
        raise UsageError(f"{source.architecture} cannot become {architecture}")
    if residual and architecture.scales == source.architecture.scales:
        raise UsageError(f"{source.architecture} has no new scale to take out residual noise")
    grown = initialise(DnINN(architecture), generator)
    trained = len(source.scales)
    for scale, origin in zip(grown.scales, source.scales, strict=False):
        _copy(origin, scale, generator)
    for scale in grown.scales[trained:]:
        if residual:
            _copy(source.scales[-1], scale, generator)
            _scale_thresholds(scale, residual)
        else:
            _scale_thresholds(scale.shrinkage, 0.0)
    return grown


def _copy(origin: Scale, scale: Scale, generator: Generator) -> None:
    for step, trained in zip(scale.steps, origin.steps, strict=True):
        if step.predict.activation != trained.predict.activation:
            _scale_thresholds(step, 0.0)
        # Not strict: ReLU has no thresholds to give.
        step.load_state_dict(trained.state_dict(), strict=False)
    if isinstance(scale.shrinkage, Lista) and isinstance(origin.shrinkage, SoftThreshold):
        _embed(scale.shrinkage, origin.shrinkage.threshold, generator)
    else:
        scale.shrinkage.load_state_dict(origin.shrinkage.state_dict())


def _scale_thresholds(module: nn.Module, share: float) -> None:
    for parameter in module.parameters():
        if parameter.dim() < 4:
            parameter.mul_(share)


def _initialise_network(network: LiftingNetwork, generator: Generator) -> None:
    for number, layer in enumerate(network.layers):
        match layer:
            case ThresholdedConv():
                _kaiming(layer.weight, generator)
                if number == 0:
                    layer.weight.sub_(layer.weight.mean(dim=(2, 3), keepdim=True))
                else:
                    identity = nn.init.dirac_(torch.empty(layer.weight.shape))
                    layer.weight.mul_(_KAIMING).add_(identity.to(layer.weight), alpha=_IDENTITY)
                layer.threshold.fill_(_LAYER_THRESHOLD)
            case RectifiedConv():
                _kaiming(layer.weight, generator)
            case OneSidedConv():
                _kaiming(layer.weight, generator)
                layer.threshold.uniform_(0, _MOST_ONE_SIDED, generator=generator)
    network.output.weight.zero_()


def _kaiming(weight: Tensor, generator: Generator) -> None:
    fresh = torch.empty(weight.shape)
    nn.init.kaiming_normal_(fresh, generator=generator)
    weight.copy_(fresh)


def _embed(lista: Lista, threshold: Tensor, generator: Generator) -> None:
    """Make LISTA act as a soft threshold: its first atoms are the channels, the others go unused."""
    _kaiming(lista.analysis.weight, generator)
    lista.analysis.weight.mul_(_KAIMING)
    nn.init.dirac_(lista.analysis.weight[: len(threshold)])
    nn.init.dirac_(lista.synthesis.weight)
    lista.thresholds.copy_(threshold.repeat(1, 3))
