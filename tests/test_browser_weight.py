"""What the first look at a room costs, in bytes over the wire."""

from tests.support.talk import let_in

BUDGET = 60_000
"""Bytes, headers and bodies of all answers together."""


class Scale:
    """Weighs every HTTP answer that a page gets from now on."""

    def __init__(self, page):
        self.urls = {}
        self.weights = {}
        wire = page.context.new_cdp_session(page)
        wire.on("Network.requestWillBeSent", self.ask)
        wire.on("Network.loadingFinished", self.weigh)
        wire.send("Network.enable")

    def ask(self, event):
        self.urls[event["requestId"]] = event["request"]["url"]

    def weigh(self, event):
        self.weights[event["requestId"]] = event["encodedDataLength"]

    @property
    def total(self):
        return sum(self.weights.values())

    def table(self):
        """Every request with its weight, the heaviest first."""
        rows = sorted(self.weights.items(), key=lambda row: -row[1])
        lines = [f"{weight:7.0f}  {self.urls[request]}" for request, weight in rows]
        return "\n".join([*lines, f"{self.total:7.0f}  in all"])


def test_the_first_room_page_weighs_less_than_60_kb(server, person, page_for):
    alice = person("Alice", server)
    page = page_for("Alice", server)
    scale = Scale(page)
    let_in(page, alice, alice.create())
    page.wait_for_load_state("networkidle")
    assert "socket.io" in scale.table(), "the weighing missed something"
    assert scale.total < BUDGET, f"\n{scale.table()}"
