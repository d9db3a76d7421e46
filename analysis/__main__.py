"""Runs the command line of the analysis as `python -m analysis`."""

import sys

from analysis.cli import main

sys.exit(main())
