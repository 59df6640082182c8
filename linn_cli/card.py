"""The model card and the table of weights: written from the manifest, never by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SIGMAS = ("15", "25", "50")

_HEAD = """\
---
license: mit
library_name: linn
pipeline_tag: image-to-image
tags:
- image-denoising
- dninn
- invertible-neural-network
- wavelet
datasets:
- bsds500
metrics:
- psnr
---

# DnINN weights for linn

Image denoising by DnINN (J. Huang and P. L. Dragotti, "LINN: Lifting Inspired Invertible Neural Network
for Image Denoising", EUSIPCO 2021), as the command line tool linn implements it. The paper prints no
table of layers: this is a reconstruction with the published parameter counts, trained anew.

PSNR in dB on BSD68, grey, white Gaussian noise neither clipped nor rounded, by
`linn benchmark BSD68 --weights FILE`:

"""

_USE = """
## Use

`linn denoise noisy.png -o clean.png --sigma 25` chooses among these files by itself;
`--weights FILE` takes a given one. Sigma is in 8-bit grey levels. The files are float32 safetensors whose
header says what they are; linn checks their sha256 against `manifest.json` before it parses them.

## Limits

The weights are made for white Gaussian noise on grey pictures. Noise that is correlated between pixels
(JPEG, demosaicing) or depends on the brightness is not what they were trained on.

## Training

"""


def weights_table(entries: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table with a row for each file of the manifest."""
    lines = [
        "| file | network | trained for sigma | "
        + " | ".join(f"BSD68 at {s}" for s in _SIGMAS)
        + " |",
        "|---|---|---|" + "---|" * len(_SIGMAS),
    ]
    for entry in entries:
        low, high = entry["sigma"]
        sigma = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        network = f"DnINN-{entry['variant'].upper()} {entry['scales']}-scale"
        measured = entry.get("bsd68", {})
        figures = " | ".join(f"{measured[s]:.2f}" if s in measured else "-" for s in _SIGMAS)
        lines.append(f"| `{entry['file']}` | {network} | {sigma} | {figures} |")
    return "\n".join(lines) + "\n"


def model_card(entries: Sequence[Mapping[str, Any]]) -> str:
    """The whole card, in the Hub's form: metadata, figures, use, limits and how each was trained."""
    training = "".join(f"- `{entry['file']}`: {entry['provenance']}\n" for entry in entries)
    licence = "\nTrained on photographs of BSDS500 less the 68 test images; see LICENSE.md.\n"
    return _HEAD + weights_table(entries) + _USE + training + licence
