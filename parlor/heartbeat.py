"""Which processes live: each shows it, and each looks at all others.

A process that has lost touch with Redis goes by another name afterwards, and says anew who is with
it: what stood under the former one is nobody's. And for a while it has no opinion on who is gone,
as they may just not have come back either.
"""

import logging
import time
from threading import Lock

from parlor.bus import Away
from parlor.peers import elsewhere, of_everyone
from parlor.register import LASTS
from parlor.rooms import live

log = logging.getLogger(__name__)

BEAT = 3
"""Seconds between signs of life."""

UNSURE = LASTS + BEAT
"""Seconds after an outage without an opinion on who is gone."""


class Heart:
    """This process's. `bus`, `register`: as of bus.py and register.py; `neighbours`: says who is
    here, and is told what happens."""

    def __init__(self, bus, register, neighbours):
        self.bus, self.register, self.neighbours = bus, register, neighbours
        self.alive = set()
        self.beginning = Lock()
        self.is_sure = False
        """Whether a process that is not known to live is gone."""
        self.sure_from = self.beat_at = self.on_duty_until = 0

    @property
    def is_on_duty(self):
        """Whether this process does what is to be done once."""
        return time.monotonic() < self.on_duty_until

    def living(self, processes):
        """Which of these live, but for this one. Raises Away."""
        others = list(processes - {self.bus.process})
        unknown = [one for one in others if one not in self.alive]
        beats = dict(zip(unknown, self.register.beats(unknown), strict=True))
        return {one for one in others if beats.get(one, True)}

    def rename(self, former, name):
        """Another process has another name now."""
        self.alive.discard(former)
        self.alive.add(name)

    def begin(self):
        """Redis is there, or there again: say who is here, under a new name; then hear who else."""
        if not self.beginning.acquire(blocking=False):
            return
        try:
            rooms = self.introduce()
        except Away:
            log.info("Redis went again")  # it will be back
            return
        finally:
            self.beginning.release()
        self.neighbours.begun(rooms)

    def introduce(self):
        """Say under a new name who is here. Returns the LiveRooms in which there is anybody."""
        former = self.bus.process
        self.is_sure, self.sure_from = False, time.monotonic() + UNSURE
        with live.lock:  # who comes or goes meanwhile does so after it was said who is here
            self.bus.rename()
            mine = self.neighbours.mine()
            self.register.enter_all(mine)
        self.register.begin()
        goes_by(former, self.bus.process)
        self.neighbours.buried(self.register.bury(former))  # some may have left unheard
        return [room for room, _ in mine]

    def look_after(self):
        """To be called each second."""
        try:
            if self.bus.well_since is not None and self.sure_from:
                self.beat()
                self.judge()
        except Away:
            log.info("Redis does not say which processes live")

    def beat(self):
        if time.monotonic() - self.beat_at < BEAT:
            return
        was_good, is_on_duty = self.register.beat()
        self.beat_at = time.monotonic()
        if is_on_duty:
            self.on_duty_until = self.beat_at + LASTS - 1
        if not was_good:
            self.begin()

    def judge(self):
        """Find out which processes are gone, and tell who was on them."""
        processes = self.register.processes()
        if self.bus.process not in processes:
            self.begin()
            return
        alive = {name for name, lives in processes.items() if lives}
        if time.monotonic() >= self.sure_from:
            for process in (self.alive | processes.keys()) - alive:
                self.neighbours.lost(process)
                self.neighbours.buried(self.register.bury(process))
            self.make_sure()
            self.alive = alive

    def make_sure(self):
        if not self.is_sure:
            self.is_sure = True
            self.neighbours.made_sure()


@elsewhere(of_everyone)
def goes_by(former, name):
    """Another process has another name now: it had lost touch."""
    live.others.heart.rename(former, name)
    live.others.is_in_doubt = True
    live.call(former, name)
