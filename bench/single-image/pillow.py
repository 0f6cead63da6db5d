"""Pillow in two processes: images/s of the chain with JPEG encoding; then some images as raw bytes, to compare.

Settings as JSON in the file named on the command line: picture, size, draws, and where to write raw images.
"""
import json
import pathlib
import sys
import time
from multiprocessing import Pool

from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracles"))
from pillow_chain import as_jpeg, augmented  # noqa: E402

settings = json.loads(pathlib.Path(sys.argv[1]).read_text())
picture = Image.open(settings["picture"]).convert("RGB")


def make(draws):
    return len(as_jpeg(augmented(picture, draws, settings["size"])))


if __name__ == "__main__":
    with Pool(2) as pool:
        pool.map(make, settings["draws"][:20])
        start = time.perf_counter()
        pool.map(make, settings["draws"], chunksize=16)
        seconds = time.perf_counter() - start
    raw = b"".join(augmented(picture, draws, settings["size"]).tobytes() for draws in settings["draws"][:64])
    pathlib.Path(settings["to"]).write_bytes(raw)
    print(json.dumps({"imagesPerSecond": len(settings["draws"]) / seconds}))
