"""The modules that keep count, alone: catchup, names, outbox. Time is turned by hand."""

import pytest

CATCHUP = """
const { Catchup } = await import("parlor/catchup");
const drawn = [], asked = [], timers = [];
const answers = [];
const catchup = new Catchup({
  through: 10,
  apply: ({ version }) => drawn.push(version),
  ask: async (after) => {
    asked.push(after);
    const answer = answers.shift();
    if (!answer) throw new Error("no answer");
    return answer;
  },
  later: (run, pause) => timers.push({ run, pause }),
});
const live = (...versions) => versions.forEach((version) => catchup.receive({ version }));
const answer = (versions, through, more = false) =>
  answers.push({ messages: versions.map((version) => ({ version })), through, more });
const settle = () => new Promise((done) => setTimeout(done));
const turn = async () => { timers.shift()?.run(); await settle(); };
"""

NAMES = """
const { Names } = await import("parlor/names");
const timers = [], answers = [];
let asked = 0, missing = 1;
const names = new Names({
  lacks: () => missing > 0,
  ask: async () => { asked += 1; const came = await answers.shift(); missing -= came; },
  later: (run, pause) => timers.push({ run, pause }),
});
const settle = () => new Promise((done) => setTimeout(done));
const turn = async () => { timers.shift()?.run(); await settle(); };
"""

OUTBOX = """
const { Outbox } = await import("parlor/outbox");
const tries = [], sent = [], shown = [], timers = [], answers = [];
const kept = new Map();
const storage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
};
const open = (answer = () => answers.shift()) => new Outbox({
  storage,
  key: "outbox",
  send: async (entry) => {
    tries.push(entry);
    const ack = await answer(entry);
    if (!ack) throw new Error("timeout");
    return ack;
  },
  sent: ({ data }) => sent.push(data),
  changed: (entries) => shown.push(entries.map(({ data }) => data)),
  later: (run, pause) => timers.push({ run, pause }),
});
const ok = { ok: true };
const no = (code, more = {}) => ({ ok: false, error: { code, message: "No.", ...more } });
const settle = () => new Promise((done) => setTimeout(done));
const turn = async () => { await settle(); timers.shift()?.run(); await settle(); };
const texts = (entries) => entries.map(({ data }) => data);
"""


@pytest.fixture
def run(page_for, server):
    """`run(setting, lines)`: what those lines of JavaScript return, in one of Parlor's pages."""
    page = page_for("Alice", server)
    page.goto("/")
    return lambda setting, lines: page.evaluate(f"async () => {{ {setting} {lines} }}")


def test_what_comes_in_order_is_drawn_and_nothing_is_asked(run):
    assert run(CATCHUP, "live(11, 12); return [drawn, catchup.through, timers.length]") == [
        [11, 12], 12, 0
    ]  # fmt: skip


def test_what_was_there_already_is_not_drawn_again(run):
    lines = "live(9, 10, 11); live(11); return [drawn, catchup.through]"
    assert run(CATCHUP, lines) == [[11], 11]


def test_a_hole_that_closes_by_itself_is_not_asked_for(run):
    lines = "live(12); live(11); await turn(); return [drawn, catchup.through, asked]"
    assert run(CATCHUP, lines) == [[12, 11], 12, []]


def test_a_hole_is_asked_for_after_a_moment(run):
    lines = """
      answer([11, 12], 12);
      live(12);
      const { pause } = timers[0];
      const before = catchup.through;
      await turn();
      return [before, asked, new Set(drawn).size, catchup.through, pause, catchup.behind];
    """
    assert run(CATCHUP, lines) == [10, [10], 2, 12, 250, False]


def test_two_holes_are_one_question(run):
    lines = """
      answer([11, 12, 13, 14], 14);
      live(12, 14);
      const questions = timers.length;
      await turn();
      live(15);
      return [questions, asked, catchup.through];
    """
    assert run(CATCHUP, lines) == [1, [10], 15]


def test_a_counter_that_is_ahead_is_a_hole_too(run):
    lines = "answer([11], 11); catchup.head(11); await turn(); return [drawn, catchup.through]"
    assert run(CATCHUP, lines) == [[11], 11]


def test_more_is_asked_for_until_there_is_no_more(run):
    lines = """
      answer([11, 12], 12, true); answer([13, 14], 14, true); answer([15], 15);
      catchup.head(15);
      while (timers.length) await turn();
      return [asked, drawn, catchup.through];
    """
    assert run(CATCHUP, lines) == [[10, 12, 14], [11, 12, 13, 14, 15], 15]


def test_a_first_answer_with_more_leads_to_the_rest(run):
    lines = """
      answer([13], 13);
      catchup.take({ messages: [{ version: 11 }, { version: 12 }], through: 12, more: true });
      live(13);
      await turn();
      return [asked, catchup.through, catchup.behind];
    """
    through, behind = run(CATCHUP, lines)[1:]
    assert (through, behind) == (13, False)


def test_a_question_without_answer_is_asked_again(run):
    lines = """
      live(12);
      await turn();
      const { pause } = timers[0];
      answer([11, 12], 12);
      await turn();
      return [asked, pause, catchup.through];
    """
    assert run(CATCHUP, lines) == [[10, 10], 2000, 12]


