/**
 * The messages that the server has not acknowledged, in the order they were written. They are in
 * the browser's storage, so a reload keeps them, and one at a time is sent until it is
 * acknowledged. A message keeps its id however often it is sent: the server takes an id once.
 *
 * Each has a key of its own, which sorts in the order written: all tabs of a room write here, and
 * none may undo what another did. A tab sends what it finds, whoever wrote it; so nothing is lost
 * with a tab, and nobody sees it twice.
 *
 * No DOM, no socket: `send(entry)` gives a promise of the acknowledgement, `changed(entries, open)`
 * draws what waits, `sent(entry, ack)` is told what went through. An entry: {id, data, reply_to,
 * at, error | null, key}.
 */

const LONGEST_PAUSE = 10;
const TAKE_OVER_AFTER = 6_000;
const TRY_AGAIN_LATER = ["retry", "too_many"];

/** 32 hex digits. crypto.randomUUID is missing where the page came over plain http. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Outbox {
  #sending = false;
  #resting = null;
  #watching = false;
  #failures = 0;
  #end = null;

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
    this.#takeOver();
  }

  entries() {
    const keys = this.storage.keys().filter((key) => this.owns(key));
    return keys.sort().flatMap((key) => this.#read(key));
  }

  /** @returns {boolean} whether the storage keeps an entry under this key */
  owns(key) {
    return key.startsWith(`${this.key} `);
  }

  /** `reply_to`: the seq of the message that this one answers, if it does. */
  add(data, reply_to) {
    const entry = { id: newId(), data, reply_to, at: new Date().toISOString(), error: null };
    this.#write({ ...entry, key: this.#lastKey(entry.id) });
    this.#show();
    this.pump();
  }

  discard(id) {
    const found = this.entries().filter((entry) => entry.id === id);
    found.forEach(({ key }) => this.storage.removeItem(key));
    if (found.length) this.#show();
  }

  /** Sends a refused message once more. An id that stands for another text needs a new one. */
  again(id) {
    this.#change(id, ({ error }) => ({
      error: this.#end,
      id: error?.code === "id_reused" ? newId() : id,
    }));
    this.pump();
  }

  /** Nothing will be sent any more, and this is why: what waits is refused. */
  end(error) {
    this.#end = error;
    const waiting = this.entries().filter((entry) => !entry.error);
    waiting.forEach(({ id }) => this.#change(id, () => ({ error })));
  }

  /** While closed nothing is sent, and everything is kept. Once open it goes out without a pause. */
  setOpen(open) {
    this.open = open;
    this.#show();
    this.#goOn();
  }

  /** Another tab wrote or sent something. What it does not get through is sent from here. */
  look() {
    this.#show();
    if (this.#watching) return;
    this.#watching = true;
    this.later(() => {
      this.#watching = false;
      this.pump();
    }, TAKE_OVER_AFTER);
  }

  async pump() {
    const entry = this.entries().find(({ error }) => !error);
    if (!this.open || this.#sending || this.#resting || !entry) return;
    this.#sending = true;
    const pause = await this.#try(entry);
    this.#sending = false;
    this.#rest(pause * 1000);
  }

  #rest(pause) {
    const rest = (this.#resting = {});
    this.later(() => this.#resting === rest && this.#goOn(), pause);
  }

  #goOn() {
    this.#resting = null;
    this.pump();
  }

  /** @returns {Promise<number>} seconds to wait before the next one */
  async #try(entry) {
    const ack = await this.send(entry).catch(() => null);
    if (!ack || TRY_AGAIN_LATER.includes(ack.error?.code)) return this.#backOff(ack?.error);
    this.#failures = 0;
    if (ack.ok) this.#settle(entry, ack);
    else this.#change(entry.id, () => ({ error: ack.error }));
    return 0;
  }

  /** Half a second to one, then twice that, up to ten; and not before the server wants us back. */
  #backOff(error) {
    const most = Math.min(2 ** this.#failures, LONGEST_PAUSE);
    this.#failures += 1;
    return Math.max((most * (1 + Math.random())) / 2, error?.retry_after ?? 0);
  }

  #settle(entry, ack) {
    this.sent(entry, ack);
    this.discard(entry.id);
  }

  #change(id, changes) {
    const found = this.entries().filter((entry) => entry.id === id);
    found.forEach((entry) => this.#write({ ...entry, ...changes(entry) }));
    this.#show();
  }

  #show() {
    this.changed(this.entries(), this.open);
  }

  /** The entry under a key, in a list; empty if another tab took it out, or it is none. */
  #read(key) {
    try {
      const entry = JSON.parse(this.storage.getItem(key));
      return entry?.id ? [{ ...entry, key }] : [];
    } catch {
      return [];
    }
  }

  #write({ key, ...entry }) {
    this.storage.setItem(key, JSON.stringify(entry));
  }

  /** A key after all there are, even if the clock was set back. */
  #lastKey(id) {
    const last = this.entries().at(-1)?.key.slice(this.key.length + 1) ?? "0 0";
    const [time, count] = last.split(" ").map(Number);
    const now = Date.now();
    return now > time ? this.#keyOf(now, 0, id) : this.#keyOf(time, count + 1, id);
  }

  #keyOf(time, count, id) {
    return `${this.key} ${String(time).padStart(15, "0")} ${String(count).padStart(6, "0")} ${id}`;
  }

  /** Before, all entries of a room were one list, under the key itself. */
  #takeOver() {
    const list = JSON.parse(this.storage.getItem(this.key) ?? "[]");
    list.forEach((entry, count) => {
      this.#write({ ...entry, key: this.#keyOf(Date.parse(entry.at), count, entry.id) });
    });
    this.storage.removeItem(this.key);
  }
}
