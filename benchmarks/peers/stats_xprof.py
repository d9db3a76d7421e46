"""Has XProf convert a profile to its framework_op_stats: FILE.

The profile is linked into a folder of its own, as XProf leaves files beside what it reads.
"""

import json
import os
import sys
import tempfile

from xprof.convert.raw_to_tool_data import xspace_to_tool_data

source = os.path.abspath(sys.argv[1])
with tempfile.TemporaryDirectory(dir=os.path.dirname(source)) as folder:
    path = os.path.join(folder, "host.xplane.pb")
    os.link(source, path)
    text, _ = xspace_to_tool_data([path], "framework_op_stats", {"use_saved_result": False})
tables = json.loads(text)
columns = [column["label"] for column in tables[0]["cols"]]
rows = [
    dict(zip(columns, (c.get("v") for c in row["c"]), strict=True)) for row in tables[0]["rows"]
]
ops = [row for row in rows if row["Operation Type"] != "IDLE"]
events = int(sum(row["#Occurrences"] for row in ops))
total_us = sum(row["Total time (us)"] for row in ops)
print(json.dumps({"rows": len(ops), "events": events, "total_us": total_us}))
