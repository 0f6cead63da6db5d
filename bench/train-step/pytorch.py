"""The same step in PyTorch, eager. Arguments: layout (nhwc | nchw), arithmetic (fp32 | bf16), width, batch, warm-up, steps."""

import json
import os
import resource
import sys
import time

import torch
from torch import nn

layout, arithmetic = sys.argv[1:3]
width, batch, warm_up, steps = map(int, sys.argv[3:7])
torch.set_num_threads(int(os.environ["BENCH_THREADS"]))
torch.manual_seed(0)


def unit(inputs, outputs, side):
    convolution = nn.Conv2d(inputs, outputs, side, padding=side // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


middle, narrow = width * 160 // 192, width // 2
model = nn.Sequential(
    unit(3, width, 5), unit(width, middle, 1), unit(middle, narrow, 1), nn.MaxPool2d(3, 2, 1),
    unit(narrow, width, 5), unit(width, width, 1), unit(width, width, 1), nn.AvgPool2d(3, 2, 1),
    unit(width, width, 3), unit(width, width, 1), unit(width, width, 1),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 4),
)  # fmt: skip
images, labels = torch.randn(batch, 3, 32, 32), torch.arange(batch) % 4
if layout == "nhwc":
    model, images = model.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)


def step():
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arithmetic == "bf16"):
        loss = nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


for _ in range(warm_up):
    step()
seconds, before = [], time.process_time()
for _ in range(steps):
    start = time.perf_counter()
    last_loss = step()
    seconds.append(time.perf_counter() - start)
print(json.dumps({
    "seconds": seconds,
    "cpuSecondsPerStep": (time.process_time() - before) / steps,
    "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "lastLoss": last_loss,
}))  # fmt: skip
