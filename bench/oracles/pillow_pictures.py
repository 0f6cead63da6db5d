"""Writes packages/data/src/pictures/native/pillow.fixture.json: what Pillow makes of one synthetic picture by each operation."""

import json
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

warnings.filterwarnings("ignore")
fixture = Path(__file__).parents[2] / "packages/data/src/pictures/native/pillow.fixture.json"

height, width = 37, 53
y, x = np.mgrid[0:height, 0:width]
pixels = np.stack([(x * 7 + y * 3) % 256, (x * x + 5 * y) % 256, ((x ^ y) * 9) % 256], -1).astype(np.uint8)
picture = Image.fromarray(pixels)
box, size = (5, 4, 45, 33), (16, 12)
small = picture.crop((0, 0, *size))


def turned(image, turns):
    """The image with its hue turned by a part of a circle, as torchvision does it: eight bits that wrap around."""
    hue, saturation, value = image.convert("HSV").split()
    shifted = np.array(hue, dtype=np.uint8) + np.uint8(int(turns * 255) % 256)
    return Image.merge("HSV", (Image.fromarray(shifted, "L"), saturation, value)).convert("RGB")


with np.errstate(over="ignore"):
    results = {
        "bilinear": picture.crop(box).resize(size, Image.BILINEAR),
        "bicubic": picture.crop(box).resize(size, Image.BICUBIC),
        "bicubicUp": picture.crop((10, 10, 18, 16)).resize(size, Image.BICUBIC),
        "affine": picture.transform(
            size, Image.AFFINE, (0.9, 0.4, -3.5, -0.3, 1.1, 2.25), Image.BILINEAR, fillcolor=(0, 0, 0)
        ),
        "grayBilinear": picture.convert("L").crop(box).resize(size, Image.BILINEAR),
        "brightness": ImageEnhance.Brightness(small).enhance(1.37),
        "contrast": ImageEnhance.Contrast(small).enhance(0.63),
        "saturation": ImageEnhance.Color(small).enhance(1.4),
        "hue": turned(small, 0.1),
        "hueBack": turned(small, -0.07),
        "grey": small.convert("L").convert("RGB"),
    }
flat = {name: np.asarray(image).reshape(-1).tolist() for name, image in results.items()}
fixture.write_text(json.dumps(flat, separators=(",", ":")))
