/** Who is here now: those whom the page knows by name, and how many more there are. */

import { amount, clone, drawPerson } from "parlor/draw";

const BACK_WITHIN = 15_000;
const NAMED = 60; // the server names no more (relay.NAMED)

export class People {
  #count = 0;
  #expected = new Set();
  #expectsAnyone = false;
  #gone = new Set();
  #timer;

  /** `elsewhere`: the section, if any, of those who belong to the conversation and are not here. */
  constructor({ list, more, counts, me, elsewhere = null }) {
    Object.assign(this, { list, more, counts, me, elsewhere });
  }

  /** Whether names are missing that the server would tell. */
  get lacksNames() {
    return this.#count <= NAMED && this.#unnamed > 0;
  }

  /** How many are here. */
  get number() {
    return this.#count;
  }

  /** Those of them whom the page knows: {user_id, name} */
  get named() {
    return [...this.list.children].map((person) => ({
      user_id: Number(person.dataset.userId),
      name: person.querySelector("bdi").textContent,
    }));
  }

  /** Who is here after a (re)connection. Whoever was here before may come back without being news. */
  set(members, count) {
    this.#expect();
    const named = members.length < count ? this.#withMe(members) : members;
    this.list.replaceChildren(...named.map((member) => this.#draw(member)));
    this.count(count);
  }

  /** @returns {boolean} whether that is news */
  add(member) {
    this.#gone.delete(member.user_id);
    if (this.#find(member)) return false;
    this.list.append(this.#draw(member));
    return !this.#expected.delete(member.user_id) && !this.#expectsAnyone;
  }

  rename(member) {
    const person = this.#find(member);
    if (person) this.#fill(person, member);
  }

  /** @returns {boolean} whether the page knew them */
  remove(member) {
    this.#expected.delete(member.user_id);
    this.#gone.add(member.user_id);
    const person = this.#find(member);
    person?.remove();
    return Boolean(person);
  }

  count(number) {
    this.#count = number;
    this.counts.forEach((count) => (count.textContent = amount(number)));
    this.more.hidden = this.#unnamed <= 0;
    this.more.textContent = `and ${amount(this.#unnamed)} more`;
    if (this.elsewhere) this.#hideThoseHere();
  }

  /** Draws those whom `ask()` names and the page does not, but for who has left meanwhile. */
  async complete(ask) {
    this.#gone.clear();
    const members = await ask();
    const isNew = (member) => !this.#gone.has(member.user_id) && !this.#find(member);
    this.list.append(...members.filter(isNew).map((member) => this.#draw(member)));
    this.count(this.#count);
  }

  #hideThoseHere() {
    const rows = [...this.elsewhere.querySelectorAll("[data-user-id]")];
    rows.forEach((row) => (row.hidden = Boolean(this.#find({ user_id: row.dataset.userId }))));
    this.elsewhere.hidden = rows.every((row) => row.hidden);
  }

  get #unnamed() {
    return this.#count - this.list.children.length;
  }

  #expect() {
    [...this.list.children].forEach(({ dataset }) => this.#expected.add(Number(dataset.userId)));
    this.#expectsAnyone ||= this.#unnamed > 0;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#expected.clear();
      this.#expectsAnyone = false;
    }, BACK_WITHIN);
  }

  /** The reader is among those who are named, however many came before. */
  #withMe(members) {
    const isThere = members.some(({ user_id }) => user_id === this.me.user_id);
    return isThere ? members : [...members.slice(0, NAMED - 1), this.me];
  }

  #find({ user_id }) {
    return this.list.querySelector(`[data-user-id="${user_id}"]`);
  }

  #draw(member) {
    return this.#fill(clone("person"), member);
  }

  #fill(person, member) {
    const isMe = member.user_id === this.me.user_id;
    drawPerson(person, member);
    person.querySelector(".person-me").hidden = !isMe;
    const write = person.querySelector("form");
    if (write) {
      write.hidden = isMe || !member.account;
      const label = `Message ${member.name}`;
      Object.assign(write.firstElementChild, { value: member.name, ariaLabel: label });
    }
    return person;
  }
}
