"""The writer: stored, then shown, then acknowledged.

Whoever posts gets in line. While somebody waits, one greenlet (under `make dev` a thread) takes all
who wait: one transaction, then each message to its room, in the order of its number, then each
sender's answer. So one message waits for nobody, and a thousand at once cost a few commits (group
commit, as databases do for their log: DeWitt et al., "Implementation Techniques for Main Memory
Database Systems", 1984).
"""

import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Event, Lock
from typing import NamedTuple

from sqlalchemy.exc import OperationalError

from models import db
from parlor import relay
from parlor.errors import ChatError, Retry, ServerError
from parlor.logs import new_id
from parlor.outages import LOCKED, is_outage, name_of
from parlor.store import Draft, Outcome, store
from parlor.transactions import write_transaction

BATCH = 500
"""Messages in one transaction."""

log = logging.getLogger(__name__)


class Ticket(NamedTuple):
    """A draft's place in line. `done`: called with its Outcome."""

    draft: Draft
    done: Callable[[Outcome], None]


class Writer:
    def __init__(self):
        self.configure(engine=None)

    def configure(self, engine):
        """Start with nobody in line, on the database of `engine`."""
        self.engine = engine
        self.line = deque()
        self.lock = Lock()
        self.is_writing = False
        self.refused = 0  # since the database has answered

    @property
    def is_busy(self):
        """Whether anybody still waits for an answer."""
        return self.is_writing or bool(self.line)

    def post(self, draft):
        """Store and relay a draft. Returns the Posted that it came to, once that is committed.

        The same draft again gets what the first one got, and is not relayed. Raises RoomClosed,
        NotAMember, IdReused, Invalid; Retry when the database does not take it now; ServerError.
        """
        is_done, outcomes = Event(), []

        def done(outcome):
            outcomes.append(outcome)
            is_done.set()

        db.session.rollback()  # whoever waits in line holds no connection meanwhile
        self.submit(draft, done)
        is_done.wait()
        if outcomes[0].error:
            raise outcomes[0].error
        return outcomes[0].posted

    def submit(self, draft, done):
        """The same without waiting: `done` is called with the Outcome, and must not wait."""
        self.line.append(Ticket(draft, done))
        if not self.is_writing and self.begin():
            relay.in_background(self.run)

    def begin(self):
        """Whether it is for the caller to write: somebody waits, and nobody writes."""
        with self.lock:
            if self.is_writing or not self.line:
                return False
            self.is_writing = True
            return True

    def run(self):
        """Write until nobody waits, nor came in while this was found out."""
        while True:
            try:
                while self.line:
                    self.gather()
                    self.write(self.take(BATCH))
            finally:
                self.is_writing = False
            if not self.begin():
                return

    def gather(self):
        """Let those get in line who are about to: turn by turn of the loop, while there are any."""
        before = -1
        while before < len(self.line) < BATCH:
            before = len(self.line)
            relay.pause(0)

    def take(self, most):
        """The first in line, as many as there are."""
        return [self.line.popleft() for _ in range(min(most, len(self.line)))]

    def write(self, batch):
        """Store, relay and acknowledge.

        When the database does not answer, whoever is in line by then is refused, too: one
        transaction's patience is what anybody waits.
        """
        outcomes = []
        try:
            outcomes = self.store([ticket.draft for ticket in batch])
        finally:
            if len(outcomes) < len(batch):
                batch += self.take(len(self.line))
            missing = len(batch) - len(outcomes)
            self.tell(batch, outcomes + [Outcome(error=Retry())] * missing)
        self.count(missing)

    def tell(self, batch, outcomes):
        for ticket, outcome in zip(batch, outcomes, strict=True):
            if outcome.is_new:
                self.attempt(relay.send_message, ticket.draft.room, outcome.posted)
        for ticket, outcome in zip(batch, outcomes, strict=True):
            self.attempt(ticket.done, outcome)

    def store(self, drafts):
        """The Outcomes of drafts, in their order, up to where the database did not answer."""
        try:
            return self.transact(drafts)
        except Exception as error:  # noqa: BLE001 - whatever it is, everyone gets an answer
            if is_outage(error):
                self.note(error)
                return []
            if len(drafts) == 1:
                return [Outcome(error=refusal(error))]
        return self.store_each(drafts)

    def transact(self, drafts):
        """Store them in one transaction, if need be without what somebody has locked."""
        try:
            return write_transaction(self.engine, store, drafts)
        except OperationalError as error:
            if name_of(error) != LOCKED:
                raise
            log.warning("another transaction holds rooms or people: what is of others is stored")
            return write_transaction(self.engine, partial(store, wait=False), drafts)

    def store_each(self, drafts):
        """The same, one by one: a bad row takes no other with it."""
        outcomes = []
        for draft in drafts:
            outcome = self.store([draft])
            if not outcome:
                break
            outcomes += outcome
        return outcomes

    def note(self, outage):
        """Log how an outage begins; its refusals, maybe thousands a second, are only counted."""
        if not self.refused:
            log.error("nothing can be stored", exc_info=outage)

    def count(self, refused):
        self.refused += refused
        if self.refused and not refused:
            log.warning("stored again, after refused=%d", self.refused)
            self.refused = 0

    def attempt(self, do, *arguments):
        try:
            do(*arguments)
        except Exception:
            log.exception("not told; the room's head, or a repeat, will")


def refusal(error):
    """The ChatError to answer with, for what is no outage."""
    if isinstance(error, ChatError):
        return error
    answer = ServerError(id=new_id())
    log.error("not stored error_id=%s", answer.details["id"], exc_info=error)
    return answer


writer = Writer()
