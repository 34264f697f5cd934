"""Makes a photo fit to keep: upright, in plain colours, with nothing in it but what can be seen."""

import re
from functools import cache
from io import BytesIO

import pillow_heif
from PIL import Image, ImageCms, ImageOps
from PIL.JpegImagePlugin import get_sampling

from storage.files.prepared import MOST_PIXELS, Prepared, Refused, broken, too_many_pixels

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF", "TIFF", "BMP")
_SIGN = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|RIFF....WEBP|GIF8[79]a|....ftyp(avi[fs]|hei|hev|mif1|msf1)"
    rb"|II[*+]\0|MM\0[*+]|BM.{4}\0\0\0\0",
    re.S,
)
QUALITY = 92
THUMB = 480  # pixels along the longer side


def picture(data: bytes) -> bool:
    """Whether it begins like a picture that we can open."""
    return bool(_SIGN.match(data))


def clean(data: bytes) -> Prepared:
    """Open a picture, turn it upright and save what is seen as a new one; raise Refused."""
    _with_heif()
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise too_many_pixels()
            return _kept(opened, data)
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_many_pixels() from error
    except Exception as error:  # a decoder may raise anything at a file that is broken on purpose
        raise broken("photo", type(error).__name__) from error


@cache
def _with_heif() -> None:
    pillow_heif.register_heif_opener()


def _kept(opened: Image.Image, data: bytes) -> Prepared:
    lossy = _lossy(opened, data)
    sampling = get_sampling(opened) if opened.format == "JPEG" else -1
    ImageOps.exif_transpose(opened, in_place=True)
    seen = _plain(_in_srgb(opened), lossy=lossy)
    out = BytesIO()
    if lossy:
        seen.save(out, "JPEG", quality=QUALITY, subsampling=sampling if sampling >= 0 else 0)
    else:
        seen.save(out, "PNG")
    return Prepared(
        kind="photo",
        type="image/jpeg" if lossy else "image/png",
        data=out.getvalue(),
        thumb=_thumb(seen),
        width=seen.width,
        height=seen.height,
    )


def _lossy(opened: Image.Image, data: bytes) -> bool:
    """Whether the picture has lost detail already: if not, it must not lose any here."""
    if opened.format == "WEBP":
        return b"VP8L" not in data[:64] and opened.mode == "RGB"
    return opened.format in ("JPEG", "MPO", "HEIF", "AVIF")


def _in_srgb(image: Image.Image) -> Image.Image:
    """The colours as any screen shows them, so that the profile can go."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    try:
        theirs = ImageCms.ImageCmsProfile(BytesIO(profile))
        alpha = image.getchannel("A") if image.mode == "RGBA" else None
        flat = image.convert("RGB") if alpha else image
        out = ImageCms.profileToProfile(flat, theirs, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image  # a broken profile is no reason to lose a photo
    if out is None:
        return image
    if alpha:
        out.putalpha(alpha)
    return out


def _plain(image: Image.Image, *, lossy: bool) -> Image.Image:
    """A new image of the pixels alone, in a mode that its format can hold."""
    if image.has_transparency_data and lossy:
        under = Image.new("RGB", image.size, "white")
        under.paste(image.convert("RGB"), mask=image.convert("RGBA").getchannel("A"))
        return under
    if image.has_transparency_data:
        seen = image.convert("RGBA")
    elif lossy or image.mode not in ("1", "L", "RGB", "I;16"):
        seen = image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")
    else:
        seen = image.copy()
    seen.info = {}
    return seen


def _thumb(seen: Image.Image) -> bytes:
    small = seen if max(seen.size) <= THUMB else ImageOps.contain(seen, (THUMB, THUMB))
    out = BytesIO()
    _plain(_eight_bit(small), lossy=True).save(out, "JPEG", quality=80)
    return out.getvalue()


def _eight_bit(image: Image.Image) -> Image.Image:
    """Pillow's own conversion of 16 bits to 8 cuts off instead of scaling."""
    return image.point(lambda value: value / 256, "L") if image.mode == "I;16" else image
