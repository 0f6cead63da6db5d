"""What the scripts of all systems share: settings from the command line, and timing."""

import json
import os
import resource
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass

import torch
import torch.distributed
from torch.nn.parallel import DistributedDataParallel

# Warming up and timing each go on for so long where the steps asked for are short, as in timing.ts.
LEAST_SECONDS = float(os.environ.get("BENCH_LEAST_SECONDS", "2"))
# One of several processes that share the step, as bench/scale starts them.
TOGETHER = int(os.environ.get("WORLD_SIZE", "1")) > 1


@dataclass
class Settings:
    """Arguments: layout (nhwc | nchw), arithmetic (fp32 | bf16), mode (eager | compile), width, batch, warm-up, steps."""

    layout: str
    arithmetic: str
    mode: str
    width: int
    batch: int
    warm_up: int
    steps: int

    def memory_format(self):
        return torch.channels_last if self.layout == "nhwc" else torch.contiguous_format

    def ready(self, module):
        """The module in the row's memory format, through torch.compile where the row says so."""
        module = module.to(memory_format=self.memory_format())
        if TOGETHER:
            module = DistributedDataParallel(module, gradient_as_bucket_view=True)
        return torch.compile(module) if self.mode == "compile" else module

    def autocast(self):
        return torch.autocast("cpu", dtype=torch.bfloat16) if self.arithmetic == "bf16" else nullcontext()


def settings():
    torch.set_num_threads(int(os.environ["BENCH_THREADS"]))
    torch.manual_seed(0)
    if TOGETHER:
        torch.distributed.init_process_group("gloo")
    return Settings(*sys.argv[1:4], *map(int, sys.argv[4:8]))


def measure(step, settings):
    """Times `step`, which returns the loss, after warming up; prints the measurement as the last line, for run.ts."""
    warm, steps = time.perf_counter(), 0
    while steps < settings.warm_up or time.perf_counter() - warm < LEAST_SECONDS:
        step()
        steps += 1
    seconds, before, timed = [], time.process_time(), time.perf_counter()
    while len(seconds) < settings.steps or time.perf_counter() - timed < LEAST_SECONDS:
        start = time.perf_counter()
        last_loss = step()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({
        "seconds": seconds,
        "cpuSecondsPerStep": (time.process_time() - before) / len(seconds),
        "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "lastLoss": last_loss,
    }))  # fmt: skip
