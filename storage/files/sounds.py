"""Knows recordings, videos and documents by their first bytes, whatever they are called."""

import re

# Described in RFC 2361, RFC 3533, RFC 4867, RFC 8794, ISO/IEC 14496-12 and ISO 32000.
_SIGNS = (
    (re.compile(rb"RIFF....WAVE", re.S), "audio/wav"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"#!AMR"), "audio/amr"),
    (re.compile(rb"fLaC"), "audio/flac"),
    (re.compile(rb"ID3[\x02-\x04]"), "audio/mpeg"),
    (re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), "audio/aac"),
    (re.compile(rb"\x1a\x45\xdf\xa3.{,60}(webm|matroska)", re.S), "audio/webm"),
    (re.compile(rb"....ftyp3g[p2]", re.S), "audio/3gpp"),
    (re.compile(rb"....ftyp(?!avi|hei|hev|mif|msf)", re.S), "audio/mp4"),
)
_PDF = re.compile(rb".{,1019}%PDF-", re.S)
# In both containers a picture track is named in the head of the file or, in MP4, wherever its index is.
_MP4_PICTURES = re.compile(rb"hdlr.{8}vide", re.S)
_WEBM_PICTURES = re.compile(rb"V_(VP[89]|AV1|MPEG4|MPEGH)", re.S)


def sound(data: bytes) -> str | None:
    """The media type of a recording; None where it is none."""
    for sign, type_ in _SIGNS:
        if sign.match(data):
            return type_
    return "audio/mpeg" if _mpeg_frame(data[:4]) else None


def moving(data: bytes, type_: str) -> bool:
    """Whether what could be a recording holds moving pictures."""
    if type_ in ("audio/mp4", "audio/3gpp"):
        return bool(_MP4_PICTURES.search(data))
    return type_ == "audio/webm" and bool(_WEBM_PICTURES.search(data[:65536]))


def pdf(data: bytes) -> bool:
    """Whether it is a PDF: readers take one whose head begins within the first 1024 bytes."""
    return bool(_PDF.match(data))


def _mpeg_frame(head: bytes) -> bool:
    """An MP3 without tags begins with a frame's head: sync, layer III, and a rate that there is."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3
