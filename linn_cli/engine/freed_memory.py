"""Memory that a program frees and soon asks for again: kept, where the C library can be told to."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of glibc's mallopt
_MOST_FREE = 2**31 - 1
_LARGEST_BLOCK = 2**25  # the most that glibc takes here; larger blocks still go back at once


def keep_freed_memory(most: int = _MOST_FREE) -> bool:
    """Let the process keep up to `most` bytes of what it frees, in blocks up to 32 MB; whether that was possible.

    Each band of rows, and each step of training, frees what the next asks for again. If glibc gives it back to the
    system in between, the system maps and clears every page anew.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return mallopt is not None and all(
        mallopt(parameter, value) == 1
        for parameter, value in ((_TRIM_THRESHOLD, most), (_MMAP_THRESHOLD, _LARGEST_BLOCK))
    )
