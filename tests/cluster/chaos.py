"""What a worker of the tests loads first: pictures that kill it, pictures that take long, and a note of its process."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from linn_cli.cluster import tasks
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.jobs import run
from linn_cli.denoising.outcome import Outcome
from linn_cli.progress import Progress

NOTES = "LINN_TEST_NOTES"
SLOW_SECONDS = 0.1


def _chaotic(job: Job, *arguments: Any, progress: Progress, **options: Any) -> Outcome:
    if job.source.name.startswith("poison"):
        os.kill(os.getpid(), signal.SIGKILL)
    if job.source.name.startswith("endless"):
        while True:  # as long as somebody waits for it
            progress(0)
            time.sleep(SLOW_SECONDS)
    if job.source.name.startswith("slow"):
        time.sleep(SLOW_SECONDS)
    return run(job, *arguments, progress=progress, **options)


def dask_setup(_: object) -> None:
    """What Dask calls in a worker."""
    setattr(tasks, "run", _chaotic)  # noqa: B010
    (Path(os.environ[NOTES]) / str(os.getpid())).touch()
