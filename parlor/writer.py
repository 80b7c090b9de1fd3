"""The writer: stored, then shown.

Whoever posts gets in line. The first in line writes for all who wait: one transaction, then each
message to its room, in the order of its number, then each sender's answer. So one message waits
for nobody, and a thousand at once cost a few commits (group commit, as databases do for their
log: DeWitt et al., "Implementation Techniques for Main Memory Database Systems", 1984).
"""

import logging
import time
from threading import Lock

from sqlalchemy.exc import OperationalError

from parlor import relay
from parlor.errors import ChatError, Retry
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
        self.line = []
        self.turn = Lock()

    def post(self, draft):
        """Store and relay a draft. Returns the Posted that it came to, once that is committed.

        The same draft again gets what the first one got, and is not relayed. Raises RoomClosed,
        NotAMember, IdReused, Invalid; and Retry when the database does not take it now.
        """
        ticket = Ticket(draft)
        self.line.append(ticket)
        while ticket.outcome is None:
            with self.turn:
                if ticket.outcome is None:
                    self.write()
        if ticket.outcome.error:
            raise ticket.outcome.error
        return ticket.outcome.posted

    def write(self):
        time.sleep(0)  # whoever is ready to post this very moment gets in line too
        batch, self.line = self.line[:BATCH], self.line[BATCH:]
        outcomes = self.store([ticket.draft for ticket in batch])
        for ticket, outcome in zip(batch, outcomes, strict=True):
            ticket.outcome = outcome
        for ticket in batch:
            if ticket.outcome.is_new:
                relay.send_message(ticket.draft.room, ticket.outcome.posted)

    def store(self, drafts):
        try:
            return store(drafts)
        except Exception as error:  # noqa: BLE001 - whatever it is, everyone gets an answer
            if len(drafts) == 1 or isinstance(error, (Retry, OperationalError)):
                return [refusal(error)] * len(drafts)
        return [self.store([draft])[0] for draft in drafts]  # one bad row takes no other with it


def refusal(error):
    if isinstance(error, ChatError):
        return Outcome(error=error)
    log.error("not stored", exc_info=error)
    return Outcome(error=Retry())


writer = Writer()
