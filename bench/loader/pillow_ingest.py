"""Ingestion of JPEGs as Pillow does it, 2 processes: decode (draft), shorter side to 256, JPEG of quality 95."""
import glob, io, json, sys, time
from multiprocessing import Pool

from PIL import Image

settings = json.loads(sys.argv[1])


def ingest(name):
    with open(name, "rb") as file:
        image = Image.open(io.BytesIO(file.read()))
    shorter = min(image.size)
    if shorter > 256:
        width, height = (256 if side == shorter else 256 * side // shorter for side in image.size)
        image.draft("RGB", (width, height))
        image = image.convert("RGB").resize((width, height), Image.BILINEAR)
    image = image.convert("RGB")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, subsampling="4:2:0")
    return out.getvalue()


if __name__ == "__main__":
    files = sorted(glob.glob(settings["folder"] + "/*")) * settings["copies"]
    with Pool(2) as pool:
        pool.map(ingest, files[:50])
        start = time.perf_counter()
        with open(settings["to"], "wb") as store:
            for jpeg in pool.imap(ingest, files, chunksize=16):
                store.write(jpeg)
            store.flush()
        print(json.dumps({"imagesPerSecond": len(files) / (time.perf_counter() - start)}))
