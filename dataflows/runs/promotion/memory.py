"""How a worker takes memory: few large pieces again and again, which the usual settings give back after each use.

Giving back is dear: every page that is taken anew faults, and that cost a fifth of the time of a promotion. What is
kept instead is bounded by what a promotion holds at once.
"""

from __future__ import annotations

import ctypes
import gc

import pyarrow as pa

# From malloc.h of the GNU C library; other libraries lack ``mallopt`` and ``malloc_trim``, or ignore them.
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
KEPT_BYTES, LARGE_BYTES = 64 << 20, 32 << 20


def give_back() -> None:
    """Between two phases, what the first one leaves behind in pieces that the second cannot use."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)


def settle() -> None:
    """One heap for all threads and for Arrow, of which up to 64 MB stay ours while unused.

    What is imported by now stays for ever, so the collector of cycles need not look at it again and again.
    """
    gc.freeze()
    pa.set_memory_pool(pa.system_memory_pool())
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(ARENA_MAX, 1)
        mallopt(MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(TRIM_THRESHOLD, KEPT_BYTES)
