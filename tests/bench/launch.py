"""Run one command and write what it took to a file: ``launch.py REPORT COMMAND...``.

A process of its own, because on Linux a child's peak memory starts at its parent's size:
started from a harness that has loaded a simulator, every command would seem as large. For the
same reason this file imports almost nothing; run it with ``python -I -S``.
"""

import os
import sys
import time


def main(report: str, command: list[str]) -> None:
    """Run ``command`` and write its exit code, seconds and peak memory in bytes."""
    start = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    with open(report, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib is not small
        file.write(f"{os.waitstatus_to_exitcode(status)} {seconds} {memory}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
