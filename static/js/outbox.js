/**
 * The messages that the server has not acknowledged, in the order they were written. They are in
 * the browser's storage, so a reload keeps them, and one at a time is sent until it is
 * acknowledged. A message keeps its id however often it is sent: the server takes an id once.
 *
 * No DOM, no socket: `send(entry)` gives a promise of the acknowledgement, `changed(entries)` draws
 * what waits, `sent(entry, ack)` is told what went through. An entry: {id, data, at, error | null}.
 */

const PAUSE = 1;
const TRY_AGAIN_LATER = ["retry", "too_many"];

/** 32 hex digits. crypto.randomUUID is missing where the page came over plain http. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The browser's storage; where that is forbidden or full, the page's own memory. */
export function openStorage(open = () => localStorage) {
  try {
    const storage = open();
    storage.setItem("parlor", "");
    storage.removeItem("parlor");
    return storage;
  } catch {
    return new Memory();
  }
}

export class Outbox {
  #sending = false;

  constructor({
    storage,
    key,
    send,
    sent,
    changed,
    later = (run, pause) => setTimeout(run, pause),
  }) {
    Object.assign(this, { storage, key, send, sent, changed, later });
    this.open = false;
  }

  entries() {
    return JSON.parse(this.storage.getItem(this.key) ?? "[]");
  }

  add(data) {
    const at = new Date().toISOString();
    this.#write([...this.entries(), { id: newId(), data, at, error: null }]);
    this.pump();
  }

  discard(id) {
    const entries = this.entries();
    const kept = entries.filter((entry) => entry.id !== id);
    if (kept.length < entries.length) this.#write(kept);
  }

  /** Sends a refused message once more. An id that stands for another text needs a new one. */
  again(id) {
    this.#change(id, ({ error }) => ({
      error: null,
      id: error?.code === "id_reused" ? newId() : id,
    }));
    this.pump();
  }

  /** While closed nothing is sent, and everything is kept. */
  setOpen(open) {
    this.open = open;
    this.pump();
  }

  async pump() {
    const entry = this.entries().find(({ error }) => !error);
    if (!this.open || this.#sending || !entry) return;
    this.#sending = true;
    const pause = await this.#try(entry);
    this.later(() => this.#next(), pause * 1000);
  }

  #next() {
    this.#sending = false;
    this.pump();
  }

  /** @returns {Promise<number>} seconds to wait before the next one */
  async #try(entry) {
    const ack = await this.send(entry).catch(() => null);
    if (!ack) return 0;
    if (ack.ok) return this.#settle(entry, ack);
    if (TRY_AGAIN_LATER.includes(ack.error.code)) return ack.error.retry_after ?? PAUSE;
    this.#change(entry.id, () => ({ error: ack.error }));
    return 0;
  }

  #settle(entry, ack) {
    this.sent(entry, ack);
    this.discard(entry.id);
    return 0;
  }

  #change(id, changes) {
    this.#write(
      this.entries().map((entry) => (entry.id === id ? { ...entry, ...changes(entry) } : entry)),
    );
  }

  #write(entries) {
    if (entries.length) this.storage.setItem(this.key, JSON.stringify(entries));
    else this.storage.removeItem(this.key);
    this.changed(entries);
  }
}

/** As much of the Storage interface as an outbox needs. */
class Memory {
  #items = new Map();

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, value);
  }

  removeItem(key) {
    this.#items.delete(key);
  }
}
