"""Memory that a program frees and soon asks for again: kept, where the C library can be told to."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of glibc's mallopt
_MOST_FREE = 2**31 - 1
_LARGEST_BLOCK = 2**25  # the most that glibc takes here; larger blocks still go back at once


def keep_freed_memory() -> bool:
    """Let the process keep what it frees, up to 2 GB, in blocks up to 32 MB; whether that was possible.

    A training step frees all its activations and the next asks for them again. By default glibc gives them
    back to the system in between, which then maps and clears every page anew.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return mallopt is not None and all(
        mallopt(parameter, value) == 1
        for parameter, value in ((_TRIM_THRESHOLD, _MOST_FREE), (_MMAP_THRESHOLD, _LARGEST_BLOCK))
    )
