"""`linn export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linn_cli.commands import console
from linn_cli.commands.options import (
    OUTPUT,
    DebugOption,
    HubRepoOption,
    JsonOption,
    QuietOption,
    WeightsOption,
    check_scalable,
)
from linn_cli.errors import InputError, UsageError

EXAMPLES = """
linn export linn.onnx                     # the network for colour, every sigma
linn export grey.onnx --weights polyphase-grey
linn export linn.dtmodel --sigma 10       # for darktable
"""


def export(
    output: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="What to write: an ONNX file (.onnx), or a package for darktable (.dtmodel).",
        ),
    ],
    sigma: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            help="Fix this noise level in the file. By default it is an input; darktable then gives 25.",
        ),
    ] = None,
    opset: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            rich_help_panel=OUTPUT,
            help="The version of ONNX's operations. By default 18, the least.",
        ),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            rich_help_panel=OUTPUT,
            help="The licence of the weights, for the metadata. linn knows that of its own.",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", rich_help_panel=OUTPUT, help="Replace a file that exists."),
    ] = False,
    weight_file: WeightsOption = None,
    hub_repo: HubRepoOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a network for other programs, as ONNX or as a package for darktable."""
    with console.reported(debug=debug, quiet=quiet):
        from linn_cli.export import darktable, onnx_file
        from linn_cli.progress import keep_quiet
        from linn_cli.weights import sets, sources
        from linn_cli.weights.card import BUNDLED_TERMS

        say = keep_quiet if quiet else console.say
        ending = output.suffix.lower()
        if ending not in (".onnx", darktable.ENDING):
            raise UsageError(f"{output}: give a name that ends in .onnx or {darktable.ENDING}")
        if output.exists() and not overwrite:
            raise UsageError(f"{output}: there already; --overwrite replaces it")
        if sigma is not None:
            check_scalable(sigma)
        for_darktable = ending == darktable.ENDING
        with console.progress("weights", quiet=quiet) as advance:
            source = sources.find(weight_file, hub_repo, notify=say, progress=advance)
            chosen = onnx_file.choose(source, sigma)
        if for_darktable and chosen.architecture.planes == 1:
            raise UsageError(
                f"{chosen.name} is for grey pictures, and darktable's have colour: give other --weights"
            )
        own = (BUNDLED_TERMS.licence or "").upper() if sets.is_bundled(chosen) else "unknown"
        terms = licence or own
        content = onnx_file.content(chosen, terms, opset=opset or onnx_file.OPSET, sigma=sigma)
        found = onnx_file.compare(content, chosen) if onnx_file.can_check() else None
        if found and not found.holds:
            raise InputError(
                f"ONNX Runtime differs from torch by {found.apart:.1e}; nothing was written"
            )
        if for_darktable:
            inputs = 2 if sigma is None else 1
            content = darktable.package(chosen, content, terms, inputs=inputs)
        onnx_file.write(output, content)
        if json:
            console.emit_json(
                {
                    "output": str(output),
                    "bytes": len(content),
                    "difference": found.apart if found else None,
                    **onnx_file.facts(chosen, terms, sigma),
                }
            )
            return
        checked = "not checked, since ONNX Runtime is not installed"
        if found:
            checked = f"ONNX Runtime differs from torch by at most {found.apart:.1e} of white"
        kind = "grey" if chosen.architecture.planes == 1 else "colour"
        say(f"{output}: {chosen.name}, for {kind} pictures, licence {terms}; {checked}")
        if terms == "unknown":
            say(f"{output}: --licence says in the file on which terms these weights may be used")
