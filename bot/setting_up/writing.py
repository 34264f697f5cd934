"""What stands already, and writing what was answered: the group, who runs it, and `.env`, all or nothing."""

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.base import Here
from bot.commands.facilitators import new_link
from bot.setting_up import env_file
from bot.setting_up.asking import Interview
from bot.setting_up.questions import SETTINGS, Answers
from bot.settings import Settings, load
from storage.care import safety
from storage.erasure import auditing
from storage.members import groups, people
from storage.members.groups import Complaint, Home

PRACTISES = "{} is the example group, which is for practising. Choose another code."
BEGINS: Answers = {
    "name": "",
    "outside_name": "Takepart",
    "timezone": "Europe/London",
    "hours": "9-20",
    "languages": "en",
    "owner": "",
    "helper": "",
    "helper_phone": "",
    "contact": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was set up. `link` lets its owner in to the pages, where they were asked for."""

    home: Home
    new: bool
    owner: str
    link: str
    settings: Settings
    restart: bool  # whether a service that runs has other settings


async def set_up(here: Here, interview: Interview) -> Done:
    """Ask for everything, then write it. Raise Complaint or SettingsError with nothing written."""
    async with here.db.read() as conn:
        homes = await groups.list_groups(conn)
    real = [one for one in homes if not one.practice]
    only = real[0].code if len(real) == 1 else ""
    code = interview.code(only, functools.partial(_code, homes))
    home = next((one for one in homes if one.code == code), None)
    stands = BEGINS | _set(here.settings)
    if home:
        async with here.db.read() as conn:
            stands |= await _standing(conn, here, home)
    answers = await interview.rest(stands, known=home is not None)
    changes = {name: answer for name, answer in answers.items() if answer != stands[name]}
    settings = {SETTINGS[name]: answer for name, answer in changes.items() if name in SETTINGS}
    with env_file.changed(settings) as copy:
        after = dataclasses.replace(here, settings=load(copy))
        async with here.db.write() as conn:
            made = home or await _made(conn, here, code, answers)
            await _written(conn, here, made, answers, changes)
            owner = answers["owner"] if "owner" in interview.answered else ""
            link = await _link(conn, after, made, owner) if owner else ""
            if settings:
                env_file.replace(copy)  # the last thing that may fail, so that both are there or neither
    return Done(
        home=made, new=home is None, owner=owner, link=link, settings=after.settings, restart=bool(settings)
    )


def _code(homes: Sequence[Home], typed: str) -> str:
    code = groups.code_of(typed)
    if any(one.practice for one in homes if one.code == code):
        raise Complaint(PRACTISES.format(code))
    return code


def _set(settings: Settings) -> Answers:
    """The settings that stand."""
    fields = {str(one.validation_alias): name for name, one in Settings.model_fields.items()}
    found = {name: getattr(settings, fields[setting]) for name, setting in SETTINGS.items()}
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value or ""
        for name, value in found.items()
    }


async def _standing(conn: AsyncConnection, here: Here, home: Home) -> Answers:
    """What was settled of a group."""
    languages = (await groups.rules_of(conn, home.id)).languages or (home.language,)
    staff = await people.facilitators(conn, home.id, here.secrets)
    helper, phone = await people.helper_of(conn, home.id, here.secrets)
    contacts = await safety.named(conn, home.id)
    return {
        "name": home.name,
        "outside_name": home.outside_name,
        "timezone": home.zone,
        "hours": home.hours,
        "languages": " ".join(languages),
        "owner": next((one.name for one in staff if one.permission == "owner"), ""),
        "helper": next((one.name for one in staff if one.id == helper), ""),
        "helper_phone": phone,
        "contact": contacts[0][1] if contacts else "",
    }


async def _made(conn: AsyncConnection, here: Here, code: str, answers: Answers) -> Home:
    return await groups.add_group(conn, id=here.ids(), code=code, name=answers["name"], now=here.now)


async def _written(conn: AsyncConnection, here: Here, home: Home, answers: Answers, changes: Answers) -> None:
    """Change what is different now, and nothing else."""
    languages = answers["languages"].split()
    if changes.keys() & {"name", "outside_name", "timezone", "hours", "languages"}:
        await groups.change_group(
            conn,
            home.id,
            name=answers["name"],
            outside_name=answers["outside_name"],
            zone=answers["timezone"],
            hours=answers["hours"],
            language=languages[0],
        )
    if "languages" in changes:
        several = answers["languages"] if len(languages) > 1 else ""
        await groups.settle(conn, home.id, {"languages": several})
    if answers["owner"] and "owner" in changes:
        await _person(conn, here, home, answers["owner"], "owner")
    if changes.keys() & {"helper", "helper_phone"}:
        helper = await _person(conn, here, home, answers["helper"])
        phone = answers["helper_phone"]
        await people.name_helper(conn, home.id, helper, phone=phone, secrets=here.secrets)
    if "contact" in changes:
        contact = await _person(conn, here, home, answers["contact"])
        await safety.name_contact(conn, home.id, contact, here.secrets, any_hour=False, first=True)
    if changes:
        await auditing.record(conn, ids=here.ids, group=home.id, did="set up", now=here.now)


async def _person(
    conn: AsyncConnection, here: Here, home: Home, name: str, permission: str = "facilitator"
) -> str:
    """The id of whoever of that name runs the group, added where nobody does."""
    staff = await people.facilitators(conn, home.id, here.secrets)
    if not any(one.name.casefold() == name.casefold() for one in staff):
        id_ = here.ids()
        row = {"id": id_, "group": home.id, "name": name, "permission": permission}
        await people.add_facilitator(conn, **row, now=here.now)
        return id_
    found = await safety.staff_member(conn, home.id, name, here.secrets)
    await people.appoint(conn, home.id, found.id, here.secrets, permission=permission)
    return found.id


async def _link(conn: AsyncConnection, here: Here, home: Home, owner: str) -> str:
    return await new_link(here, conn, (await safety.staff_member(conn, home.id, owner, here.secrets)).id)
