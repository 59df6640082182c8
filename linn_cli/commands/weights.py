"""`linn weights`: list, fetch, verify, push and path."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from linn_cli.commands import console
from linn_cli.commands.helping import Command, application
from linn_cli.commands.options import (
    DebugOption,
    HubRepoOption,
    JsonOption,
    ScalesOption,
    VariantOption,
)
from linn_cli.errors import UsageError, WeightsError
from linn_cli.network.architecture import parse_variant
from linn_cli.units import Sigma

if TYPE_CHECKING:
    from linn_cli.weights.sets import WeightSet
    from linn_cli.weights.sources import Source

WeightsArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="WEIGHTS",
        help="A .safetensors file, a bundled name, or hf://OWNER/REPO[@REVISION][/FILE].",
    ),
]

app = application("List, fetch, check and publish weights.", "linn weights list")


@app.command(name="list", cls=Command, epilog="linn weights list")
def list_(
    hub_repo: HubRepoOption = None, json: JsonOption = False, debug: DebugOption = False
) -> None:
    """List weights: bundled, of repositories used before, of --hub-repo."""
    with console.reported(debug=debug):
        from linn_cli.commands import tables
        from linn_cli.weights import sources

        found = sources.known()
        if hub_repo:
            remote = _remote(hub_repo, None)
            found = [source for source in found if source.name != remote.name] + [remote]
        if json:
            console.emit_json(tables.weight_set_data(found))
        else:
            console.table(*tables.weight_sets(found))


@app.command(cls=Command, epilog="linn weights fetch hf://OWNER/REPO        # all of its weights")
def fetch(
    repository: Annotated[
        str | None,
        typer.Argument(
            metavar="hf://OWNER/REPO", help="By default the repository in LINN_HUB_REPO."
        ),
    ] = None,
    hub_repo: HubRepoOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Fetch every file, which is the default.")
    ] = False,
    sigma: Annotated[
        float | None, typer.Option(help="Fetch only the set that suits this noise level.")
    ] = None,
    variant: VariantOption = None,
    scales: ScalesOption = None,
    update: Annotated[
        bool, typer.Option("--update", help="Take the latest commit, not the recorded one.")
    ] = False,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Download weights ahead of their use; print their paths."""
    with console.reported(debug=debug):
        if everything and (sigma, variant, scales) != (None, None, None):
            raise UsageError("--all means every file: leave --sigma, --variant and --scales out")
        if sigma is not None:
            Sigma.of(sigma)
        kind = parse_variant(variant)
        source = _remote(repository, hub_repo, update=update)
        if sigma is not None or source.named:
            wanted = [source.select(sigma or 0, kind, scales)]
        else:
            wanted = [
                entry for entry in source.sets if entry.architecture.is_asked_for(kind, scales)
            ]
        if not wanted:
            raise WeightsError(f"{source.name}: no such weights in its manifest")
        fetched = [_with_progress(source, entry) for entry in wanted]
        if json:
            console.emit_json([str(entry.path) for entry in fetched])
        else:
            for entry in fetched:
                console.emit(str(entry.path))


@app.command(cls=Command, epilog="linn weights verify                       # the bundled weights")
def verify(
    weights: WeightsArgument = None,
    hub_repo: HubRepoOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check hash, architecture, values and a known denoise; exit 1 if one fails.

    The bundled weights if none are named.
    """
    with console.reported(debug=debug):
        from linn_cli.commands import tables
        from linn_cli.weights import known_answer, sources

        source = sources.find(weights, hub_repo, notify=console.say)
        found = []
        with console.progress("verify", len(source.sets)) as advance:
            for entry in source.sets:
                found.append(known_answer.verify(source, entry))
                advance(1, entry.name)
        if json:
            console.emit_json([asdict(verdict) for verdict in found])
        else:
            console.table(*tables.verdicts(found))
        if failed := [verdict.name for verdict in found if verdict.fault]:
            raise WeightsError(f"{', '.join(failed)}: not sound")


@app.command(
    cls=Command, epilog="linn weights push OWNER/REPO runs/new/weights.safetensors --private"
)
def push(
    repository: Annotated[str, typer.Argument(metavar="OWNER/REPO")],
    weights: Annotated[
        list[str] | None,
        typer.Argument(metavar="WEIGHTS", help="The files to upload. By default the bundled sets."),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(help="The licence for the model card, by the Hub's name for it, such as mit."),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(help="The training data, by the Hub's name for it; you may repeat it."),
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="Create the repository as private.")
    ] = False,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Upload weights with their manifest and model card.

    Needs a token that may write: `hf auth login` or HF_TOKEN.
    """
    with console.reported(debug=debug):
        from linn_cli.weights import hub, publishing, sources

        found = [sources.find(name, notify=console.say) for name in weights or (None,)]
        sets = [entry for source in found for entry in source.obtain_all()]
        with console.progress("upload"):
            commit = publishing.push(repository, sets, licence, dataset or (), private=private)
        if any(reference == hub.parse(repository) for reference, _ in hub.records()):
            console.say(f"the commit recorded here stays: linn weights fetch {repository} --update")
        if json:
            console.emit_json({"repository": repository, "commit": commit})
        else:
            console.emit(f"hf://{repository}@{commit}")


@app.command(cls=Command, epilog="linn weights path --sigma 25")
def path(
    weights: WeightsArgument = None,
    hub_repo: HubRepoOption = None,
    sigma: Annotated[float, typer.Option(help="The noise level to choose for.")] = 25.0,
    variant: VariantOption = None,
    scales: ScalesOption = None,
    debug: DebugOption = False,
) -> None:
    """Print the path of the file that `linn denoise` would use."""
    with console.reported(debug=debug):
        from linn_cli.weights import sources

        Sigma.of(sigma)
        kind = parse_variant(variant)
        with console.progress("weights") as advance:
            source = sources.find(weights, hub_repo, notify=console.say, progress=advance)
            chosen = source.choose(sigma, kind, scales)
        console.emit(str(chosen.path))


def _remote(repository: str | None, hub_repo: str | None, *, update: bool = False) -> Source:
    """The repository that is named, never the bundle in its place."""
    from linn_cli.weights import hub, sources

    name = repository or hub_repo
    if not name:
        raise UsageError("which repository? Give hf://OWNER/REPO, or set LINN_HUB_REPO")
    return sources.find(
        f"{hub.SCHEME}{name.removeprefix(hub.SCHEME)}", update=update, notify=console.say
    )


def _with_progress(source: Source, entry: WeightSet) -> WeightSet:
    with console.progress(entry.name) as advance:
        return replace(source, progress=advance).obtain(entry)
