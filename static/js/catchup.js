/**
 * Keeps count of what the page has: everything up to `through`, and single changes above it. A
 * change with a higher number than the next one means that something was missed. It may be on its
 * way, so the page waits a moment before it asks.
 *
 * No DOM, no socket: `apply(message)` draws, `ask(after)` gives a promise of {messages, through,
 * more}, `together(change)` runs what draws many, and `done()` is told when an answer left nothing
 * missing.
 */

const WAIT_FOR_IT = 250;
const ASK_AGAIN = 2_000;

export class Catchup {
  #above = new Set();
  #highest;
  #timer = null;
  #asking = false;

  constructor({
    through,
    apply,
    ask,
    together = (change) => change(),
    done = () => {},
    later = (run, pause) => setTimeout(run, pause),
  }) {
    this.through = this.#highest = through;
    Object.assign(this, { apply, ask, together, done, later });
  }

  get behind() {
    return this.#highest > this.through;
  }

  /** A live message. */
  receive(message) {
    if (message.version <= this.through) return;
    this.apply(message);
    this.#above.add(message.version);
    this.head(message.version);
  }

  /** The room's counter is at `number`. */
  head(number) {
    this.#highest = Math.max(this.#highest, number);
    this.#advance(this.through);
    this.#checkIn(WAIT_FOR_IT);
  }

  /** An answer: the changes up to its `through`, and whether there are more. */
  take({ messages, through, more }) {
    this.together(() => messages.forEach((message) => this.apply(message)));
    this.#highest = Math.max(this.#highest, through + (more ? 1 : 0));
    this.#advance(Math.max(this.through, through));
    if (more) this.#checkIn(0);
    else if (!this.behind) this.done();
  }

  async sync() {
    if (this.#asking || !this.behind) return;
    this.#asking = true;
    try {
      let answer;
      do this.take((answer = await this.ask(this.through)));
      while (answer.more);
    } catch {
      // Asked again below while connected; a new connection brings what is missing by itself.
    } finally {
      this.#asking = false;
      this.#checkIn(ASK_AGAIN);
    }
  }

  #advance(through) {
    this.through = through;
    this.#above.forEach((version) => version <= this.through && this.#above.delete(version));
    while (this.#above.delete(this.through + 1)) this.through += 1;
  }

  #checkIn(pause) {
    if (!this.behind || this.#timer) return;
    this.#timer = this.later(() => {
      this.#timer = null;
      this.sync();
    }, pause);
  }
}
