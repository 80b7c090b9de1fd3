"""What goes in and out of the JSON routes of bots."""

from parlor.schemas import Answer, Given, InRoom, Name, left_out, number, words


class NewBot(Given):
    """`webhook`: a public address that gets what is said to the bot."""

    name: Name
    webhook: left_out(words(500, description="An http or https address."))


class ABot(InRoom):
    bot_id: number("bot_id")


class Bot(Answer):
    """`user_id` is who its messages are from."""

    id: int
    user_id: int
    name: str
    webhook: str | None
    created_at: str


class MadeBot(Answer):
    """`key` posts as the bot, `secret` signs what its webhook gets. Both are told this once."""

    bot: Bot
    key: str
    secret: str


class BotList(Answer):
    bots: list[Bot]
