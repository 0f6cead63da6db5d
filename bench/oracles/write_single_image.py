"""Writes packages/data/src/sources/single-image/pillow.fixture.json: Pillow's images of the draws on standard input.

node --import tsx bench/oracles/single-image-draws.ts | ~/.cache/selfsup-oracles/bin/python bench/oracles/write_single_image.py
"""
import json
import pathlib
import sys

import numpy as np
from PIL import Image

from pillow_chain import augmented

given = json.load(sys.stdin)
side = given["side"]
picture = Image.fromarray(np.array(given["pixels"], np.uint8).reshape(side, side, 3))
images = [
    {"index": one["index"], "pixels": np.asarray(augmented(picture, one["draws"], given["size"])).reshape(-1).tolist()}
    for one in given["images"]
]
to = pathlib.Path(__file__).resolve().parents[2] / "packages/data/src/sources/single-image/pillow.fixture.json"
to.write_text(json.dumps({"images": images}, separators=(",", ":")))
