"""References for AET: Pillow's affine and projective transformations, and two training steps in PyTorch.

Writes packages/tasks/src/pretext/aet/aet.reference.json, which the tests read. Run from the root of the workspace, after
bench/setup-oracles:  python bench/oracles/aet_reference.py  (then prettier --write). Arrays as in nin_reference.py.
"""
import json
import math
import subprocess

import numpy as np
import torch
import torch.nn as nn
from PIL import Image

from nin_reference import MEAN, ROOT, STD, Nin, array, randomise, weights

SIDE = 32


def affine_coefficients(draw, side=SIDE):
    """Output to input, by inverting the 3×3 product of shift, centring and rotation-scale-shear."""
    a, sheared, s, c = math.radians(draw['angle']), math.radians(draw['angle'] + draw['shear']), draw['scale'], side / 2 + 0.5
    move = lambda x, y: np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)
    turn = np.array([[s * math.cos(a), -s * math.sin(sheared), 0], [s * math.sin(a), s * math.cos(sheared), 0], [0, 0, 1]])
    matrix = move(*draw['translation']) @ move(c, c) @ turn @ move(-c, -c)
    return np.linalg.inv(matrix)[:2].ravel()


def affine_target(draw, side=SIDE):
    a, (x, y) = math.radians(draw['angle']), draw['translation']
    return [math.cos(a), math.sin(a), x / (0.2 * side), y / (0.2 * side), (2 * draw['scale'] - 2) / 0.6, draw['shear'] / 30]


def projective_coefficients(draw, side=SIDE):
    corners = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float64)
    centre = side / 2 + 0.5
    moved = np.roll((corners - centre) * draw['scale'] + centre, -draw['turns'], axis=0) + np.reshape(draw['shifts'], (4, 2))
    rows, values = [], []
    for (x, y), (u, v) in zip(moved, corners):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]


def projective_target(coefficients):
    mean, std = np.array([0, 0, 16, 0, 0, 16, 0, 0]), np.array([1, 1, 20, 1, 1, 20, 0.015, 0.015])
    return list((coefficients - mean) / std)


def warp(image, coefficients):
    """One image [height, width, 3] of floats by the rule that Pillow states: for each pixel the four around its source."""
    height, width, _ = image.shape
    a, b, c, d, e, f, g, h = [*coefficients, 0, 0][:8]
    result = np.full(image.shape, 128.0)
    for row in range(height):
        for column in range(width):
            x, y = column + 0.5, row + 0.5
            w = g * x + h * y + 1
            u, v = (a * x + b * y + c) / w, (d * x + e * y + f) / w
            if not (0 <= u < width and 0 <= v < height):
                continue
            u, v = u - 0.5, v - 0.5
            left, top = math.floor(u), math.floor(v)
            at = lambda i, j: image[min(max(j, 0), height - 1), min(max(i, 0), width - 1)]
            p, q = u - left, v - top
            upper = (1 - p) * at(left, top) + p * at(left + 1, top)
            lower = (1 - p) * at(left, top + 1) + p * at(left + 1, top + 1)
            result[row, column] = (1 - q) * upper + q * lower
    return result


def pillow_fixture():
    state = np.random.RandomState(7)
    small = state.randint(0, 256, (6, 8, 3)).astype(np.uint8)
    image = np.asarray(Image.fromarray(small).resize((24, 20), Image.BICUBIC))
    draws = [{'angle': a, 'translation': [x, y], 'scale': s, 'shear': f} for a, x, y, s, f in
             ((30, 3, -2, 1.1, 10), (90, 0, 0, 1, 0), (-135.3, -4, 5, 0.72, -28.1), (11.7, 0, 3, 1.29, 4.4))]
    cases = [affine_coefficients(draw, 24) for draw in draws]
    for scale, turns in ((0.9, 2), (1.17, 0), (0.83, 3), (1, 1)):
        cases.append(projective_coefficients({'scale': scale, 'turns': turns, 'shifts': list(state.randint(-3, 4, 8))}, 24))
    results = []
    for coefficients in cases:
        kind = Image.AFFINE if len(coefficients) == 6 else Image.PERSPECTIVE
        results.append(np.asarray(Image.fromarray(image).transform(
            (24, 20), kind, list(coefficients), Image.BILINEAR, fillcolor=(128, 128, 128))))
    return {'image': array(image), 'coefficients': [list(map(float, one)) for one in cases], 'results': array(np.stack(results))}


