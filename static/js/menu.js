/**
 * What can be done with a message: reply, edit, copy, delete. One button goes to the message in
 * hand, so that all of them are one stop for the Tab key: the arrows lead it from line to line. Where
 * nothing hovers, a tap on a message opens its menu. Fetched when it is wanted first.
 */

import { clone } from "parlor/draw";
import { USABLE } from "parlor/messages";
import { read } from "parlor/quotes";

const EDGE = 8;

export class Menu {
  #at = "";

  /** `owns`: the reader may delete what others said, too. `remove(seq)` deletes. */
  constructor({ log, list, owns, composer, remove }) {
    Object.assign(this, { log, list, owns, composer, remove });
    this.button = clone("more");
    this.menu = document.querySelector(".menu");
    this.dialog = document.querySelector(".ask");
    this.button.addEventListener("click", () => this.#open(this.button));
    this.button.addEventListener("keydown", (event) => this.#walk(event));
    this.menu.addEventListener("keydown", (event) => this.#choose(event));
    this.menu.addEventListener("click", ({ target }) => this.#act(target.dataset.act));
    this.dialog.addEventListener("close", () => this.#answered());
  }

  /** The button is where the pointer goes; not what scrolls along under it. */
  pointermove({ target, screenX, screenY }) {
    const line = target.closest(USABLE);
    const at = `${screenX} ${screenY}`;
    if (line && !this.#isOpen && at !== this.#at) this.#moveTo(line);
    this.#at = at;
  }

  /** The Tab key led into the list: the button is at its end. */
  focusin() {
    const last = [...this.list.querySelectorAll(USABLE)].at(-1);
    if (last && !this.button.matches(":focus") && this.log.matches(":focus-visible")) this.#moveTo(last);
  }

  click({ target }) {
    const bubble = target.closest(".bubble");
    const isTap = matchMedia("(hover: none)").matches && getSelection().isCollapsed;
    if (!isTap || !bubble?.closest(USABLE) || target.closest("a, button")) return;
    this.#moveTo(bubble.closest(USABLE));
    this.#open(bubble);
  }

  get #line() {
    return this.button.closest(".message");
  }

  get #isOpen() {
    return this.menu.matches(":popover-open") || this.dialog.open;
  }

  #moveTo(line) {
    if (line === this.#line) return;
    const { name, message } = read(line);
    this.button.ariaLabel = `What to do with: ${name}, ${message.slice(0, 60)}`;
    const hadFocus = this.button.matches(":focus");
    line.querySelector(".bubble").append(this.button);
    if (hadFocus) this.button.focus({ preventScroll: true });
  }

  #walk(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const lines = [...this.list.querySelectorAll(USABLE)];
    const next = lines[lines.indexOf(this.#line) + step];
    if (!next) return;
    this.#moveTo(next);
    next.scrollIntoView({ block: "nearest" });
  }

  #open(anchor) {
    const mine = "mine" in this.#line.dataset;
    this.#item("edit").hidden = !mine;
    this.#item("remove").hidden = !mine && !this.owns;
    this.menu.querySelector("[data-copy]").dataset.copy = read(this.#line).message;
    this.menu.showPopover();
    this.#placeAt(anchor.getBoundingClientRect());
    this.#items[0].focus();
  }

  #placeAt({ left, top, bottom }) {
    const { offsetWidth: width, offsetHeight: height, style } = this.menu;
    const below = bottom + height + EDGE < innerHeight ? bottom : top - height;
    style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
    style.top = `${Math.max(EDGE, below)}px`;
  }

  #item(act) {
    return this.menu.querySelector(`[data-act="${act}"]`);
  }

  get #items() {
    return [...this.menu.querySelectorAll("button:not([hidden])")];
  }

  #choose(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = this.#items;
    const at = items.indexOf(document.activeElement) + step;
    items[(at + items.length) % items.length].focus();
  }

  #act(act) {
    if (!act) return;
    this.menu.hidePopover();
    if (act === "remove") this.#ask();
    else this.composer[act](read(this.#line));
  }

  #ask() {
    this.dialog.querySelector("p").textContent = read(this.#line).message;
    this.dialog.returnValue = "";
    this.dialog.showModal();
  }

  #answered() {
    if (this.dialog.returnValue !== "delete") return;
    this.log.focus({ preventScroll: true });
    this.remove(read(this.#line).seq);
  }
}
