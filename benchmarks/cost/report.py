"""How large a report is, and what it costs past the denoising and the measuring.

python -m benchmarks.cost.report BSD68/ --sigma 25
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.common import script_parser
from linn_cli.denoising import networks
from linn_cli.evaluation import benchmark
from linn_cli.evaluation.benchmark import Score, Trial
from linn_cli.evaluation.clean_pictures import CleanPictures
from linn_cli.pages.report import Gallery, render
from linn_cli.pictures import folders


def main() -> None:
    """Print the bytes of the page and the seconds that it takes, all methods' pictures included."""
    parser = script_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sigma", type=float, default=25)
    arguments = parser.parse_args()
    pictures = CleanPictures.read(folders.list_pictures(arguments.folder))
    gallery = Gallery(len(pictures.paths), 1, 1)
    spent, used = 0.0, 0.0

    def add(score: Score, trial: Trial) -> None:
        nonlocal spent, used
        began, before = time.perf_counter(), time.process_time()
        gallery.add(score, trial)
        spent += time.perf_counter() - began
        used += time.process_time() - before

    denoiser = networks.load(arguments.sigma)
    scores = list(benchmark.measure(denoiser, pictures, arguments.sigma, add))
    began, before = time.perf_counter(), time.process_time()
    page = render(arguments.folder, [benchmark.summarise(denoiser, scores)], gallery)
    spent += time.perf_counter() - began
    used += time.process_time() - before
    print(
        f"{len(scores)} pictures at sigma {arguments.sigma:g}: {len(page) / 1e6:.1f} MB, "
        f"{spent:.1f} s, {used:.1f} s of processor time"
    )


if __name__ == "__main__":
    main()
