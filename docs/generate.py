"""Writes what the documentation takes from the code: the pages of ``reference/`` and the output of every command shown.

    python docs/generate.py            write the reference, run the commands shown and put their output in place
    python docs/generate.py --check    write nothing; name the pages that are stale and exit 1

A fenced block marked ``console`` is a session: each line after ``$`` is run, in order, in a folder of its own in which
``examples`` and ``docs`` are the repository's, and what it prints replaces what stands below it.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from reference_pages import REFERENCE

DOCS = Path(__file__).resolve().parent
REPOSITORY = DOCS.parent
_SESSION = re.compile(r"(?<=```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)


def written_pages() -> list[Path]:
    """Return the pages people write, in which the output of commands is put in place."""
    generated = {DOCS / "reference" / f"{name}.md" for name in REFERENCE}
    found = [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))]
    return [page for page in found if page not in generated and "_build" not in page.parts]


def with_output(text: str) -> str:
    """Return a page with every command in it run and its output in place."""
    if "```console" not in text:
        return text
    with tempfile.TemporaryDirectory() as folder:
        for name in ("docs", "examples"):
            (Path(folder) / name).symlink_to(REPOSITORY / name)
        return _SESSION.sub(lambda block: _session(block[0], folder), text)


def _session(block: str, folder: str) -> str:
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "\n".join(f"{command}\n{_run(command[2:], folder)}" for command in commands)


def _run(command: str, folder: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONUTF8": "1", "COLUMNS": "90", "NO_COLOR": "1"}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")  # fmt: skip
    if done.returncode in (70, 127):
        raise RuntimeError(f"{command} does not run:\n{done.stdout}")
    lines = [line.rstrip() for line in done.stdout.rstrip().splitlines()]
    return "".join(f"{line}\n" for line in lines)


def pages() -> dict[Path, Callable[[], str]]:
    """Return every page with the function that gives it as it should be."""
    generated = {DOCS / "reference" / f"{name}.md": write for name, write in REFERENCE.items()}
    return generated | {page: partial(_refreshed, page) for page in written_pages()}


def _refreshed(page: Path) -> str:
    return with_output(page.read_text("utf-8"))


def stale_pages() -> dict[Path, str]:
    """Return the pages that are not as they should be, with the text they should have."""
    wanted = pages()
    with ThreadPoolExecutor() as pool:  # commands wait for processes of their own; the reference is written in this one
        waiting = {page: pool.submit(write) for page, write in wanted.items() if isinstance(write, partial)}
        texts = {page: waiting[page].result() if page in waiting else write() for page, write in wanted.items()}
    return {page: text for page, text in texts.items() if not page.exists() or page.read_text("utf-8") != text}


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or with ``--check`` name the stale ones; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is stale")
    check = parser.parse_args(arguments).check
    stale = stale_pages()
    for page, text in stale.items():
        print(f"{'stale' if check else 'written'}: {page.relative_to(REPOSITORY)}")
        if not check:
            page.write_text(text, "utf-8")
    if stale and check:
        print("Run: python docs/generate.py")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
