"""What with-python starts: runs one step of this package by name."""

import runpy
import sys
from pathlib import Path

# Set here and not in PYTHONPATH: what we start must not see the scripts folder.
sys.path[0] = str(Path(__file__).resolve().parents[1])

if __name__ == "__main__":
    step = sys.argv.pop(1)
    runpy.run_module(f"bootstrap.{step}", run_name="__main__", alter_sys=True)
