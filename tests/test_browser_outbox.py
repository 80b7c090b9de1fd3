"""The outbox alone: in order, with the same ids, whatever happens. Time is turned by hand."""

OUTBOX = """
const { Outbox } = await import("parlor/outbox");
const { Shelf } = await import("parlor/storage");
const tries = [], sent = [], shown = [], timers = [], answers = [];
localStorage.clear();
const open = (answer = () => answers.shift(), storage = new Shelf(localStorage)) => new Outbox({
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


def test_one_message_at_a_time_goes_out_in_order(run):
    lines = """
      let release;
      const outbox = open(() => new Promise((done) => (release = done)));
      outbox.setOpen(true);
      ["one", "two", "three"].forEach((text) => outbox.add(text));
      const atFirst = texts(tries);
      for (let n = 0; n < 3; n += 1) { release(ok); await turn(); }
      return [atFirst, texts(tries), sent, outbox.entries(), localStorage.length];
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


def test_an_entry_that_cannot_be_read_holds_nothing_back(run):
    lines = """
      ["{", "null", "7"].forEach((item, n) => localStorage.setItem(`outbox 0 ${n} x`, item));
      answers.push(ok);
      const outbox = open();
      outbox.setOpen(true);
      outbox.add("mine");
      await turn();
      return [texts(tries), sent];
    """
    assert run(OUTBOX, lines) == [["mine"], ["mine"]]


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
      answers.push(no("too_many", { retry_after: 5 }), no("retry"), ok);
      const outbox = open();
      outbox.setOpen(true);
      outbox.add("patience");
      const pauses = [];
      for (let n = 0; n < 3; n += 1) { await settle(); pauses.push(timers[0].pause); await turn(); }
      return [pauses, outbox.entries(), sent, shown.at(-1)];
    """
    [first, second, third], *rest = run(OUTBOX, lines)
    assert first == 5000
    assert 1000 <= second <= 2000
    assert third == 0
    assert rest == [[], ["patience"], []]


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


def test_pauses_grow_to_ten_seconds_are_never_the_same_and_start_anew_after_a_success(run):
    lines = """
      const pauses = [];
      const outbox = open();
      outbox.setOpen(true);
      answers.push(...Array(7).fill(null), ok, null);
      outbox.add("one");
      outbox.add("two");
      for (let n = 0; n < 9; n += 1) { await settle(); pauses.push(timers[0].pause); await turn(); }
      return pauses;
    """
    one, other = run(OUTBOX, lines), run(OUTBOX, lines)
    for pauses in (one, other):
        bounds = [(0.5, 1), (1, 2), (2, 4), (4, 8), (5, 10), (5, 10), (5, 10), (0, 0), (0.5, 1)]
        assert all(
            low * 1000 <= pause <= high * 1000
            for pause, (low, high) in zip(pauses, bounds, strict=True)
        ), pauses
    assert one[:7] != other[:7]


def test_a_new_connection_ends_a_pause(run):
    lines = """
      const outbox = open();
      outbox.setOpen(true);
      outbox.add("one");
      await settle();
      const [{ run: old }] = timers;
      outbox.setOpen(false);
      answers.push(ok);
      outbox.setOpen(true);
      await settle();
      const atOnce = tries.length;
      old();
      await settle();
      return [atOnce, tries.length, sent];
    """
    assert run(OUTBOX, lines) == [2, 2, ["one"]]


def test_what_two_tabs_write_at_once_is_all_kept_in_the_order_written(run):
    lines = """
      const [here, there] = [open(), open()];
      for (let n = 0; n < 20; n += 1) (n % 3 ? here : there).add(String(n));
      return [texts(here.entries()), texts(there.entries())];
    """
    expected = [str(number) for number in range(20)]
    assert run(OUTBOX, lines) == [expected, expected]


def test_the_order_is_that_of_writing_even_if_the_clock_is_set_back(run):
    lines = """
      const outbox = open();
      const { now } = Date;
      outbox.add("one");
      Date.now = () => now() - 3_600_000;
      outbox.add("two");
      outbox.add("three");
      Date.now = now;
      outbox.add("four");
      return texts(outbox.entries());
    """
    assert run(OUTBOX, lines) == ["one", "two", "three", "four"]


def test_what_another_tab_took_out_meanwhile_does_not_come_back(run):
    lines = """
      let release;
      const outbox = open(() => new Promise((done) => (release = done)));
      outbox.setOpen(true);
      outbox.add("stored from the other tab");
      open().discard(outbox.entries()[0].id);
      release(no("retry"));
      await turn();
      const again = tries.length;
      outbox.add("refused, and discarded in the other tab");
      await settle();
      open().discard(outbox.entries()[0].id);
      release(no("message_invalid"));
      await settle();
      return [again, outbox.entries(), localStorage.length];
    """
    assert run(OUTBOX, lines) == [1, [], 0]


def test_what_a_dead_tab_left_is_sent_from_the_other_one_after_a_while(run):
    lines = """
      const other = open();
      other.setOpen(true);
      open().add("left behind");
      other.look();
      other.look();
      await settle();
      const [{ pause }, ...more] = timers;
      const before = tries.length;
      answers.push(ok);
      await turn();
      return [before, pause, more.length, sent, other.entries()];
    """
    assert run(OUTBOX, lines) == [0, 6000, 0, ["left behind"], []]


def test_a_room_s_outbox_is_not_that_of_another_member(run):
    lines = """
      const open2 = (key) => new Outbox({ storage: new Shelf(localStorage), key, changed() {} });
      open2("outbox 12").add("mine");
      return [open2("outbox 1").entries().length, open2("outbox 12").entries().length];
    """
    assert run(OUTBOX, lines) == [0, 1]


def test_a_full_storage_keeps_nothing_from_being_sent(run):
    lines = """
      const full = {
        getItem: () => null,
        setItem() { throw new DOMException("full", "QuotaExceededError"); },
        removeItem() {},
      };
      const outbox = open(undefined, new Shelf(full));
      outbox.add("one");
      outbox.add("two");
      const kept = texts(outbox.entries());
      answers.push(null, ok, ok);
      outbox.setOpen(true);
      for (let n = 0; n < 3; n += 1) await turn();
      return [kept, texts(tries), sent, outbox.entries()];
    """
    two = ["one", "two"]
    assert run(OUTBOX, lines) == [two, ["one", "one", "two"], two, []]


def test_a_storage_that_fills_up_keeps_what_it_has_and_the_page_the_rest(run):
    lines = """
      let room = 1;
      const filling = Object.setPrototypeOf({
        setItem(key, value) {
          if (room-- <= 0) throw new DOMException("full", "QuotaExceededError");
          this[key] = value;
        },
        getItem(key) { return this[key] ?? null; },
        removeItem(key) { delete this[key]; },
      }, null);
      const outbox = open(undefined, new Shelf(filling));
      ["one", "two", "three"].forEach((text) => outbox.add(text));
      const kept = texts(outbox.entries());
      answers.push(no("message_invalid"), ok, ok);
      outbox.setOpen(true);
      for (let n = 0; n < 3; n += 1) await turn();
      const [{ data, error }] = outbox.entries();
      return [kept, sent, data, error.code];
    """
    three = ["one", "two", "three"]
    assert run(OUTBOX, lines) == [three, ["two", "three"], "one", "message_invalid"]


def test_entries_of_the_old_form_are_taken_over_once_and_first(run):
    lines = """
      const old = (id, second) =>
        ({ id, data: id, at: `2026-11-21T09:30:0${second}.000Z`, error: null });
      localStorage.setItem("outbox", JSON.stringify([old("one", 1), old("two", 1)]));
      const outbox = open();
      outbox.add("three");
      const again = open();
      return [texts(again.entries()), again.entries()[0].id, localStorage.getItem("outbox")];
    """
    assert run(OUTBOX, lines) == [["one", "two", "three"], "one", None]
