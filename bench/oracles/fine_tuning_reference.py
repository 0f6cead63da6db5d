"""Two steps of fine-tuning in PyTorch: packages/eval/src/evaluations/fine-tuning/fine-tuning.reference.json.

A NIN of three blocks: the first is frozen, its batch norm in inference mode; the others and a linear layer on the global
average are trained, each by its own parameter group. Run from the root of the workspace, after bench/setup-oracles:
python bench/oracles/fine_tuning_reference.py  (then prettier --write the file). Arrays as in nin_reference.py.
"""
import json

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from nin_reference import MEAN, ROOT, STD, Nin, array, normalised, randomise, weights

RATE, FACTORS = 0.1, {'conv2': 0.1, 'conv3': 0.5}
torch.set_num_threads(2)
generator = torch.Generator().manual_seed(11)
net, linear = Nin(8, 3), nn.Linear(8, 4)
randomise(net, generator)
with torch.no_grad():
    linear.weight.uniform_(-0.35, 0.35, generator=generator)
    linear.bias.uniform_(-0.35, 0.35, generator=generator)
images = np.random.RandomState(12).randint(0, 256, (6, 16, 16, 3)).astype(np.uint8)
labels = [0, 1, 2, 3, 1, 2]
before, head = weights(net), {'linear/kernel': array(linear.weight.T), 'linear/bias': array(linear.bias)}
net.blocks[0].eval()
for parameter in net.blocks[0].parameters():
    parameter.requires_grad_(False)
groups = [{'params': list(net.blocks[i].parameters()), 'lr': RATE * FACTORS[f'conv{i + 1}']} for i in (1, 2)]
optimiser = torch.optim.SGD(groups + [{'params': list(linear.parameters())}], RATE, momentum=0.9, nesterov=True, weight_decay=5e-3)
losses = []
for _ in range(2):
    optimiser.zero_grad()
    loss = F.cross_entropy(linear(net.features(normalised(images))[-1].mean((2, 3))), torch.tensor(labels))
    loss.backward()
    optimiser.step()
    losses.append(loss.item())
after = {f'encoder/{name}': value for name, value in weights(net).items()}
after |= {'head/linear/kernel': array(linear.weight.T), 'head/linear/bias': array(linear.bias)}
fixture = {
    'normalisation': {'mean': MEAN, 'std': STD}, 'images': array(images), 'labels': labels, 'learningRate': RATE,
    'factors': FACTORS, 'weightDecay': 5e-3, 'encoder': before, 'head': head, 'losses': losses, 'after': after,
}
path = ROOT / 'packages/eval/src/evaluations/fine-tuning/fine-tuning.reference.json'
path.write_text(json.dumps(fixture) + '\n')
print(path.name, path.stat().st_size, 'bytes', losses)
