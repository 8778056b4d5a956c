"""Variates that belong to messages, not to turns: common random numbers that survive a reordering.

Message n of a producer always gets the same service time at a given consumer, whichever broker it came
through, whichever server is free and whatever was redelivered before. Two alternatives under the same load
then differ by what they do and not by luck (Law, *Simulation Modeling and Analysis*, 5th ed., 11.2: one
variate per entity and purpose).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.design.distributions import Constant, sampler
from simulator.design.variate import Variate
from simulator.engine.message import Message
from simulator.engine.random_streams import RandomStreams

MessageDraw = Callable[[Message], float]
#: Producers and sequence numbers in, draws out.
ManyDraws = Callable[["NDArray[np.int64]", "NDArray[np.int64]"], "NDArray[np.float64]"]

#: Draws in a block; message n takes draw n % BLOCK of block n // BLOCK.
BLOCK = 512
#: Blocks kept per element and producer. An older one is drawn again when it is asked for: it is a pure
#: function of its number.
KEPT = 4
#: Most blocks kept per element and producer: as many where older messages come late, again and again
#: (those of groups of a FIFO queue that are held up).
MOST_KEPT = 32
#: Positions of the bit stream between two blocks: the golden section of its period, as NumPy's `jumped`
#: takes it, so that blocks neither meet nor share low bits as they would at powers of two.
STRIDE = 0x9E3779B97F4A7C15F39CC0605CEDC835
PERIOD = 1 << 128


def in_turn(draw: Callable[[], float]) -> MessageDraw:
    """Draws in the order in which they are asked for."""
    return lambda _message: draw()


class Blocks:
    """Blocks of draws by number, each a pure function of its number and the producer.

    Args:
        producers: ids of the producers; `Message.source` is the position.
    """

    def __init__(
        self,
        distribution: Variate,
        streams: RandomStreams,
        element: str,
        purpose: str,
        producers: Sequence[str],
    ) -> None:
        self._distribution = distribution
        self._streams = streams
        self._names = [(element, f"{purpose} of {producer}") for producer in producers]
        self._starts: dict[int, tuple[np.random.Generator, Any]] = {}

    def make(self, number: int, source: int) -> NDArray[np.float64]:
        """The draws of messages `number` * BLOCK to the next multiple of the producer `source`."""
        if source not in self._starts:
            generator = self._streams.generator(*self._names[source])
            self._starts[source] = (generator, generator.bit_generator.state)
        generator, start = self._starts[source]
        bits = generator.bit_generator
        bits.state = start
        bits.advance(number * STRIDE % PERIOD)  # type: ignore[attr-defined]
        return self._distribution.block(generator, BLOCK)


class ManyByMessage:
    """The draws of `by_message` for many first deliveries at once."""

    def __init__(self, blocks: Blocks, producers: int) -> None:
        self._blocks = blocks
        self._count = producers
        self._kept: dict[tuple[int, int], NDArray[np.float64]] = {}

    def __call__(self, sources: NDArray[np.int64], sequences: NDArray[np.int64]) -> NDArray[np.float64]:
        """The draws of messages `sequences` of the producers at the positions `sources`."""
        count = len(sequences)
        if count and (sources == sources[0]).all():
            first, last = int(sequences.min()) >> 9, int(sequences.max()) >> 9
            if (last - first) * BLOCK < 2 * count:  # as messages mostly come, in order or nearly so
                source = int(sources[0])
                table = np.concatenate([self._block(number, source) for number in range(first, last + 1)])
                return table.take(sequences - (first << 9))
        places = sequences & (BLOCK - 1)
        numbers = (sequences >> 9) * self._count + sources
        draws = np.empty(count)
        starts = [0, *(np.flatnonzero(numbers[1:] != numbers[:-1]) + 1).tolist()]
        if len(starts) * 8 < count:
            for start, stop in zip(starts, [*starts[1:], count], strict=True):
                block = self._block(*divmod(int(numbers[start]), self._count))
                draws[start:stop] = block[places[start:stop]]
            return draws
        for key in sorted(set(numbers.tolist())):
            rows = numbers == key
            draws[rows] = self._block(*divmod(key, self._count))[places[rows]]
        return draws

    def _block(self, number: int, source: int) -> NDArray[np.float64]:
        block = self._kept.get((number, source))
        if block is None:
            if len(self._kept) >= KEPT * self._count:
                del self._kept[next(iter(self._kept))]
            block = self._kept[number, source] = self._blocks.make(number, source)
        return block


def by_message(
    distribution: Variate,
    streams: RandomStreams,
    element: str,
    purpose: str,
    producers: Sequence[str],
) -> MessageDraw:
    """Draws of `distribution` for `purpose` at `element`, one for each message of each producer.

    The first delivery of message n gets draw n of its producer; further deliveries (`receive_count` above
    1) draw in turn from a stream of their own. Only for elements that a message reaches once.

    Args:
        producers: ids of the producers; `Message.source` is the position.
    """
    if isinstance(distribution, Constant):
        value = distribution.value
        return lambda _message: value
    again: Callable[[], float] | None = None
    sources = len(producers)
    kept = KEPT * sources
    blocks: dict[int, list[float]] = {}
    made = Blocks(distribution, streams, element, purpose, producers)

    newest = [-1] * sources

    def make(key: int) -> list[float]:
        nonlocal kept
        number, source = divmod(key, sources)
        if number > newest[source]:
            newest[source] = number
        else:  # it was here before, mostly
            kept = min(2 * kept, MOST_KEPT * sources)
        if len(blocks) >= kept:
            del blocks[next(iter(blocks))]
        block: list[float] = made.make(number, source).tolist()
        blocks[key] = block
        return block

    look_up = blocks.get

    def draw_again() -> float:
        nonlocal again
        if again is None:
            again = sampler(distribution, streams.generator(element, f"{purpose}, redelivery"))
        return again()

    def draw(message: Message) -> float:
        if message.receive_count > 1:
            return draw_again()
        sequence = message.sequence
        key = (sequence >> 9) * sources + message.source
        block = look_up(key)
        if block is None:
            block = make(key)
        return block[sequence & 511]

    return draw
