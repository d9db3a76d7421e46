"""Runs the command line of the analysis as `python -m analysis`."""

import sys

try:
    from analysis.cli import main
except ModuleNotFoundError as error:
    print(f"error: {error.name} is missing: activate .venv, or see README.md.", file=sys.stderr)
    sys.exit(2)
sys.exit(main())
