"""The modules that keep count, alone: catchup, gap, names, reading. Time is turned by hand."""

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

GAP = """
const { Gap } = await import("parlor/gap");
const asked = [], drawn = [], told = [], answers = [];
const open = (after, through, until) => new Gap({
  after, through, until,
  ask: async (after, limit) => {
    asked.push([after, limit]);
    const answer = answers.shift();
    if (!answer) throw new Error("no answer");
    return answer;
  },
  draw: (messages, after) => drawn.push([messages.length, after]),
  changed() { told.push([this.busy, this.failed]); },
});
const answer = (count, through, more = true) =>
  answers.push({ messages: Array(count).fill({}), through, more });
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

READING = """
const { Reading } = await import("parlor/reading");
const told = [], counts = [], timers = [];
let isRead = true, last = 3, fails = false;
const reading = new Reading({
  isRead: () => isRead,
  last: () => last,
  tell: async (seq) => { told.push(seq); if (fails) throw new Error("no answer"); },
  counted() { counts.push(this.missed); },
  later: (run, pause) => timers.push({ run, pause }),
});
const settle = () => new Promise((done) => setTimeout(done));
const turn = async () => { timers.shift()?.run(); await settle(); };
"""


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


def test_a_gap_is_shown_a_hundred_at_a_time_from_its_beginning(run):
    lines = """
      const gap = open(41, 1291, 1242);
      const missing = [gap.missing];
      answer(100, 141); answer(100, 241);
      for (let n = 0; n < 2; n += 1) { await gap.load(); missing.push(gap.missing); }
      return [missing, asked, drawn, gap.closed];
    """
    missing, asked, drawn, closed = run(GAP, lines)
    assert missing == [1200, 1100, 1000]
    assert asked == [[41, 100], [141, 100]]
    assert (drawn, closed) == ([[100, 141], [100, 241]], False)


def test_with_its_last_message_a_gap_asks_for_what_was_changed_meanwhile(run):
    lines = """
      const gap = open(141, 291, 242);
      answer(100, 241); answer(50, 291, false);
      await gap.load();
      return [gap.missing, asked, drawn, gap.closed];
    """
    assert run(GAP, lines) == [0, [[141, 100], [241, 100]], [[100, 241], [50, 291]], True]


def test_a_gap_is_closed_by_changes_from_beyond_it(run):
    lines = """
      const gap = open(10, 60, 61);
      answer(100, 110);
      await gap.load();
      await gap.load();
      return [asked.length, gap.closed];
    """
    assert run(GAP, lines) == [1, True]


def test_a_gap_is_closed_where_there_is_no_more(run):
    """As when the server was set back meanwhile."""
    lines = (
        "const gap = open(10, 60, 61); answer(3, 13, false); await gap.load(); return gap.closed"
    )
    assert run(GAP, lines) is True


def test_a_gap_without_an_answer_says_so_and_asks_again_for_the_same(run):
    lines = """
      const gap = open(41, 1291, 1242);
      await gap.load();
      const states = [gap.busy, gap.failed, gap.after];
      answer(100, 141);
      await gap.load();
      return [states, asked, gap.failed];
    """
    assert run(GAP, lines) == [[False, True, 41], [[41, 100], [41, 100]], False]


def test_a_gap_asks_one_question_at_a_time(run):
    lines = """
      const gap = open(41, 1291, 1242);
      answer(100, 141); answer(100, 241);
      const first = gap.load();
      const busy = gap.busy;
      await gap.load();
      await first;
      return [busy, asked.length];
    """
    assert run(GAP, lines) == [True, 1]


def test_the_page_hears_when_an_answer_leaves_nothing_missing(run):
    lines = """
      let told = 0;
      catchup.done = () => (told += 1);
      const after = [];
      live(12); after.push(told);
      answer([11], 11, true); answer([12], 12);
      await turn(); after.push(told);
      catchup.take({ messages: [], through: 12, more: false }); after.push(told);
      return after;
    """
    assert run(CATCHUP, lines) == [0, 1, 2]


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


def test_a_change_that_fails_does_not_end_the_following_of_the_end(run):
    lines = """
      const { Scroll } = await import("parlor/scroll");
      const log = document.createElement("div");
      log.style.cssText = "height: 100px; overflow: auto";
      const list = log.appendChild(document.createElement("div"));
      list.style.height = "500px";
      document.body.append(log);
      const jump = document.createElement("button");
      jump.append(document.createElement("span"));
      const scroll = new Scroll({ log, list, jump });
      const fail = () => { throw new Error("not drawn"); };
      let failed = false;
      try { scroll.holdEnd(fail); } catch { failed = true; }
      scroll.holdEnd(() => (list.style.height = "900px"));
      return [failed, log.scrollTop];
    """
    assert run("", lines) == [True, 800]


def test_what_is_read_is_told_once_a_second_and_only_further_on(run):
    lines = """
      reading.look();
      for (last of [4, 5, 6]) reading.look();
      await turn();
      await turn();
      last = 5;
      reading.look();
      return [told, timers.length];
    """
    assert run(READING, lines) == [[3, 6], 0]


def test_what_is_not_seen_is_counted_and_not_told_as_read_until_it_is(run):
    lines = """
      isRead = false;
      reading.hear();
      reading.hear();
      const before = told.length;
      isRead = true;
      reading.look();
      return [before, told, counts];
    """
    assert run(READING, lines) == [0, [3], [1, 2, 0]]


def test_what_was_not_heard_to_be_read_is_told_again(run):
    lines = """
      fails = true;
      reading.look();
      await settle();
      fails = false;
      await turn();
      return told;
    """
    assert run(READING, lines) == [3, 3]
