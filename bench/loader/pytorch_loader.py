"""One round of PyTorch's DataLoader: JPEGs of a folder, decode + random-resized crop 224 + flip + normalise; or CIFAR.

Settings as JSON on the command line; prints a JSON line with images/s. Current Pillow, decoder told how small the
picture may be (draft) and box-resize, as a careful user would write it.
"""
import glob, io, json, math, random, sys, time

import numpy as np
import torch
from PIL import Image

settings = json.loads(sys.argv[1])
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


class Jpegs(torch.utils.data.Dataset):
    def __init__(self, folder, repeat):
        self.files = [open(name, "rb").read() for name in sorted(glob.glob(folder + "/*"))] * repeat

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        image = Image.open(io.BytesIO(self.files[i]))
        full_w, full_h = image.size
        area, ratio = random.uniform(0.08, 1), math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w = min(full_w, round(math.sqrt(full_w * full_h * area * ratio)))
        h = min(full_h, round(math.sqrt(full_w * full_h * area / ratio)))
        x, y = random.randint(0, full_w - w), random.randint(0, full_h - h)
        # The scale at which the crop is still no smaller than 224.
        shrink = min(w, h) / 224
        if shrink >= 2:
            image.draft("RGB", (int(full_w / shrink), int(full_h / shrink)))
        image = image.convert("RGB")
        sx, sy = image.width / full_w, image.height / full_h
        image = image.resize((224, 224), Image.BILINEAR, box=(x * sx, y * sy, (x + w) * sx, (y + h) * sy))
        if random.random() < 0.5:
            image = image.transpose(Image.FLIP_LEFT_RIGHT)
        pixels = (np.asarray(image, np.float32) / 255 - MEAN) / STD
        return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


class Cifar(torch.utils.data.Dataset):
    """Pixels in memory; pad 4, random crop, flip, normalise, on arrays: the fastest that a Dataset of one image does."""

    def __init__(self, count):
        self.images = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), np.uint8)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        padded = np.zeros((40, 40, 3), np.uint8)
        padded[4:36, 4:36] = self.images[i]
        x, y = random.randint(0, 8), random.randint(0, 8)
        image = padded[y : y + 32, x : x + 32]
        if random.random() < 0.5:
            image = image[:, ::-1]
        return torch.from_numpy(((image.astype(np.float32) / 255 - MEAN) / STD).transpose(2, 0, 1).copy())


def main():
    torch.set_num_threads(2)
    if settings["what"] == "cifar":
        data = Cifar(settings["images"])
    else:
        data = Jpegs(settings["folder"], settings["repeat"])
    loader = torch.utils.data.DataLoader(
        data, batch_size=settings["batch"], num_workers=settings["workers"], shuffle=True, persistent_workers=True
    )
    for _ in loader:  # an epoch to warm up
        pass
    start = time.perf_counter()
    images = 0
    for batch in loader:
        images += len(batch)
    print(json.dumps({"imagesPerSecond": images / (time.perf_counter() - start)}))


if __name__ == "__main__":
    main()
