"""From process start to answer: the command line, cold, again and again."""

import statistics
import subprocess
import sys
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
    for name, arguments in COMMANDS.items():
        times = []
        for _ in range(runs):
            begin = time.perf_counter()
            subprocess.run([*start, *arguments], check=True, capture_output=True)
            times.append(time.perf_counter() - begin)
        yield (
            f"{name}, cold",
            f"{statistics.median(times):.2f} s",
            f"{max(times):.2f} s",
            "",
            f"{runs} runs, slowest in place of the percentile",
        )


if __name__ == "__main__":
    for row in rows():
        print(" | ".join(row))
