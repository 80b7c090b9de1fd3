/** Who is here now. */

import { clone, drawPerson } from "parlor/draw";

export class People {
  constructor({ list, counts, me }) {
    Object.assign(this, { list, counts, me });
  }

  set(members) {
    this.list.replaceChildren(...members.map((member) => this.#draw(member)));
    this.count(members.length);
  }

  /** @returns {boolean} whether they were not here already */
  add(member) {
    if (this.#find(member)) return false;
    this.list.append(this.#draw(member));
    return true;
  }

  /** @returns {boolean} whether they were here */
  remove(member) {
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
