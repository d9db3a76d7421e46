"""Loads a Kineto trace with TraceLens, and groups its events by name: FILE [--reports].

With --reports it prints instead what TraceLens' own tables say of the trace.
"""

import json
import sys

import pandas as pd
from TraceLens import TreePerfAnalyzer

REPORTS = ("get_df_kernel_launchers", "get_df_gpu_timeline")

analyzer = TreePerfAnalyzer.from_file(sys.argv[1])
if "--reports" in sys.argv:
    said = {}
    for name in REPORTS:
        try:
            said[name] = f"{len(getattr(analyzer, name)())} rows"
        except Exception as error:
            said[name] = f"{type(error).__name__}: {error}"
    print(json.dumps(said))
else:
    events = [event for event in analyzer.tree.events if event.get("ph") == "X"]
    names = [event["name"] for event in events]
    frame = pd.DataFrame({"name": names, "dur": [event["dur"] for event in events]})
    table = frame.groupby("name").dur.agg(["count", "sum"])
    total_us = float(table["sum"].sum())
    print(json.dumps({"rows": len(table), "events": len(events), "total_us": total_us}))
