/**
 * Asks who is here where the page knows too few of them: one question at a time, each after a pause
 * of its own, since all pages notice in the same moment. Without an answer, the next change will do.
 *
 * No DOM, no socket: `lacks()` tells whether names are missing, `ask()` gets them, as a promise.
 */

const WITHIN = 1_000;

export class Names {
  #asking = false;
  #changed = false;

  constructor({ lacks, ask, later = (run, pause) => setTimeout(run, pause) }) {
    Object.assign(this, { lacks, ask, later });
  }

  /** Somebody came or went. */
  check() {
    this.#changed = this.#asking;
    if (this.#asking || !this.lacks()) return;
    this.#asking = true;
    this.later(() => this.#askOnce(), Math.random() * WITHIN);
  }

  async #askOnce() {
    this.#changed = false;
    try {
      if (this.lacks()) await this.ask();
    } catch {
      // Names come with the next change, or the next connection.
    } finally {
      this.#asking = false;
      if (this.#changed) this.check();
    }
  }
}