class Model(nn.Module):
    def __init__(self, net, linear, bounded):
        super().__init__()
        self.net, self.linear, self.bounded = net, linear, bounded

    def forward(self, images, transformed):
        vectors = self.net.features(torch.cat([normalised_floats(images), normalised_floats(transformed)]))[-1].mean((2, 3))
        out = self.linear(torch.cat(vectors.chunk(2), 1))
        return out.tanh() if self.bounded else out


def normalised_floats(images):
    x = torch.from_numpy(images.astype(np.float32)).permute(0, 3, 1, 2)
    return (x - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)


def affine_matrices(t):
    """Rows of M(θ) in halves of the side about the centre."""
    cosine, sine, x, y = t[:, 0], t[:, 1], t[:, 2], t[:, 3]
    scale, shear = 1 + 0.3 * t[:, 4], math.radians(30) * t[:, 5]
    sine_sum, cosine_sum = sine * shear.cos() + cosine * shear.sin(), cosine * shear.cos() - sine * shear.sin()
    return torch.stack([scale * cosine, -scale * sine_sum, 0.4 * x, scale * sine, scale * cosine_sum, 0.4 * y], 1)


def projective_matrices(t):
    raw = t * torch.tensor([1, 1, 20, 1, 1, 20, 0.015, 0.015]) + torch.tensor([0, 0, 16.0, 0, 0, 16, 0, 0])
    matrix = torch.cat([raw, torch.ones(len(raw), 1)], 1).view(-1, 3, 3)
    to_pixels = torch.tensor([[16.0, 0, 16], [0, 16, 16], [0, 0, 1]])
    return (torch.linalg.inv(to_pixels) @ matrix @ to_pixels).flatten(1)


def steps_fixture():
    """Two steps of SGD (rate in the fixture), Nesterov 0.9, decay 5e-4, for each transformation and loss."""
    draws = json.loads(subprocess.check_output(['node', '--import', 'tsx', 'bench/oracles/aet-draws.ts'], cwd=ROOT))
    images = np.random.RandomState(4).randint(0, 256, (4, SIDE, SIDE, 3)).astype(np.uint8)
    fixture = {'normalisation': {'mean': MEAN, 'std': STD}, 'images': array(images), 'cases': []}
    for kind, components in (('affine', 6), ('projective', 8)):
        for loss_name, rate in (('parameters', 0.1), ('matrix', 0.01)):
            generator = torch.Generator().manual_seed(3)
            net, linear = Nin(8, 3), nn.Linear(16, components)
            randomise(net, generator)
            with torch.no_grad():
                linear.weight.uniform_(-0.25, 0.25, generator=generator)
                linear.bias.uniform_(-0.25, 0.25, generator=generator)
            before = weights(net)
            head = {'linear/kernel': array(linear.weight.T), 'linear/bias': array(linear.bias)}
            model = Model(net, linear, kind == 'affine')
            optimiser = torch.optim.SGD(model.parameters(), rate, momentum=0.9, nesterov=True, weight_decay=5e-4)
            losses = []
            for step in range(2):
                drawn = draws[kind][step]
                if kind == 'affine':
                    coefficients = [affine_coefficients(draw) for draw in drawn]
                    targets = torch.tensor([affine_target(draw) for draw in drawn])
                else:
                    coefficients = [projective_coefficients(draw) for draw in drawn]
                    targets = torch.tensor(np.array([projective_target(one) for one in coefficients]), dtype=torch.float32)
                transformed = np.stack([warp(image.astype(np.float64), one) for image, one in zip(images, coefficients)])
                estimates = model(images, transformed)
                if loss_name == 'parameters':
                    loss = ((estimates - targets) ** 2).mean()
                else:
                    matrices = affine_matrices if kind == 'affine' else projective_matrices
                    loss = 0.5 * ((matrices(estimates) - matrices(targets)) ** 2).sum(1).mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                losses.append(loss.item())
            fixture['encoder'] = before
            fixture['cases'].append({
                'transformation': kind, 'loss': loss_name, 'rate': rate, 'decoder': head, 'losses': losses,
                'after': {
                    'encoder/block1_conv1/kernel': array(net.blocks[0][0].conv.weight.permute(2, 3, 1, 0)),
                    'encoder/block2_bn1/moving_mean': array(net.blocks[1][0].bn.running_mean),
                    'decoder/linear/kernel': array(linear.weight.T),
                },
            })
    return fixture


if __name__ == '__main__':
    path = ROOT / 'packages/tasks/src/pretext/aet/aet.reference.json'
    path.write_text(json.dumps({'pillow': pillow_fixture(), 'training': steps_fixture()}) + '\n')
    print(path, path.stat().st_size, 'bytes')
