"""The data that a request asks for: a data set's, or those of data() in the user's own file."""

from workloads import native_data
from workloads.data import sources
from workloads.data.cache import CachedData
from workloads.native import AnyWorkload, NativeWorkload
from workloads.native_constants import OWN_DATA


class AskedData:
    """The data that were asked for, which are looked for at once and made later."""

    def __init__(self, asked: str, fetch: bool, workload: AnyWorkload) -> None:
        self._own = workload if asked == OWN_DATA and isinstance(workload, NativeWorkload) else None
        if self._own is None:
            self._task = workload.task if isinstance(workload, NativeWorkload) else workload
            self._choice = sources.choose(asked, fetch)
            self._choice.dataset.check(self._task)

    def prepare(self, quiet: bool) -> CachedData:
        """Make the arrays, or have data() of the user's file make them."""
        if self._own is not None:
            return native_data.prepare(self._own)
        return sources.prepare(self._choice, self._task, quiet)
