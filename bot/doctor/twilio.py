"""Looks at our numbers at Twilio: what they carry, and whether what comes finds its way here; sets that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.doctor.finding import Finding, bad, good, look
from bot.doctor.telegram import bare
from bot.settings import Settings
from channels.base import Trouble
from channels.twilio import Account
from channels.twilio_numbers import TRY_AGAIN, Hook, OurNumber

SET = "`takepart doctor --set-webhooks` sets it."
ALL = frozenset({"sms", "voice"})
PATHS = {"texts": "/twilio/sms", "calls": "/twilio/voice", "ended": "/twilio/voice/status"}
WHEN = {"texts": "a text comes in", "calls": "somebody rings", "ended": "a call is over"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What one of our numbers is for, and the settings that name it."""

    number: str
    setting: str
    texts: bool
    calls: bool

    @property
    def what(self) -> str:
        return f"twilio {self.number}"

    def hooks(self, number: OurNumber, public: str) -> dict[str, Hook]:
        """Where Twilio is to send what can come to it, so that it tries again when it fails."""
        able = number.carries or ALL
        wanted = ["texts"] if self.texts and "sms" in able else []
        wanted += ["calls", "ended"] if self.calls and "voice" in able else []
        return {one: Hook(url=f"{public}{PATHS[one]}{TRY_AGAIN}", method="POST") for one in wanted}


def uses(settings: Settings) -> list[Use]:
    """Our numbers; where there is a second one, calls are for that alone."""
    first, second = settings.twilio_number or "", settings.twilio_voice_number
    if not second or second == first:
        return [Use(number=first, setting="TWILIO_NUMBER", texts=True, calls=True)]
    return [
        Use(number=first, setting="TWILIO_NUMBER", texts=True, calls=False),
        Use(number=second, setting="TWILIO_VOICE_NUMBER", texts=False, calls=True),
    ]


async def set_webhooks(account: Account, settings: Settings) -> list[Finding]:
    """Have Twilio send here what comes to our numbers."""
    return [
        finding for use in uses(settings) for finding in await _set(account, use, settings.public_url or "")
    ]


async def examine(account: Account, settings: Settings) -> list[Finding]:
    """Each of our numbers; one finding only where Twilio can't be asked."""
    found: list[Finding] = []
    for use in uses(settings):
        try:
            number = await account.numbers.find(use.number)
        except Trouble as trouble:
            return [bad("twilio", f"The numbers can't be seen: {trouble.result.sentence}")]
        if number is None:
            said = f"It is not a number of this account: see that {use.setting} is one, with its country."
            found.append(bad(use.what, said))
            continue
        found += _abilities(use, number, settings)
        if settings.public_url:
            found += await _ways(account, use, number, use.hooks(number, settings.public_url))
    return found


async def _set(account: Account, use: Use, public: str) -> list[Finding]:
    try:
        number = await account.numbers.find(use.number)
        if number is None:
            return [bad(use.what, f"Nothing was set: {use.setting} is not a number of this account.")]
        standing = _standing(number)
        wanted = use.hooks(number, public)
        wrong = {one: hook for one, hook in wanted.items() if hook != standing[one]}
        if wrong:
            await account.numbers.set_hooks(number.sid, wrong)
    except Trouble as trouble:
        return [bad(use.what, f"Nothing was set: {trouble.result.sentence}")]
    if not wrong:
        return [good(use.what, "Everything was set already.")]
    return [good(use.what, _changed(one, standing[one], hook)) for one, hook in wrong.items()]


def _changed(one: str, before: Hook, hook: Hook) -> str:
    where = f"{bare(before.url)} by {before.method}" if before.url else "nowhere"
    return f"When {WHEN[one]}, Twilio now calls {hook.url} by {hook.method}; before it was {where}."


def _standing(number: OurNumber) -> dict[str, Hook]:
    return {"texts": number.texts, "calls": number.calls, "ended": number.ended}


def _abilities(use: Use, number: OurNumber, settings: Settings) -> Iterator[Finding]:
    """What the number carries, and what follows where it does not carry something."""
    carries = f"It carries {', '.join(sorted(number.carries)) or 'nothing'}"
    texts, calls = "sms" in number.carries, "voice" in number.carries
    if use.texts and not texts:
        yield bad(use.what, f"{carries}, so nobody can text: name one with SMS as TWILIO_NUMBER.")
    if use.calls and not calls:
        # With texts alone it serves many groups well enough.
        state = look if use.texts and texts else bad
        yield state(use.what, f"{carries}, so nobody can ring: name one with voice as TWILIO_VOICE_NUMBER.")
    if use.texts <= texts and use.calls <= calls:
        yield good(use.what, " ".join((f"{carries}.", *_follows(use, number, settings))))


def _follows(use: Use, number: OurNumber, settings: Settings) -> Iterator[str]:
    if use.texts and "mms" not in number.carries:
        yield "Pictures can't be texted, so other ways to send them are named."
    if use.texts:
        who = "Twilio" if settings.sms_optout == "twilio" else "Takepart"
        yield f"{who} answers STOP, START and HELP, as TAKEPART_SMS_OPTOUT says."


async def _ways(
    account: Account, use: Use, number: OurNumber, hooks: Mapping[str, Hook]
) -> Sequence[Finding]:
    """Whether each kind of thing that comes to the number comes on to us."""
    found: list[Finding] = []
    if use.texts:
        try:
            number = await account.numbers.with_service(number)
        except Trouble as trouble:
            said = f"Whether a messaging service takes its texts can't be seen: {trouble.result.sentence}"
            found.append(look(use.what, said))
    instead = {"texts": number.texts_instead, "calls": number.calls_instead, "ended": number.calls_instead}
    for one, hook in hooks.items():
        found += _way(use, one, _standing(number)[one], hook, instead=instead[one])
    found += _elsewhere(use, number)
    if not found:
        found.append(good(use.what, "What comes to it is sent here."))
    return found


def _way(use: Use, one: str, standing: Hook, hook: Hook, *, instead: str) -> Iterator[Finding]:
    right = _same(standing.url, hook.url)
    if instead and (one != "texts" or not right):
        if one != "ended":  # said already with the calls
            said = f"When {WHEN[one]}, {instead} takes it instead of us: take the number out of it."
            yield bad(use.what, f"{said} That is done in Twilio's console.")
    elif not standing.url:
        yield bad(use.what, f"When {WHEN[one]}, Twilio calls nobody. {SET}")
    elif not right:
        yield bad(use.what, f"When {WHEN[one]}, Twilio calls {bare(standing.url)} and not {hook.url}. {SET}")
    elif standing.method != hook.method:
        yield bad(use.what, f"When {WHEN[one]}, Twilio calls by {standing.method} and not by POST. {SET}")
    elif one != "ended" and "rc=" not in urlsplit(standing.url).fragment:
        said = f"When {WHEN[one]} and we don't answer, Twilio hardly tries again:"
        yield look(use.what, f"{said} {TRY_AGAIN} behind the address lets it. {SET}")


def _elsewhere(use: Use, number: OurNumber) -> Iterator[Finding]:
    for wanted, url, one in (
        (use.texts, number.texts_else, "texts"),
        (use.calls, number.calls_else, "calls"),
    ):
        if wanted and url:
            said = f"When {WHEN[one]} and we don't answer, {bare(url)} does: see that it is meant."
            yield look(use.what, said)


def _same(one: str, other: str) -> bool:
    """Whether two addresses are the same but for what stands behind them for Twilio."""
    parts, others = urlsplit(one), urlsplit(other)
    return parts._replace(fragment="") == others._replace(fragment="")
