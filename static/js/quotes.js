/**
 * What a message answers, quoted above its text: as it is now, whether it is on the page or not.
 *
 * `ask(seq)` gives a promise of a message that is not on the page, or of undefined; `goTo(line)`
 * brings a line into view.
 */

import { clone, said } from "parlor/draw";

const AROUND = 25; // as presentation.py has it

export class Quotes {
  #asked = new Map();

  constructor({ list, ask, goTo }) {
    Object.assign(this, { list, ask, goTo });
    list.addEventListener("click", (event) => this.#clicked(event));
  }

  /** Draws the quote of the message `seq` into a line that has none yet. */
  draw(line, seq) {
    if (!seq || line.querySelector(".quote")) return;
    const quote = clone("quote");
    quote.dataset.quote = seq;
    quote.href = `?before=${seq + AROUND}#m${seq}`;
    line.querySelector(".bubble").prepend(quote);
    const original = this.#line(seq);
    if (original) fill(quote, read(original));
    else this.#ask(seq);
  }

  /** A message is, from now on, like this; also one that is not on the page. */
  change(message) {
    const quotes = this.list.querySelectorAll(`[data-quote="${message.seq}"]`);
    quotes.forEach((quote) => fill(quote, message));
  }

  rename({ user_id, name }) {
    const names = this.list.querySelectorAll(`.quote[data-user-id="${user_id}"] .quote-name`);
    names.forEach((element) => (element.textContent = name));
  }

  async #ask(seq) {
    if (!this.#asked.has(seq)) this.#asked.set(seq, this.ask(seq));
    try {
      this.change((await this.#asked.get(seq)) ?? { seq, message: "There is no such message" });
    } catch {
      this.#asked.delete(seq); // the link leads there all the same
    }
  }

  #clicked(event) {
    const quote = event.target.closest(".quote");
    const line = quote && this.#line(quote.dataset.quote);
    if (!line) return;
    event.preventDefault();
    this.goTo(line);
    line.removeAttribute("data-found");
    requestAnimationFrame(() => line.setAttribute("data-found", ""));
  }

  #line(seq) {
    return this.list.querySelector(`#m${seq}`);
  }
}

/** The message of a line. */
export function read(line) {
  return {
    seq: Number(line.dataset.seq),
    user_id: Number(line.dataset.userId),
    name: line.querySelector(".message-name bdi").textContent,
    message: line.querySelector(".message-text").textContent,
    deleted_at: "deleted" in line.dataset,
  };
}

function fill(quote, message) {
  quote.dataset.userId = message.user_id;
  quote.toggleAttribute("data-gone", Boolean(message.deleted_at));
  quote.querySelector(".quote-name").textContent = message.name ?? "";
  quote.querySelector(".quote-text").textContent = said(message).split("\n", 1)[0];
}
