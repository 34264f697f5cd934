"""What members send is kept whole and upright, with nothing in it that they did not mean to show."""

import os
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pillow_heif
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from storage.files.cleaning import prepare
from storage.files.prepared import MOST_BYTES, Kind, Prepared, Refused
from tests.scenes import house

PLACE = "SECRET-PLACE"
GPS, ORIENTATION, DESCRIPTION = 0x8825, 0x0112, 0x010E


def halves(size: tuple[int, int] = (640, 480), mode: str = "RGB") -> Image.Image:
    """Red above, blue below: which way is up can be seen."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, size[1] // 2, *size))
    return image.convert(mode)


def telling(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[DESCRIPTION] = PLACE
    exif[GPS] = {1: "N", 2: (51.0, 30.0, 0.0), 29: PLACE}
    return exif.tobytes()


def saved(image: Image.Image, format: str, **how: Any) -> bytes:
    out = BytesIO()
    image.save(out, format, **how)
    return out.getvalue()


def heic(image: Image.Image, **how: Any) -> bytes:
    pillow_heif.register_heif_opener()
    return saved(image, "HEIF", **how)


def png_with_words() -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", PLACE)
    words.add_itxt("XML:com.adobe.xmp", f"<x>{PLACE}</x>")
    return saved(halves(), "PNG", pnginfo=words, exif=telling())


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def looks(image: Image.Image, x: float, y: float) -> str:
    """The main colour at a place given as shares of width and height."""
    at = image.convert("RGB").getpixel((int(image.width * x), int(image.height * y)))
    assert isinstance(at, tuple)
    return "red" if at[0] > at[2] else "blue"


PICTURES: dict[str, tuple[Callable[[], bytes], str]] = {
    "jpeg": (
        lambda: saved(halves(), "JPEG", exif=telling(), comment=PLACE, xmp=PLACE.encode()),
        "image/jpeg",
    ),
    "two pictures in one": (
        lambda: saved(halves(), "MPO", save_all=True, append_images=[halves((99, 99))], exif=telling()),
        "image/jpeg",
    ),
    "grey jpeg": (lambda: saved(halves(mode="L"), "JPEG", exif=telling()), "image/jpeg"),
    "cmyk jpeg": (lambda: saved(halves(mode="CMYK"), "JPEG", exif=telling()), "image/jpeg"),
    "heic": (lambda: heic(halves(), exif=telling(), xmp=PLACE.encode()), "image/jpeg"),
    "avif": (lambda: saved(halves(), "AVIF", exif=telling(), xmp=PLACE.encode()), "image/jpeg"),
    "webp": (lambda: saved(halves(), "WEBP", exif=telling(), xmp=PLACE.encode()), "image/jpeg"),
    "lossless webp": (lambda: saved(halves(), "WEBP", lossless=True, exif=telling()), "image/png"),
    "png": (png_with_words, "image/png"),
    "gif": (lambda: saved(halves(mode="P"), "GIF", comment=PLACE), "image/png"),
    "moving gif": (
        lambda: saved(halves(mode="P"), "GIF", save_all=True, append_images=[halves((640, 480), "L")]),
        "image/png",
    ),
    "broken profile": (lambda: saved(halves(), "JPEG", icc_profile=PLACE.encode()), "image/jpeg"),
    "tiff": (lambda: saved(halves(), "TIFF", exif=telling()), "image/png"),
    "bmp": (lambda: saved(halves(), "BMP"), "image/png"),
    "deep png": (lambda: saved(halves(mode="I;16"), "PNG", exif=telling()), "image/png"),
}


@pytest.mark.parametrize("name", PICTURES)
async def test_a_picture_is_kept_at_full_size_with_nothing_hidden_in_it(name: str) -> None:
    make, type_ = PICTURES[name]
    kept = await prepare(make(), "photo")
    assert (kept.kind, kept.type, kept.width, kept.height) == ("photo", type_, 640, 480)
    for data in (kept.data, kept.thumb):
        image = opened(data)
        assert PLACE.encode() not in data
        assert not dict(image.getexif())
        assert not {"exif", "xmp", "icc_profile", "comment", "photoshop"} & set(image.info)


@pytest.mark.parametrize(
    ("orientation", "red"), [(1, (0.5, 0.1)), (3, (0.5, 0.9)), (6, (0.9, 0.5)), (8, (0.1, 0.5))]
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
async def test_a_picture_is_turned_upright(format: str, orientation: int, red: tuple[float, float]) -> None:
    pillow_heif.register_heif_opener()
    kept = await prepare(saved(halves(), format, exif=telling(orientation)), "photo")
    assert (kept.width > kept.height) == (orientation in (1, 3))
    for data in (kept.data, kept.thumb):
        image = opened(data)
        assert looks(image, *red) == "red"
        assert looks(image, 1 - red[0], 1 - red[1]) == "blue"


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP"])
async def test_what_was_exact_stays_exact(format: str) -> None:
    noise = Image.frombytes("RGB", (50, 40), os.urandom(50 * 40 * 3))
    kept = await prepare(saved(noise, format), "photo")
    assert opened(kept.data).tobytes() == noise.tobytes()


async def test_a_photo_keeps_its_detail() -> None:
    noise = Image.effect_noise((300, 200), 60).convert("RGB")
    sent = saved(noise, "JPEG", quality=92, subsampling=0)
    kept = await prepare(sent, "photo")
    assert len(kept.data) > 0.8 * len(sent)


async def test_what_can_be_seen_through_stays_so() -> None:
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    kept = await prepare(saved(clear, "PNG"), "photo")
    assert opened(kept.data).getpixel((5, 5)) == (255, 0, 0, 0)
    white = opened(kept.thumb).getpixel((5, 5))
    assert isinstance(white, tuple)
    assert min(white) > 250


async def test_colours_of_another_profile_become_those_of_any_screen() -> None:
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = swapped.index(b"rXYZ"), swapped.index(b"bXYZ")
    swapped[red : red + 4], swapped[blue : blue + 4] = b"bXYZ", b"rXYZ"
    kept = await prepare(saved(Image.new("RGB", (40, 40), "red"), "PNG", icc_profile=bytes(swapped)), "photo")
    assert looks(opened(kept.data), 0.5, 0.5) == "blue"


async def test_a_thumbnail_is_small_and_in_proportion() -> None:
    kept = await prepare(saved(halves((2000, 1000)), "JPEG"), "photo")
    assert opened(kept.thumb).size == (480, 240)
    assert opened((await prepare(saved(halves((40, 20)), "PNG"), "photo")).thumb).size == (40, 20)


MP4 = b"\0\0\0\x18ftyp%s\0\0\0\0isom" + b"\0" * 40
SOUNDS = {
    "wav": (b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 20, "audio/wav"),
    "mp3 with tags": (b"ID3\x04\0\0" + b"\0" * 20, "audio/mpeg"),
    "mp3": (b"\xff\xfb\x90\x64" + b"\0" * 20, "audio/mpeg"),
    "ogg": (b"OggS\0\x02" + b"\0" * 22 + b"\x01\x13OpusHead", "audio/ogg"),
    "amr": (b"#!AMR\n" + b"\0" * 20, "audio/amr"),
    "aac": (b"\xff\xf1\x50\x80" + b"\0" * 20, "audio/aac"),
    "m4a": (MP4 % b"M4A ", "audio/mp4"),
    "mp4": (MP4 % b"mp42", "audio/mp4"),
    "3gp": (MP4 % b"3gp4", "audio/3gpp"),
    "webm": (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "audio/webm"),
}


@pytest.mark.parametrize("name", SOUNDS)
async def test_a_recording_is_kept_as_it_came(name: str) -> None:
    data, type_ = SOUNDS[name]
    assert await prepare(data, "photo") == Prepared(kind="voice", type=type_, data=data)


def tall_png(width: int, height: int) -> bytes:
    """A few bytes that say they are an enormous picture."""
    data = bytearray(saved(Image.new("1", (8, 8)), "PNG"))
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


REFUSED: dict[str, tuple[Callable[[], bytes], Kind, str]] = {
    "too many bytes": (
        lambda: b"\xff\xd8\xff" + bytes(MOST_BYTES),
        "photo",
        "That photo was larger than 20 MB",
    ),
    "a long recording": (lambda: b"ID3\x04" + bytes(MOST_BYTES), "voice", "That recording was larger"),
    "51 megapixels": (lambda: tall_png(10_000, 5_100), "photo", "50 megapixels"),
    "a bomb": (lambda: tall_png(60_000, 60_000), "photo", "50 megapixels"),
    "cut short": (lambda: saved(halves(), "JPEG")[:900], "photo", "send it again"),
    "only a head": (lambda: b"\x89PNG\r\n\x1a\n", "photo", "send it again"),
    "heic head": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "photo", "send it again"),
    "a web page called a photo": (lambda: b"<html><script>", "photo", "could not use that file"),
    "a drawing that can run": (lambda: b"<svg onload='x()'>", "photo", "could not use that file"),
    "a program": (lambda: b"MZ\x90\0", "file", "could not use that file"),
    "nothing": (lambda: b"", "voice", "could not use that file"),
    "text with a mark": (lambda: "words".encode("utf-16"), "voice", "could not use that file"),
    "a PDF called a photo": (lambda: b"%PDF-1.7", "photo", "could not use that file"),
    "a video": (lambda: MP4 % b"mp42" + b"hdlr" + b"\0" * 8 + b"vide", "voice", "videos yet"),
    "a web video": (lambda: SOUNDS["webm"][0] + b"V_VP8", "voice", "videos yet"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_kept_gets_a_kind_answer(name: str) -> None:
    make, kind, says = REFUSED[name]
    with pytest.raises(Refused) as caught:
        await prepare(make(), kind)
    assert says in house()(caught.value.name, what=house()(f"file.{caught.value.kind}"))
    assert caught.value.sentence.endswith(".")


async def test_a_document_for_a_brief_may_be_a_pdf() -> None:
    data = b"%PDF-1.7 ..."
    assert await prepare(data, "file") == Prepared(kind="file", type="application/pdf", data=data)
