"""Writes timelines of runs and traces to files."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import sides
from analysis.exporters import chrome, perfetto, trace_file
from analysis.exporters.trace_file import Counts, Form
from analysis.timeline import sources
from analysis.timeline.merged import Merged, Titled
from analysis.timeline.record import Group, Writer, at_first
from analysis.timeline.shared_clock import Align
from analysis.timeline.sources import Profile, Source
from profilers import rundir
from profilers.rundir import ProfileError

if TYPE_CHECKING:
    from analysis.annotate import Folded

FORMS: dict[str, Form] = {"perfetto": perfetto.FORM, "chrome": chrome.FORM}


def finished(run: Path, folded: "Folded | None") -> dict[Path, Counts]:
    """Write a run's timeline in each form into the run.

    Args:
        run: the run.
        folded: its profile as one window, None if it has none.

    Raises:
        ProfileError: a file of the run is damaged, or can't be written.
    """
    source = sources.of_run(run, folded)
    files = {
        run / rundir.PERFETTO_TRACE: perfetto.FORM,
        run / rundir.TRACE: chrome.FORM,
    }
    return trace_file.write(files, source.first_ns or 0, _drawing(source, run))


def alone(path: Path, output: Path, form: Form) -> Counts:
    """Write the timeline of one run or trace; memory does not follow its size.

    Raises:
        ProfileError: it can't be read, or the file can't be written.
    """
    source = sources.opened(path)
    draw = _drawing(source, path)
    counts = trace_file.write({output: form}, source.first_ns or 0, draw)[output]
    return replace(counts, lacks=source.profile.lacks if source.profile else ())


def _drawing(source: Source, path: Path) -> Callable[[Writer], int]:
    """What draws a run or a trace in a group of its own."""
    group = Group(sides.titles([path])[0], 0)

    def draw(writer: Writer) -> int:
        if source.profiled_ns:
            writer.opening(*at_first(source.profiled_ns))
        return source.draw(writer, group)

    return draw


def merge(paths: Sequence[Path], output: Path, align: Align, titles: Sequence[str] = ()) -> Counts:
    """Write runs and traces side by side into one Perfetto trace; memory as for one.

    Args:
        paths: the runs and traces, in their order.
        output: the file.
        align: which moments are shown at the same time.
        titles: what each is called, no two the same; by default what it is, or its file's name.

    Raises:
        ProfileError: one can't be read, the file can't be written, or no step is common.
    """
    titles = titles or sides.titles(paths)
    members = [
        Titled(title, sources.opened(path)) for path, title in zip(paths, titles, strict=True)
    ]
    merged = Merged(members, align)
    counts = trace_file.write({output: perfetto.FORM}, merged.start_ns, merged.draw)[output]
    lacks = (
        f"{member.title}: {sentence}"
        for member in members
        if member.source.profile
        for sentence in member.source.profile.lacks
    )
    return replace(counts, lacks=tuple(lacks))


def profile_of(path: Path) -> Profile:
    """The profile of a run, or a trace, read to its end; ProfileError if there is none."""
    profile = sources.opened(path).profile
    if profile is None:
        raise ProfileError(f"{path} has no profile; run profile.py again.")
    return profile
