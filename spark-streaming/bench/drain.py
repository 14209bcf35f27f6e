"""Drains a filled lane with the real job and says how fast: `drain.py LANE [METRICS]`. Fill it with fill.py first.

Prints one JSON line: records, seconds from the first batch's plan to the last publish, records/s over all and over the warm half, CPU
seconds of JVM and Python per million records, and the most memory both held.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_BATCH = re.compile(r"(\d+) events, .* query ([\d.]+) s, state ([\d.]+) s")


def tree(root: int) -> list[int]:
    """The process and all below it."""
    found = [root]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(OSError):  # A thread may end meanwhile.
                found += [int(child) for child in task.read_text().split()]
    return found


def usage(root: int) -> tuple[float, float]:
    """CPU seconds and resident MB of the process tree."""
    cpu, memory = 0.0, 0.0
    for pid in tree(root):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        cpu += (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
        memory += int(stat[21]) * 4096 / 1e6
    return cpu, memory


def drain(lane: str, metrics: str, home: Path) -> dict[str, object]:
    """Runs the job over the lane once, from nothing."""
    shutil.rmtree(home / "checkpoints" / lane, ignore_errors=True)
    env = {
        **os.environ,
        "MILLRACE_LANE": lane,
        "MILLRACE_SPARK_METRICS": metrics,
        "MILLRACE_LOG_LEVEL": "debug",
        "MILLRACE_HTTP_PORT": "0",
        "MILLRACE_HOME": str(home),
    }
    command = [sys.executable, "-m", "millrace_streaming.jobs.windowed_metrics", "--available-now"]
    job = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert job.stdout is not None
    launched = time.monotonic()
    began, peak, marks = launched, 0.0, []
    for line in job.stdout:
        cpu, memory = usage(job.pid)
        peak = max(peak, memory)
        if "checkpoint" in line:
            began = time.monotonic()
            marks.append((0, cpu, began))
        elif found := _BATCH.search(line):
            marks.append((int(found[1]), cpu, time.monotonic()))
            print(json.loads(line)["msg"], file=sys.stderr)
    assert job.wait() == 0
    ended = time.monotonic()
    records = sum(n for n, _, _ in marks)
    half = len(marks) // 2
    warm = sum(n for n, _, _ in marks[half + 1 :])
    return {
        "lane": lane,
        "records": records,
        "rate": round(records / (marks[-1][2] - began)),
        "warm_rate": round(warm / (marks[-1][2] - marks[half][2])),
        "cpu_s_per_million": round((marks[-1][1] - marks[0][1]) / records * 1e6, 1),
        "warm_cpu_s_per_million": round((marks[-1][1] - marks[half][1]) / warm * 1e6, 1),
        "with_start_s": round(ended - launched, 1),
        "peak_mb": round(peak),
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    print(
        json.dumps(
            drain(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "", Path(os.environ.get("MILLRACE_HOME", "/tmp/millrace-bench")))
        )
    )
