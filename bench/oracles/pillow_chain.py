"""Pillow's side of the single-image chain: the same parameters, as Asano et al.'s script applies them.

As a module for bench/single-image/pillow.py; as a script writes the fixture of packages/data/src/sources/single-image.
"""
import io
import math

import numpy as np
from PIL import Image, ImageEnhance


def inverse_affine(rotation, shear, side):
    """Of torchvision's RandomAffine around the middle of a side x side image, with a shear along x."""
    angle, tan = math.radians(rotation), math.tan(math.radians(shear))
    a, b = math.cos(angle), -math.cos(angle) * tan - math.sin(angle)
    c, d = math.sin(angle), -math.sin(angle) * tan + math.cos(angle)
    middle = side / 2
    return (d, -b, -d * middle + b * middle + middle, -c, a, c * middle - a * middle + middle)


def turn_hue(image, amount):
    h, s, v = image.convert("HSV").split()
    turned = (np.asarray(h, np.int16) + int(amount * 255)) % 256
    return Image.merge("HSV", (Image.fromarray(turned.astype(np.uint8)), s, v)).convert("RGB")


def augmented(source, draws, size):
    """One image of `source` (a loaded RGB image) with the drawn parameters, as a Pillow image."""
    wide = int(math.sqrt(2) * size)
    area = draws["area"]
    box = (area["left"], area["top"], area["right"], area["bottom"])
    image = source.resize((wide, wide), Image.BICUBIC, box=box)
    matrix = inverse_affine(draws["rotation"], draws["shear"], wide)
    image = image.transform((wide, wide), Image.AFFINE, matrix, Image.BILINEAR, fillcolor=(0, 0, 0))
    border = (wide - size) // 2
    image = image.crop((border, border, border + size, border + size))
    for change in draws["colours"]:
        what, amount = change["what"], change["amount"]
        if what == "brightness":
            image = ImageEnhance.Brightness(image).enhance(amount)
        elif what == "contrast":
            image = ImageEnhance.Contrast(image).enhance(amount)
        elif what == "saturation":
            image = ImageEnhance.Color(image).enhance(amount)
        elif what == "hue":
            image = turn_hue(image, amount)
    return image


def as_jpeg(image):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, subsampling="4:2:0")
    return out.getvalue()
