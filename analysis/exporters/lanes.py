"""Lanes of a track: viewers nest slices and lose those that overlap another one only in part."""


class Lanes:
    """Puts the slices of one track into as few lanes as nest properly.

    `ended` are the slices that end before the one placed last begins, by their end: (end in ns,
    lane), each once. `depth` is how many slices of its lane are open around the one placed last.
    """

    def __init__(self) -> None:
        self._open: list[list[tuple[int, int]]] = []
        self.ended: list[tuple[int, int]] = []
        self.depth = 0

    def place(self, start_ns: int, end_ns: int) -> int:
        """The lane of the next slice: under the open slice that began last, where it fits.

        Slices come by their start, and of one start the longest first.
        """
        ended = self.ended = []
        best, best_start_ns = -1, -2
        for number, stack in enumerate(self._open):
            while stack and stack[-1][1] <= start_ns:
                ended.append((stack.pop()[1], number))
            top_start_ns, top_end_ns = stack[-1] if stack else (-1, end_ns)
            if end_ns <= top_end_ns and top_start_ns > best_start_ns:
                best, best_start_ns = number, top_start_ns
        if best < 0:
            best = len(self._open)
            self._open.append([])
        if len(ended) > 1:
            ended.sort()
        self.depth = len(self._open[best])
        self._open[best].append((start_ns, end_ns))
        return best

    def left(self) -> list[tuple[int, int]]:
        """The ends of the slices that are open after the last one, by their end."""
        return sorted(
            (end_ns, number) for number, stack in enumerate(self._open) for _, end_ns in stack
        )
