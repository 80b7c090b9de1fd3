/**
 * How far the reader has read: told to the server once a second at most, and only further on. What
 * came since, while the end of the page was not seen, is counted.
 *
 * No DOM, no socket: `isRead()` tells whether the end is seen, `last()` its seq, `tell(seq)` is a
 * promise, `counted()` is told when `missed` has changed.
 */

const PAUSE = 1_000;

export class Reading {
  missed = 0;
  #told = 0;
  #pauses = false;

  constructor({ isRead, last, tell, counted, later = (run, pause) => setTimeout(run, pause) }) {
    Object.assign(this, { isRead, last, tell, counted, later });
  }

  /** Others have said something. */
  hear() {
    this.#count(this.missed + 1);
    this.look();
  }

  /** Something is on the page, or in sight. */
  look() {
    if (!this.isRead()) return;
    this.#count(0);
    if (!this.#pauses && this.last() > this.#told) this.#tell();
  }

  async #tell() {
    const before = this.#told;
    this.#told = this.last();
    this.#pauses = true;
    this.later(() => this.#goOn(), PAUSE);
    try {
      await this.tell(this.#told);
    } catch {
      this.#told = before; // told again with what comes next
    }
  }

  #goOn() {
    this.#pauses = false;
    this.look();
  }

  #count(missed) {
    if (missed === this.missed) return;
    this.missed = missed;
    this.counted();
  }
}

let title = document.title;

/** The page is called otherwise from now on. */
export function retitle(name) {
  title = `${name} · Parlor`;
}

/** "(3) K7QP · Parlor" */
export function entitle(unread) {
  document.title = unread ? `(${amount(unread)}) ${title}` : title;
}

/** How many are unread, as far as the server counts. */
export function amount(unread) {
  return unread > 99 ? "99+" : String(unread);
}
