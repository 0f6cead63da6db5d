"""Where a step's time goes in PyTorch, op by op: system, layout (nhwc | nchw), width, batch."""

import collections
import pathlib
import sys
import time

import torch
from torch.profiler import ProfilerActivity, profile

STEPS, SHOWN = 100, 12
name, layout, width, batch = sys.argv[1:5]
folder = pathlib.Path(__file__).parent.parent / "train-step" / "systems"
sys.path.insert(0, str(folder))
sys.argv = [name, layout, "fp32", "eager", width, batch, "5", "5"]
import timing  # noqa: E402


def tell(step, _settings):
    for _ in range(STEPS):
        step()
    seconds = []
    for _ in range(STEPS):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    with profile(activities=[ProfilerActivity.CPU]) as recorded:
        for _ in range(STEPS):
            step()
    times = collections.defaultdict(list)
    for event in recorded.events():
        times[event.name].append(event.self_cpu_time_total)
    # Medians: the profiler's own work now and then takes long.
    rows = [(len(each) / STEPS, sorted(each)[len(each) // 2], op) for op, each in times.items()]
    rows.sort(key=lambda row: -row[0] * row[1])
    whole = sum(calls * each for calls, each, _ in rows)
    print(f"PyTorch, {layout}: {1000 * sorted(seconds)[STEPS // 2]:.2f} ms; ops under its profiler {whole:.0f} µs")
    for calls, each, op in rows[:SHOWN]:
        print(f"{calls * each:8.0f} µs  {calls:4.0f} × {each:6.1f}  {op}")


timing.measure = tell
exec(compile((folder / f"{name}.py").read_text(), name, "exec"))
