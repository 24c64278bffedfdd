#!/usr/bin/env python3
"""Makes the image files beside it and expected.txt, with Pillow (13.0): name, width, height, and FNV-1a hashes of convert("RGB") and convert("L")."""
import pathlib
import struct

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
W, H = 23, 17


def scene():
    y, x = np.mgrid[0:H, 0:W].astype(np.float32)
    noise = np.random.default_rng(7).normal(0, 12, (H, W, 3))
    waves = np.stack([127 + 127 * np.sin(x / 3 + y / 5), x * 255 / W, 127 + 120 * np.cos((x - y) / 4)], -1)
    return Image.fromarray(np.clip(waves + noise, 0, 255).astype(np.uint8))


def bitmap(bits, compression, data, height, extra=b"", palette=b""):
    offset = 54 + len(extra) + len(palette)
    head = b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset)
    return head + struct.pack("<IiiHHIIiiII", 40, W, height, 1, bits, compression, len(data), 0, 0, len(palette) // 4, 0) + extra + palette + data


def run_lengths(rows, nibbles):
    out = b""
    for row in rows:
        at = 0
        while at < len(row):
            end = at
            while end < len(row) and row[end] == row[at]:
                end += 1
            out += bytes([end - at, row[at] * (17 if nibbles else 1)])
            at = end
        out += b"\0\0"
    return out + b"\0\1"


def files():
    rgb = scene()
    grey, bits = rgb.convert("L"), rgb.convert("1")
    alpha = rgb.copy()
    alpha.putalpha(Image.fromarray(np.random.default_rng(3).integers(0, 256, (H, W), dtype=np.uint8)))
    deep = Image.fromarray(np.array(grey).astype(np.uint16) * 3)
    pixels = np.array(rgb)
    for name, options in {"420": {"subsampling": 2}, "422": {"subsampling": 1}, "444": {"subsampling": 0, "quality": 95}, "progressive": {"progressive": True},
                          "restarts": {"restart_marker_blocks": 1}, "rgb": {"keep_rgb": True}}.items():
        yield f"{name}.jpg", rgb, options
    yield "grey.jpg", grey, {}
    yield "cmyk.jpg", rgb.convert("CMYK"), {}
    yield "rgb.png", rgb, {}
    yield "alpha.png", alpha, {}
    yield "grey.png", grey, {}
    yield "grey_alpha.png", alpha.convert("LA"), {}
    yield "bits.png", bits, {}
    yield "deep.png", deep, {}
    yield "palette2.png", rgb.quantize(4), {"bits": 2}
    yield "palette8.png", rgb.quantize(100), {"transparency": 0}
    yield "lossy.webp", rgb, {"quality": 50}
    yield "lossless.webp", rgb, {"lossless": True}
    yield "alpha.webp", alpha, {"quality": 60}
    yield "animated.webp", rgb, {"save_all": True, "append_images": [rgb.rotate(180)], "duration": 50}
    yield "rgb24.bmp", rgb, {}
    yield "alpha32.bmp", alpha, {}
    yield "palette8.bmp", rgb.quantize(50), {}
    yield "bits.bmp", bits, {}
    yield "grey.bmp", grey, {}
    for compression in ("raw", "tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg"):
        yield f"rgb_{compression}.tif", rgb, {"compression": compression}
    yield "cmyk.tif", rgb.convert("CMYK"), {"compression": "tiff_lzw"}
    yield "palette.tif", rgb.quantize(30), {"compression": "packbits"}
    yield "deep.tif", deep, {"compression": "tiff_lzw"}
    yield "float.tif", Image.fromarray(np.array(grey).astype(np.float32) * 1.5 - 40), {}
    yield "fax4.tif", bits, {"compression": "group4"}
    yield "turned.tif", rgb, {"tiffinfo": {274: 6}}
    yield "ycc.tif", rgb.convert("YCbCr"), {"compression": "tiff_lzw"}
    yield "lossless.jp2", rgb, {}
    yield "lossy.j2k", rgb, {"irreversible": True, "quality_mode": "rates", "quality_layers": [8]}
    yield "tiles.jp2", rgb, {"tile_size": (16, 16), "num_resolutions": 3}
    yield "grey.jp2", grey, {}
    yield "deep.jp2", deep, {}
    yield "alpha.jp2", alpha, {}
    yield "rgb.ppm", rgb, {}
    yield "grey.pgm", grey, {}
    yield "bits.pbm", bits, {}
    yield "float.pfm", Image.fromarray(np.array(grey).astype(np.float32) - 20), {}
    yield "palette.gif", rgb.quantize(60), {"interlace": 1}
    yield "grey.gif", grey, {"interlace": 0}
    yield "transparent.gif", rgb.quantize(16), {"transparency": 2}
    five = (pixels >> 3).astype(np.uint16)
    packed = (five[..., 0] << 11 | (pixels[..., 1] >> 2).astype(np.uint16) << 5 | five[..., 2])
    rows = b"".join(row.tobytes().ljust((2 * W + 3) // 4 * 4, b"\0") for row in packed)
    yield "rgb565.bmp", bitmap(16, 3, rows, -H, struct.pack("<III", 0xF800, 0x7E0, 0x1F)), None
    palette = bytes(np.random.default_rng(5).integers(0, 256, 64, dtype=np.uint8))
    indices = np.array(rgb.quantize(16)).tolist()[::-1]
    yield "runs8.bmp", bitmap(8, 1, run_lengths(indices, False), H, palette=palette * 16), None
    yield "runs4.bmp", bitmap(4, 2, run_lengths(indices, True), H, palette=palette), None
    text = f"P3\n# a comment\n{W} {H}\n100\n" + " ".join(str(int(v) * 100 // 255) for v in pixels.reshape(-1))
    yield "text.ppm", text.encode(), None
    yield "deep.ppm", b"P6 %d %d 1023\n" % (W, H) + (pixels.astype(">u2") * 4).tobytes(), None


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


lines = []
for name, content, options in files():
    if options is None:
        (HERE / name).write_bytes(content)
    else:
        content.save(HERE / name, **options)
    opened = Image.open(HERE / name)
    rgb, grey = opened.convert("RGB"), opened.convert("L")
    lines.append(f"{name} {rgb.width} {rgb.height} {fnv(rgb.tobytes()):016x} {fnv(grey.tobytes()):016x}\n")
(HERE / "expected.txt").write_text("".join(lines))
