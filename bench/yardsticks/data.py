"""CIFAR-10 from a folder <split>/<class>/<image>: the images that our stages take, and their augmentation."""

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[2]
MEAN, STD = (torch.tensor(v).view(1, 3, 1, 1) for v in ([125.3, 123.0, 113.9], [63.0, 62.1, 66.7]))


def _place(path):
    """Our order: split, class, name; or the number with which `selfsup export` begins a name."""
    number = re.match(r'(\d+) ', path.name)
    return (int(number[1]) if number else 0, path.parent.name, path.name)


def subset(total, count, seed):
    """Indices that `{ "count": count }` chooses under a seed; a smaller count's are among them."""
    command = ['node', '--import', 'tsx', 'bench/yardsticks/subset.ts', str(total), str(count), str(seed)]
    return json.loads(subprocess.check_output(command, cwd=ROOT))


def load(folder, split, count=None, seed=1):
    """Raw images uint8 [N, 3, 32, 32] and classes [N] (alphabetical), all of a split or a subset of it."""
    paths = sorted((p for p in Path(folder, split).glob('*/*') if p.suffix.lower() in ('.jpg', '.jpeg', '.png')), key=_place)
    classes = sorted({p.parent.name for p in paths})
    if len(classes) != 10:
        raise SystemExit(f'{folder}/{split} holds {len(classes)} classes, not 10')
    chosen = paths if count is None else [paths[i] for i in subset(len(paths), count, seed)]
    images = np.stack([np.asarray(Image.open(path).convert('RGB')) for path in chosen])
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.tensor([classes.index(p.parent.name) for p in chosen])


def normalised(raw):
    """(x - mean) / std, channels last in memory."""
    return ((raw.float() - MEAN) / STD).contiguous(memory_format=torch.channels_last)


def augmented(raw, pad=4):
    """Each image padded with raw black, cropped anywhere, mirrored with probability one half."""
    count, side = len(raw), raw.shape[2]
    padded = F.pad(raw, (pad,) * 4)
    top, left = torch.randint(0, 2 * pad + 1, (2, count, 1))
    across = torch.arange(side).expand(count, side)
    across = torch.where(torch.rand(count, 1) < 0.5, side - 1 - across, across)
    rows, columns = top + torch.arange(side), left + across
    index = torch.arange(count).view(-1, 1, 1, 1), torch.arange(3).view(1, 3, 1, 1)
    return padded[*index, rows[:, None, :, None], columns[:, None, None, :]]
