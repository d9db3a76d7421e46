"""Lanes of a track: viewers nest slices and lose those that overlap another one only in part."""

DEEPEST = 500
"""Slices in each other; Perfetto ends none of those below its 512th level."""

MOST_LANES = 100
TOO_MANY = -1
EVER_NS = -(1 << 65)
"""Before any time."""


class Lanes:
    """Puts the slices of one track into as few lanes as nest properly.

    `ended` are the slices that end before the one placed last begins, by their end: (end in ns,
    lane), each once. `depth` is how many slices of its lane are open around the one placed last.

    Args:
        deepest: how many slices of a lane may be in each other; None: DEEPEST.
    """

    def __init__(self, deepest: int | None = None) -> None:
        self._deepest = DEEPEST if deepest is None else deepest
        self._open: list[list[tuple[int, int]]] = [[]]
        self.ended: list[tuple[int, int]] = []
        self.depth = 0
        self._full_until_ns = EVER_NS
        self._room_ns = EVER_NS

    def place(self, start_ns: int, end_ns: int) -> int:
        """The lane of the next slice: under the open slice that began last, where it fits.

        Slices come by their start, and of one start the longest first. TOO_MANY where no lane is
        left: each of them has a slice open that ends before this one does.
        """
        ended = self.ended = []
        if len(self._open) == 1:  # most tracks have one lane, and there are millions of slices
            stack = self._open[0]
            while stack and stack[-1][1] <= start_ns:
                ended.append((stack.pop()[1], 0))
            if not stack or (end_ns <= stack[-1][1] and len(stack) < self._deepest):
                self.depth = len(stack)
                stack.append((start_ns, end_ns))
                return 0
            return self._placed(start_ns, end_ns, self._best(end_ns))
        if start_ns < self._full_until_ns and end_ns > self._room_ns:
            return TOO_MANY
        for number, stack in enumerate(self._open):
            while stack and stack[-1][1] <= start_ns:
                ended.append((stack.pop()[1], number))
        if len(ended) > 1:
            ended.sort()
        return self._placed(start_ns, end_ns, self._best(end_ns))

    def _best(self, end_ns: int) -> int:
        """The lane with the open slice that began last of those that end late enough."""
        best, best_start_ns = TOO_MANY, EVER_NS - 1
        for number, stack in enumerate(self._open):
            top_start_ns, top_end_ns = stack[-1] if stack else (EVER_NS, end_ns)
            if end_ns <= top_end_ns and top_start_ns > best_start_ns and len(stack) < self._deepest:
                best, best_start_ns = number, top_start_ns
        return best

    def _placed(self, start_ns: int, end_ns: int, number: int) -> int:
        """Open a slice in a lane, or else in a new one; its number."""
        if number < 0 and len(self._open) < MOST_LANES:
            number = len(self._open)
            self._open.append([])
        if number >= 0:
            self.depth = len(self._open[number])
            self._open[number].append((start_ns, end_ns))
            self._full_until_ns = EVER_NS
        else:
            self._remember_full()
        return number

    def _remember_full(self) -> None:
        """Until the first open slice ends, only what ends early enough has room in a lane."""
        self._full_until_ns = min(stack[-1][1] for stack in self._open)
        rooms = (stack[-1][1] for stack in self._open if len(stack) < self._deepest)
        self._room_ns = max(rooms, default=EVER_NS)

    def left(self) -> list[tuple[int, int]]:
        """The ends of the slices that are open after the last one, by their end."""
        return sorted(
            (end_ns, number) for number, stack in enumerate(self._open) for _, end_ns in stack
        )
