"""Bands of rows: which is the last, how high they are, and streams of them that wait for each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from linn_cli.network import polyphase
from linn_cli.network.haar import ROWS

Rows = tuple[Tensor, bool]  # rows of an image (1, P, n, W), and whether they are the last
Pair = tuple[Tensor, Tensor, bool]  # coarse (1, C, n, W), detail (1, 3C, n, W), and the same


def marked(bands: Iterable[Tensor]) -> Iterator[Rows]:
    """The bands, each with whether it is the last."""
    coming = iter(bands)
    band = next(coming, None)
    while band is not None:
        following = next(coming, None)
        yield band, following is None
        band = following


def cut(bands: Iterable[Pair], height: int) -> Iterator[Pair]:
    """The same rows in bands of at most `height`: the last one has grown by what each part held."""
    for coarse, detail, last in bands:
        *pieces, end = zip(
            coarse.split(height, dim=ROWS), detail.split(height, dim=ROWS), strict=True
        )
        for piece in pieces:
            yield *piece, False
        yield *end, last


class Meeting:
    """Where streams that lag differently wait for each other."""

    def __init__(self) -> None:
        self.waiting: tuple[Tensor, ...] = ()

    def wait(self, *streams: Tensor) -> tuple[Tensor, ...]:
        """New rows of each stream in; as many rows as all of them have by now out."""
        streams = _behind(self.waiting, streams)
        ready = min(stream.shape[ROWS] for stream in streams)
        self.waiting = tuple(stream[:, :, ready:] for stream in streams)
        return tuple(stream[:, :, :ready] for stream in streams)


class Blocks:
    """Rows gathered into whole blocks of `phases` rows, whose pixels become channels."""

    def __init__(self, phases: int) -> None:
        self.phases = phases
        self.waiting: tuple[Tensor, ...] = ()

    def gather(self, *streams: Tensor) -> tuple[Tensor, ...]:
        """New rows (1, C, n, W) of each stream in; the components of all whole blocks so far out."""
        if self.phases == 1:
            return streams
        streams = _behind(self.waiting, streams)
        whole = streams[0].shape[ROWS] // self.phases * self.phases
        self.waiting = tuple(stream[:, :, whole:] for stream in streams)
        return tuple(polyphase.split(stream[:, :, :whole], self.phases) for stream in streams)


def _behind(waiting: tuple[Tensor, ...], streams: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """New rows of each stream behind those that wait, if any do."""
    if not waiting:
        return streams
    return tuple(torch.cat(parts, dim=ROWS) for parts in zip(waiting, streams, strict=True))


class Filling:
    """`polyphase.fill` over bands, and its undoing."""

    def __init__(self, alignment: int) -> None:
        self.alignment = alignment
        self.height = 0

    def fill(self, bands: Iterable[Tensor]) -> Iterator[Tensor]:
        """Bands with the columns and, at the end, the rows that they lack."""
        kept: Tensor | None = None
        for band in bands:
            self.height += band.shape[ROWS]
            columns = polyphase.missing(band.shape[-1], self.alignment)
            rows = polyphase.fill_columns(band, columns)
            mirrored = rows if kept is None else torch.cat((kept, rows), dim=ROWS)
            kept = mirrored[:, :, -self.alignment :]
            yield rows
        count = polyphase.missing(self.height, self.alignment)
        if kept is not None and count:
            yield polyphase.fill_rows(kept, count)[:, :, -count:]

    def crop(self, bands: Iterable[Tensor], width: int) -> Iterator[Tensor]:
        """Bands that lag behind those that `fill` took, without what it added."""
        finished = 0
        for band in bands:
            rows = band[:, :, : self.height - finished, :width]
            finished += rows.shape[ROWS]
            if rows.shape[ROWS]:
                yield rows


def in_step(*streams: Iterable[Tensor]) -> Iterator[tuple[Tensor, ...]]:
    """Bands (1, C, n, W) of several streams, cut so that they have the same rows; the shortest ends it.

    Always the stream that is furthest behind is asked, so what waits is no more than what they lag apart.
    """
    sources = [iter(stream) for stream in streams]
    waiting: list[Tensor | None] = [None] * len(sources)

    def count(index: int) -> int:
        rows = waiting[index]
        return 0 if rows is None else rows.shape[ROWS]

    while True:
        behind = min(range(len(sources)), key=count)
        band = next(sources[behind], None)
        if band is None:
            return
        rows = waiting[behind]
        waiting[behind] = band if rows is None else torch.cat((rows, band), dim=ROWS)
        ready = min(map(count, range(len(sources))))
        if ready:
            full = [rows for rows in waiting if rows is not None]
            yield tuple(rows[:, :, :ready] for rows in full)
            waiting = [rows[:, :, ready:] for rows in full]
