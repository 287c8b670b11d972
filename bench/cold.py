"""From process start to answer: the command line, cold, again and again, with its byte code kept as an installation keeps it."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent / "examples" / "h200_to_malaysia.yaml"
COMMANDS = {
    "penstock --help": ["--help"],
    "penstock decide": ["decide", str(EXAMPLE), "--on", "2026-06-15"],
    "penstock decide --json (with what-if)": ["decide", str(EXAMPLE), "--on", "2026-06-15", "--json"],
    "penstock classify h200-sxm": ["classify", "h200-sxm"],
    "penstock law diff": ["law", "diff", "2025-01-12", "2025-01-13"],
}


def rows(runs=9):
    """Yield (what, median, slowest, '', note)."""
    start = [sys.executable, "-c", "import sys; from penstock.apps.cli.main import main; main(sys.argv[1:])"]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        environment = kept | {"PYTHONPYCACHEPREFIX": folder}
        for name, arguments in COMMANDS.items():
            times = []
            for _ in range(1 + runs):
                begin = time.perf_counter()
                subprocess.run([*start, *arguments], check=True, capture_output=True, env=environment)
                times.append(time.perf_counter() - begin)
            slowest = max(times[1:])
            note = f"{runs} runs, slowest in place of the percentile"
            yield f"{name}, cold", f"{statistics.median(times[1:]):.2f} s", f"{slowest:.2f} s", "", note


if __name__ == "__main__":
    for row in rows():
        print(" | ".join(row))
