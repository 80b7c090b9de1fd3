/** The line that stands for the messages of a gap, at their place in the list. */

import { amount, clone } from "parlor/draw";
import { AT_ONCE, Gap } from "parlor/gap";

export class GapLine {
  constructor({ after, through, until, ask, messages, scroll }) {
    Object.assign(this, { messages, scroll });
    this.line = clone("gap");
    this.button = this.line.querySelector("button");
    this.button.addEventListener("click", () => this.gap.load());
    this.gap = new Gap({
      after,
      through,
      until,
      ask,
      draw: (some, end) => scroll.quietly(() => this.#hold(() => this.#draw(some, end))),
      changed: () => this.#show(),
    });
    this.#standAfter(after);
    messages.placeBySeq(this.line);
    this.#show();
  }

  #hold(change) {
    this.scroll.holdAt(this.line, change);
  }

  #draw(messages, end) {
    this.#standAfter(end);
    messages.forEach((message) => this.messages.put(message));
  }

  /** The line has a seq of its own, between those of the messages around it. */
  #standAfter(seq) {
    this.line.dataset.seq = seq + 0.5;
  }

  #show() {
    const { missing, failed, busy, closed } = this.gap;
    if (closed) return this.#remove();
    this.line.dataset.missing = missing;
    this.line.ariaBusy = String(busy);
    this.line.querySelector("span").textContent = failed
      ? "These messages didn't come"
      : `${amount(missing)} ${missing === 1 ? "message" : "messages"} not shown`;
    this.button.textContent = failed ? "Try again" : offer(missing);
  }

  #remove() {
    if (this.line.contains(document.activeElement)) this.messages.list.parentElement.focus();
    this.#hold(() => this.messages.remove(this.line));
  }
}

function offer(missing) {
  if (missing > AT_ONCE) return `Show the next ${AT_ONCE}`;
  return missing === 1 ? "Show it" : `Show the next ${missing}`;
}
