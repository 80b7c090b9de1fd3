/** That I am typing, told to the others; and that the others are, told to me. */

import { bdi } from "parlor/draw";

const SAY_AGAIN = 2_000;
const STOPPED_AFTER = 1_000;
const FORGET_AFTER = 4_000;

/** Tells the server about me: `send(true)` again and again while I type, `send(false)` after. */
export class Typing {
  #saidAt = -Infinity;
  #timer;

  constructor({ field, send }) {
    this.send = send;
    field.addEventListener("blur", () => this.stop());
  }

  get isOn() {
    return this.#saidAt !== -Infinity;
  }

  /** A key was pressed. */
  touch(text) {
    if (!text) return this.stop();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), STOPPED_AFTER);
    if (performance.now() - this.#saidAt >= SAY_AGAIN) this.#say();
  }

  stop() {
    clearTimeout(this.#timer);
    if (!this.isOn) return;
    this.#saidAt = -Infinity;
    this.send(false);
  }

  #say() {
    this.#saidAt = performance.now();
    this.send(true);
  }
}

/** The line about the others. It goes away by itself, should the server's word get lost. */
export class Typers {
  #timer;

  constructor({ line, me }) {
    Object.assign(this, { line, me });
  }

  /** @param {{user_id: number, name: string}[]} users all who type, perhaps the reader too */
  show(users) {
    const others = users.filter(({ user_id }) => user_id !== this.me.user_id);
    this.line.replaceChildren(...sentence(others.map(({ name }) => bdi(name))));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.line.replaceChildren(), FORGET_AFTER);
  }
}

function sentence(names) {
  if (names.length === 0) return [];
  if (names.length === 1) return [names[0], " is typing"];
  if (names.length === 2) return [names[0], " and ", names[1], " are typing"];
  return ["Several people are typing"];
}
