"""What a timeline is drawn from: a run with its profile, or a trace of another tool."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path

from analysis import derived, sides
from analysis.annotate import Folded, annotated
from analysis.blocks import Strings
from analysis.folds.steps import Steps
from analysis.lacks import lacks
from analysis.ops import source
from analysis.readers.ranks import Ranks
from analysis.reading_progress import reading
from analysis.timeline import run_tracks
from analysis.timeline.arrows import Ends
from analysis.timeline.profile_tracks import Names, ProfileTracks
from analysis.timeline.record import Group, Shelf, Slice, Writer, single
from analysis.timeline.run_tracks import RunTimes, step_slice
from analysis.timeline.shared_clock import TRUE_TIME, Clock, Moment
from profilers import rundir
from profilers.rundir import ProfileError

RESOURCES, RESOURCES_RANK = "resources", 400_000


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile that was read to its end; its windows can be gone through once.

    `lacks` says what is missing of it.
    """

    strings: Strings
    names: Names
    ends: Ends
    steps: Steps
    windows: Iterable[Folded]
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One run or trace: what it recorded, and its profile if it has one."""

    times: RunTimes
    profile: Profile | None

    @property
    def first_ns(self) -> int | None:
        """When the first thing to draw begins, None if there is nothing."""
        found = [self.times.first_ns]
        if self.profile is not None:
            found.append(self.profile.ends.first_ns)
        return min((each for each in found if each is not None), default=None)

    @property
    def is_run(self) -> bool:
        """Whether it is a run of ours, which says itself what its phases and steps are."""
        return bool(self.times.phases or self.times.steps)

    @property
    def profiled_ns(self) -> tuple[int, int] | None:
        """From when to when a run of ours was profiled; None if none of its steps was."""
        return self.times.profiled_ns if self.profile is not None else None

    def moments(self, *, of_run: bool) -> list[Moment]:
        """When what it recorded begins, or else when the steps of its profile do, by place."""
        if of_run:
            return self.times.moments()
        return [(key, piece.start_ns) for key, piece in self.steps(of_run=False)]

    def steps(self, *, of_run: bool) -> list[tuple[Hashable, Slice]]:
        """The steps that it recorded, or else those that its profile marks, by what they are."""
        if of_run:
            steps = map(step_slice, self.times.steps)
            return [*zip(self.times.step_keys(), steps, strict=True)]
        return [*enumerate(_marked(self.profile.steps))] if self.profile else []

    def draw(
        self, writer: Writer, group: Group, shelf: Shelf | None = None, clock: Clock = TRUE_TIME
    ) -> int:
        """Draw all of it into a group; how many slices there are.

        Args:
            writer: the file.
            group: of the run; its rank is the run's number in the file.
            shelf: where its counters belong; by default in the group.
            clock: when its times are shown.
        """
        shelf = shelf or Shelf(Group(RESOURCES, RESOURCES_RANK, group))
        count = self.times.draw(writer, group, clock)
        self.times.draw_counters(writer, shelf, clock)
        if self.profile is None:
            return count
        profile = self.profile
        tracks = ProfileTracks(
            *(writer, group, shelf, clock),
            *(profile.strings, profile.names, profile.ends, group.rank),
        )
        return count + sum(map(tracks.take, profile.windows)) + tracks.finish()


def of_run(run: Path, folded: Folded | None) -> Source:
    """A run with its profile, which was folded as a whole; ProfileError if a file is damaged."""
    times = run_tracks.read(run)
    if folded is None:
        return Source(times, None)
    ends = Ends(folded.strings)
    ends.take(folded.block)
    names = Names(folded.thread_names, {}, _host(run))
    return Source(times, Profile(folded.strings, names, ends, folded.steps, [folded]))


def opened(path: Path) -> Source:
    """A run or any trace, read to its end; memory does not follow its size.

    A run without a profile is shown without one.

    Raises:
        ProfileError: it is neither, or can't be read.
    """
    is_run = (path / rundir.RUN).exists()
    times = run_tracks.read(path) if is_run else RunTimes([], [], [])
    try:
        return Source(times, _profile(path))
    except ProfileError:
        if not is_run or derived.has_profile(path):
            raise
        return Source(times, None)


def _profile(path: Path) -> Profile:
    request = source.Request(path=path, host=True, memory=True)
    trace = source.opened(request, source.find(request))
    ends = Ends(trace.strings)
    with reading(trace) as progress:
        recorded = annotated(trace, progress=progress, also=ends.take)
    several = isinstance(trace, Ranks) and len(trace.traces) > 1
    names = Names(trace.thread_names, trace.process_names, _host(path), several)
    windows = recorded.windows()
    return Profile(trace.strings, names, ends, recorded.steps, windows, tuple(lacks(trace)))


def _host(path: Path) -> str:
    """What the host of a run is called; that of a trace says it itself."""
    side = sides.of_run(path)
    return f"{side.framework} host" if side else ""


def _marked(steps: Steps) -> list[Slice]:
    """The steps of a profile; of several ranks' that of the first."""
    found: dict[int, Slice] = {}
    columns = (steps.number.tolist(), steps.start_ns.tolist(), steps.end_ns.tolist())
    for number, start_ns, end_ns in zip(*columns, strict=True):
        args: dict[str, object] = {"step": number}
        piece = single(start_ns, end_ns - start_ns, f"step {number}", args, "step")
        found.setdefault(number, piece)
    return [*found.values()]
