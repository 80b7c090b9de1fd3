/**
 * The messages of a long absence, which were passed over: the changes above `after`, up to
 * `through`. They are asked for when the reader wants them, from the oldest on.
 *
 * No DOM: `ask(after, limit)` gives a promise of {messages, through, more}, `draw(messages, after)`
 * draws them all, `changed()` is told of the rest. `until`: the seq that the page goes on with.
 */

export const AT_ONCE = 100;

export class Gap {
  busy = false;
  failed = false;

  constructor({ after, through, until, ask, draw, changed }) {
    Object.assign(this, { after, through, until, ask, draw, changed });
  }

  get closed() {
    return this.after >= this.through;
  }

  /** How many messages are not shown. */
  get missing() {
    return Math.max(0, this.until - 1 - this.after);
  }

  /** Shows the next ones; after the last of them what was changed meanwhile, too. */
  async load() {
    if (this.busy || this.closed) return;
    this.#now({ busy: true, failed: false });
    try {
      do this.#take(await this.ask(this.after, AT_ONCE));
      while (!this.closed && !this.missing);
    } catch {
      this.failed = true; // and asked again by the reader
    } finally {
      this.#now({ busy: false });
    }
  }

  #take({ messages, through, more }) {
    this.after = more ? through : this.through;
    this.draw(messages, this.after);
  }

  #now(state) {
    Object.assign(this, state);
    this.changed();
  }
}
