"""PyTorch's SGD and Adam on a small quadratic; the numbers stand in packages/models/src/optimizers/optimizer.test.ts.

The loss is sum(a * (w - b)^2) / 2, so that the gradient a * (w - b) is exact in any framework.
Run with PyTorch installed:  python bench/oracles/optimizer_reference.py
"""
import torch

A, B, START = [1.0, 0.5, 2.0], [0.3, -1.0, 2.0], [1.0, 1.0, -1.0]


def run(make, steps=5, rates=(0.1, 0.1, 0.02, 0.02, 0.02)):
    a, b = torch.tensor(A, dtype=torch.float64), torch.tensor(B, dtype=torch.float64)
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimiser = make([w])
    for step in range(steps):
        for group in optimiser.param_groups:
            group['lr'] = rates[step]
        optimiser.zero_grad()
        (a * (w - b) ** 2).sum().div(2).backward()
        optimiser.step()
    return [round(value, 7) for value in w.tolist()]


for name, make in {
    'sgd': lambda w: torch.optim.SGD(w, 0.1),
    'sgd momentum': lambda w: torch.optim.SGD(w, 0.1, momentum=0.9),
    'sgd nesterov decay': lambda w: torch.optim.SGD(w, 0.1, momentum=0.9, nesterov=True, weight_decay=0.05),
    'adam': lambda w: torch.optim.Adam(w, 0.1),
    'adam bigan': lambda w: torch.optim.Adam(w, 0.1, betas=(0.5, 0.999), weight_decay=0.05),
}.items():
    print(name, run(make))
