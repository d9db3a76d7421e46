"""The sums of all groups of events that make one row of a table."""

from dataclasses import dataclass, field

from analysis.sums import Sums, Worked, plus


@dataclass(slots=True)
class Merged:
    """What a row is made of, added up group by group; `categories` are those of its groups."""

    count: int = 0
    total_ns: int = 0
    self_ns: int = 0
    device_ns: int = 0
    flops: int | None = 0
    bytes: int | None = 0
    worked: Worked = field(default_factory=Worked)
    categories: dict[str | None, tuple[int, int]] = field(default_factory=dict)
    """Self time and device time of each."""

    @property
    def category(self) -> str | None:
        """The one with the largest self time, or device time where no op of the host has any."""
        return max(self.categories, key=lambda each: self.categories[each], default=None)

    @property
    def category_ratio(self) -> float | None:
        """The part of that time which is of this category."""
        times = list(self.categories.values())
        which = 0 if any(self_ns for self_ns, _ in times) else 1
        whole_ns = sum(time[which] for time in times)
        return max(times)[which] / whole_ns if whole_ns else None

    def add(self, sums: Sums, category: str | None, outermost: bool) -> None:
        """Take a group of the host, or of work that the row is about.

        With `outermost`, what lies in others of the same phase and layer is in the total once.
        """
        self.count += sums.count
        self.total_ns += sums.outermost_ns if outermost else sums.total_ns
        self.self_ns += sums.self_ns
        self.flops = plus(self.flops, sums.flops, 1)
        self.bytes = plus(self.bytes, sums.bytes, 1)
        self._add_category(category, sums.self_ns, 0)

    def add_device(self, sums: Sums, category: str | None) -> None:
        """Take a group of work that the row's ops launched."""
        self.device_ns += sums.total_ns
        self._add_category(category, 0, sums.total_ns)

    def _add_category(self, category: str | None, self_ns: int, device_ns: int) -> None:
        before = self.categories.get(category, (0, 0))
        self.categories[category] = (before[0] + self_ns, before[1] + device_ns)
