"""What channels and needs are called on the pages: by themselves, and in the middle of a sentence."""

from collections.abc import Mapping

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

CHANNELS: Mapping[str, str] = {"telegram": "Telegram", "sms": "Text", "voice": "Phone"}
BY: Mapping[str, str] = {
    "telegram": "on Telegram",
    "sms": "by text",
    "voice": "by phone",
    "paper": "in person or on paper",
}
NEEDS: Mapping[str, str] = {  # those that are not written as they are kept
    "bsl": "British Sign Language",
    "braille": "Braille",
    "relay uk": "Relay UK",
}
AGREED: Mapping[str, str] = {  # what people agree to
    "join": "Joining the group",
    "outside": "Showing something outside the group",
}


def channel(one: str) -> str:
    """Telegram: as a word by itself."""
    return CHANNELS.get(one, one)


def by(one: str) -> str:
    """On Telegram: how something came or goes."""
    return BY.get(one, one)


def need(one: str) -> str:
    """British Sign Language, hearing loop: what somebody needs."""
    return NEEDS.get(one, one)


def spaced(number: str) -> str:
    """+44 1632 960000: a number as people read it."""
    try:
        return format_number(parse(number), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return number


def capital(sentence: str) -> str:
    """The same with a capital at its beginning, and nothing else changed."""
    return sentence[:1].upper() + sentence[1:]
