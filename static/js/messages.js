/**
 * The list: stored messages in the order of seq, lines about who came and went where they
 * happened, and at the end the reader's own messages that are still on their way.
 */

import { amount, bdi, clone, drawMessage, drawPerson, drawTime } from "parlor/draw";
import { read } from "parlor/quotes";

export const USABLE = ".message:not([data-state], [data-deleted])";

const TOGETHER = 5 * 60 * 1000;
const ONE_BY_ONE = 3;

export class Messages {
  /** `older`: the row above the list that is shown where earlier messages are not on the page. */
  constructor({ list, empty, older, me, quotes }) {
    Object.assign(this, { list, empty, older, me, quotes });
    this.#lines().forEach((line) => drawTime(line, line.querySelector("time").dateTime));
    this.#lines().forEach((line) => this.#group(line));
  }

  get firstSeq() {
    return Number(this.list.querySelector(".message:not([data-state])")?.dataset.seq ?? 0);
  }

  get lastSeq() {
    return Math.floor(this.#stored(this.list.lastElementChild)?.dataset.seq ?? 0);
  }

  /** The lines after that seq of what others said, the lines of gaps among them. */
  since(seq) {
    const lines = [...this.list.querySelectorAll("[data-seq]:not([data-state], [data-mine])")];
    return lines.filter((line) => Number(line.dataset.seq) > seq);
  }

  /** The reader's latest message that can still be changed, or null. */
  latest() {
    const mine = this.list.querySelectorAll(`${USABLE}[data-mine]`);
    return mine.length ? read([...mine].at(-1)) : null;
  }

  isStored(id) {
    return Boolean(
      this.list.querySelector(`[data-mine]:not([data-state])[data-id="${CSS.escape(id)}"]`),
    );
  }

  waiting(id) {
    return this.list.querySelector(`[data-state][data-id="${CSS.escape(id)}"]`);
  }

  /**
   * Draws a stored message once, at its place; not what belongs to earlier pages, which come whole.
   * @returns {boolean} whether it is new on the page
   */
  put(message) {
    this.quotes.change(message);
    if (this.older.hidden || message.seq >= this.firstSeq) return this.#put(message);
    const waiting = message.id && this.waiting(message.id);
    if (waiting) this.remove(waiting);
    return false;
  }

  /** Draws a page of earlier messages. */
  prepend(messages) {
    messages.forEach((message) => this.#put(message));
  }

  /** The line of one of the reader's own that is not stored yet. */
  draft({ id, data, at, reply_to }) {
    const line = clone("message");
    drawMessage(line, { ...this.me, id, message: data, timestamp: at }, true);
    this.quotes.draw(line, reply_to);
    return line;
  }

  /** Puts any line before another, or at the end. */
  place(line, before) {
    if (this.empty && line.matches(".message")) this.empty.hidden = true;
    const left = this.#beside(line, "nextElementSibling");
    if (!line.isConnected || line.nextElementSibling !== before)
      this.list.insertBefore(line, before);
    [line, this.#beside(line, "nextElementSibling"), left]
      .filter((each) => each?.matches(".message"))
      .forEach((each) => this.#group(each));
  }

  /** Puts a line that has a seq, other than a message, among the messages. */
  placeBySeq(line) {
    this.place(line, this.#lineAfter(Number(line.dataset.seq)));
  }

  #put(message) {
    const known = this.list.querySelector(`.message[data-seq="${message.seq}"]`);
    if (known && Number(known.dataset.version) >= message.version) return false;
    const mine = message.user_id === this.me.user_id;
    const waiting = mine && message.id ? this.waiting(message.id) : null;
    const line = known ?? waiting ?? clone("message");
    this.#settle(line);
    drawMessage(line, message, mine);
    this.quotes.draw(line, message.reply_to);
    this.place(line, this.#lineAfter(message.seq));
    return !known && !waiting;
  }

  /** Someone goes by another name now: their words, too. */
  rename(member) {
    for (const line of this.list.querySelectorAll(`.message[data-user-id="${member.user_id}"]`)) {
      drawPerson(line, member);
    }
    this.quotes.rename(member);
  }

  remove(line) {
    const next = this.#beside(line, "nextElementSibling");
    line.remove();
    if (next) this.#group(next);
  }

  /** "Alice joined", a line for each; of many at once, "Alice, Bob and 12 others joined". */
  note(members, what) {
    const lines = members.length > ONE_BY_ONE ? [members] : members.map((member) => [member]);
    lines.forEach((line) => this.#note(line, what));
  }

  #note([first, second, ...others], what) {
    const line = clone("note");
    const names = [bdi(first.name)];
    if (second) names.push(", ", bdi(second.name), ` and ${amount(others.length)} others`);
    line.querySelector("bdi").replaceWith(...names);
    line.querySelector("span").textContent = what;
    this.place(line, this.#firstWaiting());
  }

  #lines() {
    return [...this.list.querySelectorAll(".message")];
  }

  #settle(line) {
    delete line.dataset.state;
    line.querySelector(".refusal")?.remove();
  }

  #firstWaiting() {
    return this.list.querySelector(".message[data-state]");
  }

  /** The line that the message with this seq goes before. */
  #lineAfter(seq) {
    let after = this.#firstWaiting();
    let line = this.#stored(this.list.lastElementChild);
    while (line && Number(line.dataset.seq) >= seq) {
      after = line;
      line = this.#stored(line.previousElementSibling);
    }
    return after && Number(after.dataset.seq) === seq ? after.nextElementSibling : after;
  }

  /** This line, or the nearest stored message before it. */
  #stored(line) {
    while (line && !line.dataset.seq) line = line.previousElementSibling;
    return line;
  }

  #group(line) {
    const previous = this.#beside(line, "previousElementSibling");
    const sameDay = previous?.dataset.day === line.dataset.day;
    line.toggleAttribute("data-new-day", !sameDay);
    line.toggleAttribute("data-follows", sameDay && this.#belongsTo(previous, line));
  }

  #belongsTo(previous, line) {
    const time = (element) => Date.parse(element.querySelector("time").dateTime);
    return (
      previous === line.previousElementSibling &&
      previous.dataset.userId === line.dataset.userId &&
      time(line) - time(previous) <= TOGETHER
    );
  }

  /** The next message in that direction; lines about people are passed over. */
  #beside(line, direction) {
    let other = line[direction];
    while (other && !other.matches(".message")) other = other[direction];
    return other;
  }
}
