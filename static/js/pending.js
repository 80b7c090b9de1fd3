/** Draws what is in the outbox: on its way, waiting for the line, or refused with a way out. */

import { clone } from "parlor/draw";

export class Pending {
  constructor({ messages, again, discard }) {
    Object.assign(this, { messages, again, discard });
  }

  /**
   * What is in the outbox no more was stored, perhaps from another tab, and its line stays until
   * the message itself replaces it. Only who was refused can have been discarded.
   */
  show(entries, isOpen) {
    this.#removeOthers(entries, '[data-state="refused"]');
    const unknown = entries.filter(({ id }) => !this.messages.isStored(id));
    unknown.reduceRight((next, entry) => this.#draw(entry, next, isOpen), null);
  }

  /** The page has every message: a line that none replaced is not waiting for one. */
  settle(entries) {
    this.#removeOthers(entries, "[data-state]");
  }

  #removeOthers(entries, selector) {
    const ids = new Set(entries.map(({ id }) => id));
    for (const line of this.messages.list.querySelectorAll(selector)) {
      if (!ids.has(line.dataset.id)) this.messages.remove(line);
    }
  }

  #draw(entry, next, isOpen) {
    const line = this.messages.waiting(entry.id) ?? this.messages.draft(entry);
    this.messages.place(line, next);
    line.dataset.state = entry.error ? "refused" : "pending";
    line.querySelector("time").textContent = words(entry, isOpen);
    this.#explain(line, entry);
    return line;
  }

  /** Why it was refused, and what to do; drawn anew only for another reason. */
  #explain(line, { id, data, error }) {
    const refusal = line.querySelector(".refusal");
    if (refusal?.querySelector(".refusal-text").textContent === error?.message) return;
    refusal?.remove();
    if (error) line.querySelector(".message-body").append(this.#refusal(id, data, error));
  }

  #refusal(id, data, error) {
    const refusal = clone("refusal");
    refusal.querySelector(".refusal-text").textContent = error.message;
    refusal.querySelector("[data-copy]").dataset.copy = data;
    refusal.querySelector("[data-again]").addEventListener("click", () => this.again(id));
    refusal.querySelector("[data-discard]").addEventListener("click", () => this.discard(id));
    return refusal;
  }
}

function words({ error }, isOpen) {
  if (error) return "Not sent";
  return isOpen ? "Sending…" : "Waiting…";
}
