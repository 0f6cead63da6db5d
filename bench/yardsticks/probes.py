"""The linear and the conv probe of the small experiments on a frozen trunk's conv2, in PyTorch's own start."""

import torch
from torch import nn
from torch.nn import functional as F

from data import normalised
from nin import unit
from training import cosine, train, update


@torch.no_grad()
def in_batches(function, rows, size=500):
    return torch.cat([function(part) for part in rows.split(size)])


def probe(network, name, train_set, test_set, epochs=8, batch=128):
    """Top-1 accuracies in percent on the test images, after the last epoch, of both probes."""
    network.eval()
    (images, labels), (test_images, test_labels) = train_set, test_set
    features, test_features = (in_batches(lambda part: network.conv2(normalised(part)), x) for x in (images, test_images))
    width = features.shape[1]
    heads = {
        'linear': nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.BatchNorm2d(width, affine=False), nn.Flatten(), nn.Linear(16 * width, 10)),
        'conv': nn.Sequential(
            unit(width, width, 3), unit(width, width, 1), unit(width, width, 1),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10),
        ),
    }  # fmt: skip
    scores = {}
    for kind, head in heads.items():
        head.to(memory_format=torch.channels_last)
        optimiser = torch.optim.SGD(head.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)

        def step(chosen):
            return {'loss': update(optimiser, F.cross_entropy(head(features[chosen]), labels[chosen]))}

        head.train()
        train(f'{name}, {kind} probe', step, [optimiser], cosine(0.1), len(features), epochs, batch)
        head.eval()
        right = in_batches(head, test_features).argmax(1) == test_labels
        scores[f'{name} {kind}'] = round(100 * right.float().mean().item(), 2)
    print(scores, flush=True)
    return scores
