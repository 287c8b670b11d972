"""Run every benchmark and print one Markdown table; ``--write`` puts it into docs/performance.md with date and machine size."""

import datetime as dt
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
PARTS = ("single", "whatif", "cold", "bulk", "impact", "warehouse")
START, END = "<!-- measured: start -->", "<!-- measured: end -->"


def table():
    """Yield the lines of the table, measuring as it goes."""
    yield "| what | median | 99th percentile | against Penstock's verdict | note |"
    yield "|---|---|---|---|---|"
    for part in PARTS:
        out = subprocess.run([sys.executable, str(HERE / f"{part}.py")], check=True, capture_output=True, text=True, cwd=HERE)
        for line in out.stdout.splitlines():
            if " | " in line:
                yield "| " + " | ".join(cell.strip() for cell in line.split(" | ")) + " |"


def machine():
    """Return the size of the machine in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.machine()}, Python {platform.python_version()}"


def main():
    head = f"Measured on {dt.date.today()}: {machine()}."
    lines = [head, ""]
    print(head)
    for line in table():
        print(line, flush=True)
        lines.append(line)
    if "--write" in sys.argv[1:]:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(START)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{START}\n{chr(10).join(lines)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
