"""Loads a Kineto trace with json and pandas, and groups its events by name: FILE."""

import json
import sys

import pandas as pd

with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
    frame = pd.DataFrame(json.load(file)["traceEvents"])
events = frame[frame.ph == "X"]
table = events.groupby("name").dur.agg(["count", "sum"])
found = {"rows": len(table), "events": int(table["count"].sum()), "total_us": table["sum"].sum()}
print(json.dumps(found))
