import subprocess
import sys

from analysis.readers.xspace_proto import XSpace


def test_what_is_written_is_read_back() -> None:
    space = XSpace(hostnames=["host"])
    plane = space.planes.add(id=3, name="/host:CPU")
    plane.event_metadata[7].name = "op"
    plane.stat_metadata[9].name = "step_num"
    stat = plane.stats.add(metadata_id=9, int64_value=-1)
    line = plane.lines.add(id=-2, timestamp_ns=5)
    line.events.add(metadata_id=7, num_occurrences=4)
    again = XSpace.FromString(space.SerializeToString())
    assert again == space
    assert stat.WhichOneof("value") == "int64_value"
    assert again.planes[0].event_metadata[7].name == "op"


def test_no_framework_is_loaded() -> None:
    code = (
        "import sys, analysis.readers.xspace; "
        "sys.exit(bool({'tensorflow', 'xprof', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
