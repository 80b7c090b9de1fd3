/**
 * What came while the reader was away: without a connection, or with the page out of sight. A line
 * in the list stands where reading stopped, and a bar says how many messages came since. It goes
 * away by itself, soon after the line has been seen.
 */

import { amount, clone } from "parlor/draw";

const STAYS = 20_000;
const STAYS_ONCE_READ = 5_000;

export class Away {
  #left = null;
  #count = 0;
  #isWhole = true;
  #unread = false;
  #timer;

  constructor({ bar, log, messages, scroll }) {
    Object.assign(this, { bar, messages });
    this.line = clone("since");
    this.button = bar.querySelector("button");
    this.button.addEventListener("click", () => scroll.goTo(this.line));
    this.eye = new IntersectionObserver((sights) => this.#look(sights), { root: log });
    const look = () => document.hidden && this.leave();
    document.addEventListener("visibilitychange", look);
    look();
  }

  get isAway() {
    return this.#left !== null;
  }

  /** What has not been seen yet stays until the reader is back. */
  leave() {
    this.#left ??= this.messages.lastSeq;
    if (this.#unread) clearTimeout(this.#timer);
  }

  /** Whoever looks at the page now is back; `isWhole`: and it is known to have everything. */
  back(isWhole = true) {
    if (!this.isAway || document.hidden) return;
    const missed = this.messages.since(this.#left);
    this.#left = null;
    if (missed.length) this.#tell(missed, isWhole);
    else if (this.#unread) this.#hideIn(STAYS);
  }

  /** Who has not seen the line yet was away all the time: it stays, and the count goes on. */
  #tell(missed, isWhole) {
    if (!this.#unread) {
      this.#count = 0;
      this.#isWhole = true;
      if (this.line.isConnected) this.messages.remove(this.line);
      this.messages.place(this.line, missed[0]);
    }
    this.#count += missed.reduce((sum, { dataset }) => sum + Number(dataset.missing ?? 1), 0);
    this.#isWhole &&= isWhole && missed.every(({ dataset }) => !dataset.missing);
    this.#unread = true;
    this.#say(words(this.#count, this.#isWhole));
    this.button.hidden = false;
    this.eye.observe(this.line);
    this.#hideIn(STAYS);
  }

  #look(sights) {
    if (!sights.at(-1).isIntersecting) return;
    this.#forget();
    this.#hideIn(STAYS_ONCE_READ);
  }

  #hideIn(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#forget();
      this.#say("");
    }, pause);
  }

  #forget() {
    this.#unread = false;
    this.button.hidden = true;
    this.eye.disconnect();
  }

  #say(words) {
    this.bar.querySelector("p").textContent = words;
  }
}

function words(count, isWhole) {
  const messages = count === 1 ? "1 message" : `${amount(count)} messages`;
  return `${isWhole ? "You're up to date: " : ""}${messages} while you were away`;
}