def test_an_answer_from_before_takes_nothing_back(run):
    lines = """
      live(11, 12);
      catchup.take({ messages: [], through: 10, more: false });
      return catchup.through;
    """
    assert run(CATCHUP, lines) == 12


def test_missing_names_are_asked_for_once_and_not_by_all_pages_at_the_same_moment(run):
    lines = """
      answers.push(1);
      names.check();
      names.check();
      const [{ pause }, ...others] = timers;
      await turn();
      names.check();
      return [others.length, pause >= 0 && pause < 1000, asked, timers.length];
    """
    assert run(NAMES, lines) == [0, True, 1, 0]


def test_names_that_came_meanwhile_are_not_asked_for(run):
    lines = "names.check(); missing = 0; await turn(); return [asked, timers.length]"
    assert run(NAMES, lines) == [0, 0]


def test_without_an_answer_names_are_asked_for_at_the_next_change(run):
    lines = """
      answers.push(Promise.reject(new Error("too_many")), 1);
      names.check();
      await turn();
      const waiting = timers.length;
      names.check();
      await turn();
      return [waiting, asked, missing];
    """
    assert run(NAMES, lines) == [0, 2, 0]


def test_one_question_for_names_at_a_time_and_another_one_for_a_change_meanwhile(run):
    lines = """
      let release;
      answers.push(new Promise((done) => (release = done)), 1);
      names.check();
      await turn();
      names.check();
      names.check();
      const waiting = timers.length;
      missing = 2;
      release(1);
      await settle();
      const again = timers.length;
      await turn();
      return [waiting, again, asked, missing];
    """
    assert run(NAMES, lines) == [0, 1, 2, 0]


def test_one_message_at_a_time_goes_out_in_order(run):
    lines = """
      let release;
      const outbox = open(() => new Promise((done) => (release = done)));
      outbox.setOpen(true);
      ["one", "two", "three"].forEach((text) => outbox.add(text));
      const atFirst = texts(tries);
      for (let n = 0; n < 3; n += 1) { release(ok); await turn(); }
      return [atFirst, texts(tries), sent, outbox.entries(), kept.size];
    """
    three = ["one", "two", "three"]
    assert run(OUTBOX, lines) == [["one"], three, three, [], 0]


def test_nothing_goes_out_while_the_line_is_closed_and_a_new_page_finds_it(run):
    lines = """
      open().add("kept");
      const before = tries.length;
      answers.push(ok);
      const reloaded = open();
      reloaded.setOpen(true);
      await turn();
      return [before, sent, reloaded.entries()];
    """
    assert run(OUTBOX, lines) == [0, ["kept"], []]


def test_without_an_answer_the_same_id_goes_out_again_and_the_next_one_waits(run):
    lines = """
      answers.push(null, null, ok, ok);
      const outbox = open();
      outbox.setOpen(true);
      outbox.add("one");
      outbox.add("two");
      for (let n = 0; n < 4; n += 1) await turn();
      return [texts(tries), new Set(tries.map(({ id }) => id)).size, sent];
    """
    assert run(OUTBOX, lines) == [["one", "one", "one", "two"], 2, ["one", "two"]]


def test_a_refusal_stays_with_its_reason_and_lets_the_next_one_pass(run):
    lines = """
      answers.push(no("message_invalid"), ok);
      const outbox = open();
      outbox.setOpen(true);
      outbox.add("bad");
      outbox.add("good");
      await turn();
      await turn();
      const [{ id, data, error }] = outbox.entries();
      answers.push(ok);
      outbox.again(id);
      await turn();
      return [data, error.message, sent, outbox.entries(), tries[2].id === id];
    """
    assert run(OUTBOX, lines) == ["bad", "No.", ["good", "bad"], [], True]


def test_an_id_that_stands_for_another_text_is_exchanged_when_tried_again(run):
    lines = """
      answers.push(no("id_reused"), ok);
      const outbox = open();
      outbox.setOpen(true);
      outbox.add("text");
      await turn();
      outbox.again(outbox.entries()[0].id);
      await turn();
      return [sent, tries[0].id !== tries[1].id];
    """
    assert run(OUTBOX, lines) == [["text"], True]


def test_too_fast_and_too_busy_are_no_refusals(run):
    lines = """
      answers.push(no("too_many", { retry_after: 2 }), no("retry"), ok);
      const outbox = open();
      outbox.setOpen(true);
      outbox.add("patience");
      const pauses = [];
      for (let n = 0; n < 3; n += 1) { await settle(); pauses.push(timers[0].pause); await turn(); }
      return [pauses, outbox.entries(), sent, shown.at(-1)];
    """
    assert run(OUTBOX, lines) == [[2000, 1000, 0], [], ["patience"], []]


def test_what_is_discarded_is_not_sent(run):
    lines = """
      const outbox = open();
      outbox.add("no");
      outbox.add("yes");
      outbox.discard(outbox.entries()[0].id);
      answers.push(ok);
      outbox.setOpen(true);
      await turn();
      return [sent, shown.at(-1)];
    """
    assert run(OUTBOX, lines) == [["yes"], []]
