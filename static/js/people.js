/** Who is here now. */

import { clone, drawPerson } from "parlor/draw";

const BACK_WITHIN = 15_000;

export class People {
  #expected = new Set();
  #timer;

  constructor({ list, counts, me }) {
    Object.assign(this, { list, counts, me });
  }

  /** Who is here after a (re)connection. Whoever was here before may come back without being news. */
  set(members) {
    [...this.list.children].forEach((person) => this.#expected.add(person.dataset.userId));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#expected.clear(), BACK_WITHIN);
    this.list.replaceChildren(...members.map((member) => this.#draw(member)));
    this.count(members.length);
  }

  /** @returns {boolean} whether that is news */
  add(member) {
    if (this.#find(member)) return false;
    this.list.append(this.#draw(member));
    return !this.#expected.delete(String(member.user_id));
  }

  rename(member) {
    const person = this.#find(member);
    if (person) drawPerson(person, member);
  }

  /** @returns {boolean} whether they were here */
  remove(member) {
    this.#expected.delete(String(member.user_id));
    const person = this.#find(member);
    person?.remove();
    return Boolean(person);
  }

  count(number) {
    this.counts.forEach((count) => (count.textContent = number));
  }

  #find({ user_id }) {
    return this.list.querySelector(`[data-user-id="${user_id}"]`);
  }

  #draw(member) {
    const person = clone("person");
    drawPerson(person, member);
    person.querySelector(".person-me").hidden = member.user_id !== this.me.user_id;
    return person;
  }
}
