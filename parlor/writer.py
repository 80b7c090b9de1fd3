"""The writer: stored, then shown.

Whoever posts gets in line. The first in line writes for all who wait: one transaction, then each
message to its room, in the order of its number, then each sender's answer. So one message waits
for nobody, and a thousand at once cost a few commits (group commit, as databases do for their
log: DeWitt et al., "Implementation Techniques for Main Memory Database Systems", 1984).
"""

import logging
import time
from collections import deque
from threading import Lock

from models import UNAVAILABLE, db
from parlor import relay
from parlor.errors import ChatError, Retry, ServerError
from parlor.logs import new_id
from parlor.messages import Outcome, store

BATCH = 200
"""Messages in one transaction."""

log = logging.getLogger(__name__)


class Ticket:
    """A draft's place in line."""

    def __init__(self, draft):
        self.draft = draft
        self.outcome = None


class Writer:
    def __init__(self):
        self.line = deque()
        self.turn = Lock()

    def post(self, draft):
        """Store and relay a draft. Returns the Posted that it came to, once that is committed.

        The same draft again gets what the first one got, and is not relayed. Raises RoomClosed,
        NotAMember, IdReused, Invalid; Retry when the database does not take it now; ServerError.
        """
        ticket = Ticket(draft)
        self.line.append(ticket)
        db.session.rollback()  # whoever waits in line holds no connection meanwhile
        while ticket.outcome is None:
            with self.turn:
                if ticket.outcome is None:
                    self.write()
        if ticket.outcome.error:
            raise ticket.outcome.error
        return ticket.outcome.posted

    def write(self):
        """Store and relay for those who are first in line, and give each their outcome."""
        time.sleep(0)  # whoever is ready to post this very moment gets in line too
        batch = [self.line.popleft() for _ in range(min(BATCH, len(self.line)))]
        outcomes = [Outcome(error=Retry())] * len(batch)
        try:
            outcomes = self.store([ticket.draft for ticket in batch])
        finally:
            for ticket, outcome in zip(batch, outcomes, strict=True):
                ticket.outcome = outcome
        for ticket in batch:
            if ticket.outcome.is_new:
                self.relay(ticket)

    def store(self, drafts):
        try:
            return store(drafts)
        except Exception as error:  # noqa: BLE001 - whatever it is, everyone gets an answer
            if len(drafts) == 1 or isinstance(error, (Retry, *UNAVAILABLE)):
                return [Outcome(error=refusal(error))] * len(drafts)
        return [self.store([draft])[0] for draft in drafts]  # one bad row takes no other with it

    def relay(self, ticket):
        try:
            relay.send_message(ticket.draft.room, ticket.outcome.posted)
        except Exception:
            log.exception("not relayed; the room's head will tell")


def refusal(error):
    """The ChatError to answer with: Retry only where trying again can help."""
    if isinstance(error, ChatError):
        return error
    answer = Retry() if isinstance(error, UNAVAILABLE) else ServerError(id=new_id())
    log.error("not stored error_id=%s", answer.details.get("id"), exc_info=error)
    return answer


writer = Writer()
