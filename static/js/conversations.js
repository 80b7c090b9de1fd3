/**
 * The reader's conversations, the latest talk first: a page of their own, and a room's left column.
 * How much is unread stands in the page's title, too; that of the others at the way back.
 */

import { clone, drawPerson } from "parlor/draw";
import { amount, entitle } from "parlor/reading";
import { showTime } from "parlor/time";

export class Conversations {
  #known = new Map();
  #rising = new Set();

  /** `open`: the code of the room that the page shows; `missed()`: how much of it is unread. */
  constructor({ list, me, open = null, missed = () => 0 }) {
    Object.assign(this, { list, me, open, missed });
    ["pointerleave", "focusout"].forEach((event) =>
      list.addEventListener(event, () => setTimeout(() => this.#settle())),
    );
  }

  /** All of them, in their order. */
  set(conversations) {
    this.#rising.clear();
    this.#known = new Map(conversations.map((one) => [one.room, one]));
    [...this.list.children].forEach((row) => this.#known.has(row.dataset.room) || row.remove());
    conversations.forEach((one) => this.#draw(one));
    if (this.#isHeld) return this.count();
    conversations.forEach(({ room }) => this.list.append(this.#row(room)));
    this.count();
  }

  /** @returns {boolean} whether it was known what `news` are about; else all are to be asked for */
  change({ room, gone, ...news }) {
    if (gone) return this.#remove(room);
    const known = this.#known.get(room);
    if (!known) return false;
    if (news.last) this.#hear(known, news);
    this.#draw(Object.assign(known, news));
    this.count();
    return true;
  }

  /** Draws how much is unread. */
  count() {
    let others = 0;
    this.#known.forEach((one) => {
      const unread = this.#unread(one);
      this.#badge(this.#row(one.room), unread);
      if (one.room !== this.open) others += unread;
    });
    document.querySelectorAll("[data-others]").forEach((back) => this.#badge(back, others));
    entitle(others + this.missed());
  }

  /** A new message, or a change of one: of the last, or of an earlier one, which is not shown. */
  #hear(known, news) {
    const newest = known.last?.seq ?? 0;
    const { seq, user_id, deleted } = news.last;
    const wasUnread = user_id !== this.me && seq > (known.last_read_seq ?? 0);
    if (seq <= newest && deleted && wasUnread) news.unread = Math.max(0, (known.unread ?? 0) - 1);
    if (seq > newest) {
      news.unread = user_id === this.me ? 0 : (known.unread ?? 0) + 1;
      this.#rise(known.room);
    }
    if (seq < newest) delete news.last;
  }

  #remove(room) {
    this.#known.delete(room);
    this.#row(room)?.remove();
    this.count();
    return true;
  }

  #unread({ room, unread = 0 }) {
    return room === this.open ? this.missed() : unread;
  }

  #badge(place, unread) {
    place.querySelector("[data-unread]").hidden = !unread;
    place.querySelector("[data-number]").textContent = amount(unread);
  }

  /** A row does not go from under the pointer or the focus; it does so soon after. */
  #rise(room) {
    this.#rising.delete(room);
    this.#rising.add(room);
    this.#settle();
  }

  #settle() {
    if (this.#isHeld) return;
    this.#rising.forEach((room) => this.list.prepend(this.#row(room)));
    this.#rising.clear();
  }

  get #isHeld() {
    return this.list.matches(":focus-within") || this.list.matches(":hover");
  }

  #row(room) {
    return this.list.querySelector(`[data-room="${room}"]`);
  }

  #draw(one) {
    const row = this.#row(one.room) ?? this.#add(one);
    drawPerson(row, { user_id: one.user_id ?? "", name: one.title, picture: one.picture });
    row.toggleAttribute("data-lively", one.count > 0);
    row.querySelector(".conversation-here").textContent = here(one);
    this.#drawLast(row, one);
  }

  #add({ room, kind }) {
    const row = clone("conversation");
    Object.assign(row.dataset, { room, kind });
    row.querySelector("a").href = `/room/${room}`;
    this.list.append(row);
    return row;
  }

  #drawLast(row, { kind, last, last_message_at: at }) {
    const who = row.querySelector(".conversation-who");
    const isMine = last?.user_id === this.me;
    who.hidden = !last || (kind === "direct" && !isMine);
    who.firstElementChild.textContent = who.hidden ? "" : isMine ? "You" : last.name;
    row.querySelector(".conversation-text").textContent = last?.deleted
      ? "Message deleted"
      : (last?.message ?? "");
    const time = row.querySelector("time");
    if (at) showTime(Object.assign(time, { dateTime: at }));
  }
}

function here({ kind, here: names, count }) {
  if (kind === "direct") return count ? "Here now" : "Not here right now";
  if (!count) return "Nobody there right now";
  const more = count - names.length;
  const all = more > 0 ? [...names, `${more} more`] : names;
  const list = [all.slice(0, -1).join(", "), all.at(-1)].filter(Boolean).join(" and ");
  return `${list} ${count === 1 ? "is" : "are"} here`;
}
