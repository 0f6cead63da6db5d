"""eval/voc-classification of the small experiment in PyTorch: philkr's crops, sigmoids on the average of the last map."""

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import nn
from torch.nn import functional as F

from images import Split, normalised, resized, train, updates
from trunk import gaussian, load_trunk, split_parameters


def crop(pixels, side):
    """A square of .5 to 2 times the side in the image's pixels, as far as it fits, anywhere; mirrored half of the time."""
    height, width = pixels.shape[:2]
    most = min(2, width / side, height / side)
    least = min(0.5, most)
    length = min(side * (least + (most - least) * np.random.rand()), width, height)
    left, top = (width - length) * np.random.rand(), (height - length) * np.random.rand()
    return resized(pixels, side, side, (left, top, left + length, top + length), np.random.rand() < 0.5)


def classify(job):
    settings, about, side = job['settings'], job['normalisation'], job['config']['side']
    assert settings['units'] == 0 and settings['batchNorm'] in ('trained', 'frozen') and not settings['balance']
    whole = job['config']['trained'] == 'all'
    training, testing = (Split(job['inputs'], job['config'][part]['split']) for part in ('train', 'test'))
    trunk = load_trunk(job['checkpoint'], False)
    fc8 = gaussian(nn.Linear(trunk.block3[2][0].out_channels, len(training.classes)), 0.01, 0.1)
    weights, biases, others = split_parameters([trunk, fc8] if whole else [fc8])
    optimiser = updates(settings, weights + others, biases, settings['biases'], settings['optimizer']['weightDecay'])
    trunk.train(whole and settings['batchNorm'] == 'trained')
    presence = torch.tensor([training.presence(i) for i in range(len(training))])

    def gradients(draws):
        x = normalised(np.stack([crop(training.pixels[i], side) for i in draws]), about)
        flags = presence[draws]
        with torch.set_grad_enabled(whole):
            features = trunk(x).mean((2, 3))
        entropy = F.binary_cross_entropy_with_logits(fc8(features), (flags == 1).float(), reduction='none')
        loss = (entropy * (flags != 0)).sum() / len(draws)
        loss.backward()
        nn.utils.clip_grad_norm_(weights + biases + others, settings['clipNorm'])
        return loss.item()

    seconds = train('classification', settings, len(training), optimiser, gradients)
    trunk.eval()
    flags, crops = np.array([testing.presence(i) for i in range(len(testing))]), job['config']['crops']
    scores = []
    with torch.no_grad():
        for pixels in testing.pixels:
            x = normalised(np.stack([crop(pixels, side) for _ in range(crops)]), about)
            scores.append(fc8(trunk(x).mean((2, 3))).sum(0).numpy())
    scores, found = np.stack(scores), []
    for label in range(flags.shape[1]):
        judged = flags[:, label] != 0
        shown = flags[judged, label] == 1
        found.append(average_precision_score(shown, scores[judged, label]) if shown.any() else None)
    mean = float(np.mean([value for value in found if value is not None]))
    return {'value': mean, 'classes': found, 'seconds': seconds}
