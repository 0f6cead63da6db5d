"""Writes packages/data/src/pictures/formats/pillow.fixture.json: small BMP and PBM/PGM/PPM files and what Pillow reads in them, and a picture
turned by each EXIF orientation."""

import base64
import io
import json
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

fixture = Path(__file__).parents[2] / "packages/data/src/pictures/formats/pillow.fixture.json"

height, width = 5, 7
y, x = np.mgrid[0:height, 0:width]
pixels = np.stack([(x * 37 + y * 3) % 256, (x * x + 50 * y) % 256, ((x ^ y) * 29) % 256], -1).astype(np.uint8)
colour = Image.fromarray(pixels)
grey = colour.convert("L")


def saved(image, form):
    target = io.BytesIO()
    image.save(target, form)
    return target.getvalue()


def bmp_of_masks(bits, masks, values, top_down=False):
    """A BMP with a mask for each channel, which Pillow reads but does not write."""
    row = b"".join(v.to_bytes(bits // 8, "little") for v in values)
    row += bytes(-len(row) % 4)
    header = struct.pack("<IiiHHIIiiII", 40, len(values), -2 if top_down else 2, 1, bits, 3, 0, 0, 0, 0, 0)
    data = struct.pack("<3I", *masks) + row + row[::-1][: len(row)]
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + len(data), 0, 0, 14 + 40 + 12) + header + data


plain = "\n".join(" ".join(str(v) for v in row) for row in np.asarray(grey))
files = {
    "24.bmp": saved(colour, "BMP"),
    "palette.bmp": saved(colour.quantize(16), "BMP"),
    "grey.bmp": saved(grey, "BMP"),
    "1.bmp": saved(grey.convert("1"), "BMP"),
    "32.bmp": saved(colour.convert("RGBA"), "BMP"),
    "565.bmp": bmp_of_masks(16, (0xF800, 0x7E0, 0x1F), [0x1234, 0xFFFF, 0x8001, 0x07E0, 0x55AA, 3]),
    "topdown.bmp": bmp_of_masks(32, (0xFF0000, 0xFF00, 0xFF), [0x102030, 0xFEDCBA, 0x0A0B0C], True),
    "colour.ppm": saved(colour, "PPM"),
    "grey.pgm": saved(grey, "PPM"),
    "1.pbm": saved(grey.convert("1"), "PPM"),
    "plain.pgm": f"P2\n# a comment\n{width} {height} # another\n255\n{plain}\n".encode(),
    "plain.pbm": b"P1\n3 2\n101\n0 1 0\n",
    "plain.ppm": b"P3 2 1 15 0 7 15\n15 1 0",
    "sixteen.ppm": b"P6 2 1 65535\n" + struct.pack(">6H", 0, 65535, 257, 40000, 128, 1000),
}


def read(content):
    image = Image.open(io.BytesIO(content)).convert("RGB")
    return {"height": image.height, "width": image.width, "pixels": np.asarray(image).ravel().tolist()}


def oriented(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    target = io.BytesIO()
    colour.save(target, "PNG", exif=exif)
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(target.getvalue())))
    return {
        "png": base64.b64encode(target.getvalue()).decode(),
        "height": image.height,
        "width": image.width,
        "pixels": np.asarray(image).ravel().tolist(),
    }


results = {
    "files": {name: {"content": base64.b64encode(content).decode(), **read(content)} for name, content in files.items()},
    "stored": pixels.ravel().tolist(),
    "orientations": {str(orientation): oriented(orientation) for orientation in range(1, 9)},
}
fixture.write_text(json.dumps(results) + "\n")
