"""Loads a Kineto trace with HolisticTraceAnalysis, and groups its events by name: FILE [--reports].

With --reports it prints instead what HTA's own tables say of the trace.
"""

import json
import os
import sys

from hta.trace_analysis import TraceAnalysis

REPORTS = ("get_gpu_kernel_breakdown", "get_temporal_breakdown", "get_idle_time_breakdown")

path = os.path.abspath(sys.argv[1])
analysis = TraceAnalysis(trace_files={0: path}, trace_dir=os.path.dirname(path))
if "--reports" in sys.argv:
    said = {}
    for name in REPORTS:
        try:
            tables = getattr(analysis, name)(visualize=False)
            first = tables[0] if isinstance(tables, tuple) else tables
            said[name] = f"{len(first)} rows"
        except Exception as error:
            said[name] = f"{type(error).__name__}: {error}"
    print(json.dumps(said))
else:
    table = analysis.t.get_trace(0).groupby("name").dur.agg(["count", "sum"])
    names = analysis.t.symbol_table.get_sym_table()
    table.index = [names[number] for number in table.index]
    total_us = float(table["sum"].sum())
    events = int(table["count"].sum())
    print(json.dumps({"rows": len(table), "events": events, "total_us": total_us}))
