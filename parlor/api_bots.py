"""The JSON door of bots: parse, call one verb, answer."""

from parlor import accounts, bots, chat
from parlor.errors import BotNotFound, Invalid, NameClaimed, NameTaken, NotAllowed, WebhookInvalid
from parlor.openapi import BAD_NAME, IN_A_ROOM, answers, door
from parlor.schemas import InRoom
from parlor.schemas_bots import ABot, BotList, MadeBot, NewBot
from parlor.times import iso

TAKEN = (NameTaken, NameClaimed)

api_bots = door("bots", "Programs that talk in one room, with a key of their own.")


@api_bots.post(
    "/chat/rooms/<code>/bots",
    responses=answers(201, MadeBot, *IN_A_ROOM, NotAllowed, *BAD_NAME, *TAKEN, WebhookInvalid),
)
def make_bot(path: InRoom, body: NewBot):
    """Make a bot in one's own room. Its key is shown this once."""
    made = bots.make(find_place(path.code), body.name, body.webhook)
    return {"bot": shown(made.bot, made.name), "key": made.key, "secret": made.secret}, 201


@api_bots.get(
    "/chat/rooms/<code>/bots",
    responses=answers(200, BotList, *IN_A_ROOM, NotAllowed),
)
def list_bots(path: InRoom):
    """The bots in one's own room."""
    return {"bots": [shown(*found) for found in bots.of(find_place(path.code))]}


@api_bots.delete(
    "/chat/rooms/<code>/bots/<bot_id>",
    responses=answers(204, None, *IN_A_ROOM, NotAllowed, BotNotFound, Invalid),
)
def remove_bot(path: ABot):
    """Take a bot away: its key is good for nothing from now on."""
    bots.remove(find_place(path.code), path.bot_id)
    return "", 204


def shown(bot, name):
    return {
        "id": bot.id,
        "user_id": bot.user_id,
        "name": name,
        "webhook": bot.webhook,
        "created_at": iso(bot.created_at),
    }


def find_place(code):
    return chat.find_place(code, accounts.claim(), accounts.address())
