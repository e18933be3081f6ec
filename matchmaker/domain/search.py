"""Many lots through the compiled search: the columns it is given, and the work shared among threads."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from matchmaker.domain import counting, kernel
from matchmaker.domain.answers import NOT_COUNTED, Answers, Array
from matchmaker.domain.batch import Lots, Rules, lots_by_trade
from matchmaker.domain.hilbert import hilbert
from matchmaker.domain.score import PARTS
from matchmaker.domain.segment import Segment, Shard


def search(
    segments: Mapping[int, Segment], lots: Lots, rules: Rules, asked: Array, k: int, shard: Shard | None, *,
    counts: bool, threads: int,
) -> Answers:  # fmt: skip
    """Exact best ``k`` firms of the lots ``asked``, among segments by number of trade.

    Lots go trade by trade, neighbours together: what one reads is still at hand for the next. Each thread has lots of
    its own, so that nothing depends on their pace.
    """
    found = _Found(segments, lots, rules, asked, k, shard, counts)
    order = np.arange(len(asked))
    if len(asked) > 1:
        order = np.argsort(hilbert(lots.x[asked], lots.y[asked], lots.z[asked]), kind="stable")
    if threads == 1 or len(order) < threads:
        found.fill(order)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(found.fill, np.array_split(order, threads)))
    return found.answers()


class _Found:
    """What is found, one line a lot asked."""

    def __init__(
        self, segments: Mapping[int, Segment], lots: Lots, rules: Rules, asked: Array, k: int, shard: Shard | None,
        counts: bool,
    ) -> None:  # fmt: skip
        self.segments, self.lots, self.rules, self.asked = segments, lots, rules, asked
        self.k, self.shard, self.counts = k, shard, counts
        shape = (len(asked), k)
        ids, ways, rows, served = (np.zeros(shape, np.int64) for _ in range(4))
        self.top = kernel.Top(np.zeros(len(asked), np.int64), np.zeros(shape), ids, ways, rows)
        self.details = kernel.Details(
            np.zeros((*shape, len(PARTS))),
            np.zeros(shape),
            np.zeros(shape),
            served.view(np.uint64),
            np.zeros(shape, bool),
        )
        self.supply, self.solo = (np.full(len(asked), 0 if counts else NOT_COUNTED) for _ in range(2))

    def fill(self, places: Array) -> None:
        """Search for some of the lots, given by their places among those asked."""
        lots, rules, asked, top = self.lots, self.rules, self.asked, self.top
        asking = [
            (trade, self.segments[trade], places[some])
            for trade, some in sorted(lots_by_trade(lots, asked[places]).items())
            if trade in self.segments
        ]
        for trade, segment, some in asking:
            rows, bounds, (low, high) = segment.rows, segment.bounds, segment.span(self.shard)
            if self.k:
                kernel.improve(trade, rows, bounds, segment.words, lots, rules, asked, some, low, high, top)
            if self.counts:
                counting.count(trade, rows, bounds, lots, rules, asked, some, low, high, self.supply, self.solo)
        kernel.order(top, places)
        for trade, segment, some in asking:
            kernel.tell(trade, segment.rows, segment.words, lots, rules, asked, some, top, self.details)

    def answers(self) -> Answers:
        top, details = self.top, self.details
        kept = np.arange(self.k) < top.held[:, None]
        way = top.way[kept]
        return Answers(
            ptr=np.concatenate([[0], np.cumsum(top.held)]),
            id=top.id[kept],
            score=top.score[kept],
            parts=details.parts[kept],
            distance_km=details.distance_km[kept],
            radius_km=details.radius_km[kept],
            trade=self.lots.way_trade[way],
            served=details.served[kept],
            solo=details.solo[kept],
            supply=self.supply,
            solo_supply=self.solo,
        )
