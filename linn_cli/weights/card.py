"""The model card and the table of weights. Both are written from the manifest, never by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linn_cli.network.architecture import Architecture

_SIGMAS = ("15", "25", "50")
# Where figures were measured: the manifest's key, the Hub's identifier, and a name for people.
_TESTED_ON = (("bsd68", "bsd68", "BSD68"), ("cbsd68", "cbsd68", "CBSD68"))
_MEASURED_ON = (*_TESTED_ON, ("held_out_psnr", "held-out", "held-out pictures"))

_METADATA = """\
library_name: linn
pipeline_tag: image-to-image
tags:
- image-denoising
- dninn
- invertible-neural-network
- wavelet
metrics:
- psnr
"""

_HEAD = """
# DnINN weights for linn

These weights remove noise from pictures, with the command line tool linn. The network is DnINN (J. Huang and
P. L. Dragotti, "LINN: Lifting Inspired Invertible Neural Network for Image Denoising", EUSIPCO 2021). The paper
prints no table of layers, so linn is a reconstruction. Its parameter counts match the published ones, and its
weights were trained anew. The polyphase networks are linn's own form of it, which works at half the resolution.

The table gives the PSNR in dB with white Gaussian noise that is neither clipped nor rounded, on BSD68 in grey or
on CBSD68 in colour. `linn benchmark BSD68 --weights FILE`, or with `CBSD68` for a colour set, measures it:

"""

_FROM = "started from "  # what training.py writes before the weights that a training began with

_USE = """
## Use

`linn denoise noisy.png -o clean.png --sigma 25` chooses one of these files. To choose yourself, add
`--weights FILE`. Sigma is in 8-bit grey levels.

The files are float32 safetensors, and each header describes its file. linn checks the sha256 of a file against
`manifest.json` before parsing it.

## Limits

All files but those for photographs learned white Gaussian noise. They did not learn noise that is correlated
between pixels (JPEG, demosaicing) or that depends on the brightness.

## Training

"""


@dataclass(frozen=True)
class Terms:
    """The publisher's terms: the licence and the datasets by the Hub's identifiers, and a remark."""

    licence: str | None = None
    datasets: tuple[str, ...] = ()
    remark: str = ""


BUNDLED_TERMS = Terms(
    licence="mit",
    datasets=("bsds500",),
    remark="linn trained them on photographs of BSDS500 without the 68 test images, the polyphase networks on 68 more "
    "under open licences: see LICENSE.md.",
)


def weights_table(entries: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table with a row for each file of the manifest."""
    lines = [
        "| file | network | trained for sigma | measured on | "
        + " | ".join(f"PSNR at {s}" for s in _SIGMAS)
        + " |",
        "|---|---|---|---|" + "---|" * len(_SIGMAS),
    ]
    for entry in entries:
        sigma = _range(*entry["sigma"])
        if "suits" in entry:
            sigma += f" (chosen for {_range(*entry['suits'])})"
        if entry.get("noise") == "photo":
            sigma += ", as in photographs"
        network = str(Architecture.of(entry))
        tested = [(name, entry[key]) for key, _, name in _TESTED_ON if key in entry]
        pictures, measured = tested[0] if tested else ("-", {})
        figures = " | ".join(f"{measured[s]:.2f}" if s in measured else "-" for s in _SIGMAS)
        lines.append(f"| `{entry['file']}` | {network} | {sigma} | {pictures} | {figures} |")
    return "\n".join(lines) + "\n"


def _range(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def model_card(entries: Sequence[Mapping[str, Any]], terms: Terms = BUNDLED_TERMS) -> str:
    """The whole card, in the Hub's form: metadata, figures, use, limits and how each was trained."""
    training = "".join(
        f"- `{entry['file']}`: {lineage(entry['provenance'])}\n" for entry in entries
    )
    remark = f"\n{terms.remark}\n" if terms.remark else ""
    metadata = "".join(_metadata(entries, terms))
    return f"---\n{metadata}---\n" + _HEAD + weights_table(entries) + _USE + training + remark


def lineage(provenance: str) -> str:
    """The chain of trainings behind a weight file, as one list.

    A training writes the provenance of its start in brackets, so that they nest. "made from B (made from A
    (made from C))" becomes "made from B, that from A, that from C". "made from " may be any words that all
    of them share.
    """
    made, said, _ = provenance.partition(_FROM)
    first, *others = provenance.split(f" ({made}{said}")
    if not others:
        return provenance
    last = others[-1].removesuffix(")" * len(others))
    return ", that from ".join((first, *others[:-1], last))


def _metadata(entries: Sequence[Mapping[str, Any]], terms: Terms) -> Iterator[str]:
    """The card's YAML block, line by line. Texts are quoted as JSON, which YAML includes."""
    if terms.licence:
        yield f"license: {terms.licence}\n"
    yield _METADATA
    if terms.datasets:
        yield "datasets:\n"
        yield from (f"- {json.dumps(name)}\n" for name in terms.datasets)
    measured = [(entry["file"], results) for entry in entries if (results := _results(entry))]
    if measured:
        yield "model-index:\n"
    for file, results in measured:
        yield f"- name: {json.dumps(file.removesuffix('.safetensors'))}\n  results:\n"
        yield from results


def _results(entry: Mapping[str, Any]) -> list[str]:
    """An entry's figures as the Hub's evaluation results, one for each set of pictures and sigma."""
    return [
        "  - task:\n      type: image-to-image\n      name: Image denoising\n"
        f"    dataset:\n      type: {kind}\n      name: {name}, noise of sigma {sigma}\n"
        f"      config: sigma-{sigma}\n"
        f"    metrics:\n    - type: psnr\n      name: PSNR in dB\n      value: {float(value):.3f}\n"
        for key, kind, name in _MEASURED_ON
        for sigma, value in entry.get(key, {}).items()
    ]
