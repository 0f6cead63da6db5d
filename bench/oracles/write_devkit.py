"""Writes the small meta.mat that packages/data/src/sources/imagenet/imagenet.test.ts reads; needs scipy.

The fields are those of ILSVRC2012_devkit_t12/data/meta.mat: three classes, whose order by number is not that of their
wnids, and one synset above them.
"""
import pathlib

import numpy as np
import scipy.io

rows = [
    (1, "n02119789", "kit fox, Vulpes macrotis", "small grey fox of southwestern United States", 0, [], 0, 1300),
    (2, "n01440764", "tench, Tinca tinca", "freshwater dace-like game fish", 0, [], 0, 1300),
    (3, "n07565083", "menu", "a list of dishes — at a restaurant", 0, [], 0, 1300),
    (4, "n00001740", "entity", "that which is perceived", 3, [1, 2, 3], 1, 0),
]
names = ["ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children", "wordnet_height", "num_train_images"]
synsets = np.zeros((len(rows), 1), dtype=[(name, object) for name in names])
for i, row in enumerate(rows):
    for name, value in zip(names, row):
        text = isinstance(value, str)
        synsets[i, 0][name] = value if text else np.array([value] if not isinstance(value, list) else [value], dtype=float)
here = pathlib.Path(__file__).resolve().parents[2] / "packages/data/src/sources/imagenet"
scipy.io.savemat(here / "meta.fixture.mat", {"synsets": synsets}, do_compression=True)
scipy.io.savemat(here / "meta-plain.fixture.mat", {"synsets": synsets}, do_compression=False)
