"""Everything that can go wrong for a person, with the text that they see.

An error is raised where its rule is broken and turned into an answer in one place per door:
`failures.py` for HTTP, `events.py` for sockets.
"""


class ChatError(Exception):
    """An answer that is a "no": what `answer()` says, under HTTP status `status`."""

    code = "invalid"
    status = 400
    message = "That cannot be read."
    field = None
    """The form field that the text stands beside, if it belongs to one."""

    def __init__(self, message=None, **details):
        self.message = message or self.message
        self.details = {"field": self.field, **details}
        super().__init__(self.message)

    def answer(self):
        """The one error shape of every door: `{"error": {"code", "message", ...}}`."""
        details = {key: value for key, value in self.details.items() if value is not None}
        return {"error": {"code": self.code, "message": self.message, **details}}


class Invalid(ChatError):
    pass


class Unprocessable(ChatError):
    """A field of a JSON request; `field` says which."""

    code, status = "unprocessable", 422


class NameMissing(ChatError):
    code, field, message = "name_missing", "name", "What should people call you?"


class NameTooLong(ChatError):
    code, field = "name_too_long", "name"

    def __init__(self, limit):
        super().__init__(f"That name is too long. {limit} characters is the most.")


class NameInvalid(ChatError):
    code, field = "name_invalid", "name"
    message = "That name has characters that cannot be seen. Please type it again."


class NameTaken(ChatError):
    code, status, field = "name_taken", 409, "name"

    def __init__(self, suggestion):
        text = f"That name is taken in this room. “{suggestion}” is free."
        super().__init__(text, suggestion=suggestion)


class NameClaimed(ChatError):
    code, status, field = "name_claimed", 409, "name"

    def __init__(self, suggestion):
        text = f"That name belongs to somebody. “{suggestion}” is free."
        super().__init__(text, suggestion=suggestion)


class PasswordMissing(ChatError):
    code, field, message = "password_missing", "password", "Type a password."


class PasswordTooShort(ChatError):
    code = "password_too_short"

    def __init__(self, least, field):
        text = f"That password is too short. {least} characters is the least."
        super().__init__(text, field=field)


class PasswordTooLong(ChatError):
    code = "password_too_long"

    def __init__(self, limit, field):
        text = f"That password is too long. {limit} characters is the most."
        super().__init__(text, field=field)


class PasswordWrong(ChatError):
    """Of someone who is signed in, and says it again."""

    code, status, field = "password_wrong", 403, "password"
    message = "That is not your password."


class SignInFailed(ChatError):
    """A wrong name and a wrong password are the same."""

    code, status, field = "sign_in_failed", 401, "password"
    message = "That name and password don't belong together."


class AlreadyClaimed(ChatError):
    code, status = "already_claimed", 409
    message = "You have an account already. Sign out first to make another."


class EmailInvalid(ChatError):
    code, field, message = (
        "email_invalid",
        "email",
        "An e-mail address looks like alice@example.org.",
    )


class FullNameInvalid(ChatError):
    code, field = "full_name_invalid", "full_name"
    message = "A full name has 80 characters at most, and none that cannot be seen."


class PictureInvalid(ChatError):
    code, field = "picture_invalid", "picture"
    message = "A picture's address begins with https:// and has 500 characters at most."


class LoginNotFound(ChatError):
    code, status, message = "login_not_found", 404, "There is no such session of yours."


class RoomNameTaken(ChatError):
    code, status, field = "room_name_taken", 409, "name"
    message = "An open room of that name is listed already."


class DescriptionTooLong(ChatError):
    code, field = "description_too_long", "description"

    def __init__(self, limit):
        super().__init__(f"That description is too long. {limit} characters is the most.")


class DescriptionInvalid(ChatError):
    code, field = "description_invalid", "description"
    message = "That description has characters that cannot be seen. Please type it again."


class PersonNotFound(ChatError):
    code, status, field = "person_not_found", 404, "name"
    message = "There is no account of that name."


class WebhookInvalid(ChatError):
    code, field = "webhook_invalid", "webhook"
    message = "A webhook is a public http or https address, on port 80, 443 or 8000 to 8999."


class BotNotFound(ChatError):
    code, status, message = "bot_not_found", 404, "There is no such bot in this room."


class CodeMissing(ChatError):
    code, field, message = "code_missing", "code", "Which room? Type its code."


class CodeMalformed(ChatError):
    code, field = "code_malformed", "code"
    message = "A room code is 4 letters and digits, like K7QP."


class RoomNotFound(ChatError):
    code, status, field = "room_not_found", 404, "code"
    message = "There is no open room with that code."


class SignInNeeded(ChatError):
    code, status, message = "sign_in_needed", 401, "That is for people who have signed in."


class NotAllowed(ChatError):
    code, status, message = "not_allowed", 403, "That is not yours to do."


class NotAMember(ChatError):
    code, status, message = "not_a_member", 403, "You are not in that room."


class CannotLeave(ChatError):
    code, status = "cannot_leave", 409
    message = "A conversation of two cannot be left."


class RoomClosed(ChatError):
    code, status, message = "room_closed", 410, "This room was closed."


class MessageMissing(ChatError):
    code, field, message = "message_missing", "message", "There is nothing to send."


class MessageTooLong(ChatError):
    code, field = "message_too_long", "message"

    def __init__(self, limit):
        super().__init__(f"That is too long. {limit:,} characters is the most.")


class MessageInvalid(ChatError):
    code, field = "message_invalid", "message"
    message = "That has characters that cannot be stored."


class IdReused(ChatError):
    code, status = "id_reused", 409
    message = "This id stands for another message."


class CrossSite(ChatError):
    code, status = "cross_site", 403
    message = "That came from another site, so nothing was done."


class NotFound(ChatError):
    code, status, message = "not_found", 404, "There is nothing here."


class MethodNotAllowed(ChatError):
    code, status, message = "method_not_allowed", 405, "That cannot be done here."


class TooLarge(ChatError):
    code, status, message = "too_large", 413, "That is more than can be sent at once."


class TooMany(ChatError):
    """Too fast. `retry_after`: whole seconds until it may be tried again, at least 1."""

    code, status = "too_many", 429

    def __init__(self, retry_after, reason="That was too fast."):
        unit = "second" if retry_after == 1 else "seconds"
        text = f"{reason} Try again in {retry_after} {unit}."
        super().__init__(text, retry_after=retry_after)


class ServerError(ChatError):
    """Our fault. `id` finds it in the log."""

    code, status = "server_error", 500
    message = "Something broke on our side. It has been noted."


class WebSocketOnly(ChatError):
    code, status = "websocket_only", 400
    message = (
        "Connect by WebSocket: long-polling would reach another process each time. "
        'With a Socket.IO client: transports: ["websocket"].'
    )


class Retry(ChatError):
    code, status = "retry", 503
    message = "The server is busy. Please try again."

    def __init__(self):
        super().__init__(retry_after=1)
