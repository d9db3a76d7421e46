"""The frame of every process that the parent starts: ends with it, and tells it what went wrong."""

import signal
import traceback
from collections.abc import Callable

from profilers import lifeline
from profilers.protocol import Channel, Failed
from profilers.rundir import ProfileError
from workloads.spec import WorkloadError


def guarded(work: Callable[[Channel], None]) -> int:
    """Do the work; its errors go to the parent as one sentence, tracebacks to the log."""
    lifeline.end_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    channel = Channel.inherited()
    try:
        work(channel)
    except (ProfileError, WorkloadError) as error:
        channel.send(Failed("request", str(error)))
        return 2
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        traceback.print_exc()
        first = (str(error).strip() or "no message").splitlines()[0]
        channel.send(Failed("crash", f"{type(error).__name__}: {first}"))
        return 1
    return 0
