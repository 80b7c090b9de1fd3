/** Draws what is in the outbox: on its way, or refused with a way out. */

import { clone } from "parlor/draw";

export class Pending {
  constructor({ messages, again, discard }) {
    Object.assign(this, { messages, again, discard });
  }

  show(entries) {
    const ids = new Set(entries.map(({ id }) => id));
    for (const line of this.messages.list.querySelectorAll("[data-state]")) {
      if (!ids.has(line.dataset.id)) this.messages.remove(line);
    }
    entries.filter(({ id }) => !this.messages.isStored(id)).forEach((entry) => this.#draw(entry));
  }

  #draw(entry) {
    const line = this.messages.waiting(entry.id) ?? this.messages.append(entry);
    line.dataset.state = entry.error ? "refused" : "pending";
    line.querySelector("time").textContent = entry.error ? "Not sent" : "Sending…";
    line.querySelector(".refusal")?.remove();
    if (entry.error) line.querySelector(".message-body").append(this.#refusal(entry));
  }

  #refusal({ id, error }) {
    const refusal = clone("refusal");
    refusal.querySelector(".refusal-text").textContent = error.message;
    refusal.querySelector("[data-again]").addEventListener("click", () => this.again(id));
    refusal.querySelector("[data-discard]").addEventListener("click", () => this.discard(id));
    return refusal;
  }
}
