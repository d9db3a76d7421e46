"""What events are called in an XSpace file, so that XProf takes them for what they are.

XProf knows an event by its name: `path:type` is an operation of a framework, a name that begins
with `train` a step, one that begins with `Iterator` input. So operations are given such names, and
all others are kept from looking like one. What viewers show is the event's own name, beside it.
The rules are those of ParseTfOpFullname in
https://github.com/openxla/xla/blob/main/xla/tsl/profiler/utils/tf_op_utils.cc and of
https://github.com/openxla/xprof/blob/master/xprof/convert/xplane_to_step_events.cc.
"""

import re

STEP = "train"
ALLOCATION, RELEASE = "MemoryAllocation", "MemoryDeallocation"
PYTHON = "$"
"""Begins the names of Python frames, as XProf's own tracer writes them."""

RESERVED = re.compile(r"train|test|TraceContext|Iterator|Eager|FunctionRun|memcpy", re.IGNORECASE)
"""Beginnings that mean something to XProf."""

COPY = re.compile(r"(?:memcpy|copy)\W*(HtoD|DtoH|DtoD|HtoH)", re.IGNORECASE)
LOOKS_LIKE_OP = re.compile(r"[^:]*:(?! )")
NO_TYPE = re.compile(r"[^a-z0-9_]")


class OpNames:
    """The names of operations as `path:type`, each of them another one."""

    def __init__(self) -> None:
        self._by_op: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, op: str) -> str:
        """aten::addmm -> aten/addmm:addmm. The type is in lower case.

        XProf says of types with capitals that they were executed in a function.
        """
        known = self._by_op.get(op)
        if known is None:
            path = op.replace("::", "/").replace(": ", "/").replace(":", "_")
            if RESERVED.match(path) or not path:
                path = f"op/{path}"
            number, free = 1, path
            while free in self._taken:
                number += 1
                free = f"{path}_{number}"
            self._taken.add(free)
            op_type = NO_TYPE.sub("_", path.rpartition("/")[2].lower())
            op_type = op_type if re.match("[a-z_]", op_type) else f"_{op_type}"
            known = self._by_op[op] = f"{free}:{op_type}"
        return known


def range_name(text: str) -> str:
    """The name of a user's range: spaces around it keep it from being taken for anything else."""
    return f" {text} "


def call_name(text: str) -> str:
    """The name of a call of the runtime, and of anything that has no better one."""
    return f"runtime {text} " if RESERVED.match(text) or LOOKS_LIKE_OP.match(text) else text


def python_name(text: str) -> str:
    """The name of a Python frame."""
    return f"{PYTHON}{text} " if LOOKS_LIKE_OP.match(text) else PYTHON + text


def copy_name(text: str) -> str:
    """The name of a copy, of which XProf tells the direction by how it begins."""
    found = COPY.match(text)
    return f"Memcpy{found[1]}{text[found.end() :]}".replace(":", "_") if found else text
