/** Fills the markup that _message.html and _person.html drew as <template>: with text alone. */

import { parts } from "parlor/links";
import { clock, day, dayLabel } from "parlor/time";

const HUES = 12;
const MIXED = 65_521;
const amountFormat = new Intl.NumberFormat();

export function clone(name) {
  return document.getElementById(`${name}-template`).content.firstElementChild.cloneNode(true);
}

/** "1,940", as the reader writes it. */
export function amount(number) {
  return amountFormat.format(number);
}

export function bdi(name) {
  const element = document.createElement("bdi");
  element.textContent = name;
  return element;
}

/** The first letters of the first and the last word, as parlor/faces.py has them. */
export function initials(name) {
  const words = name.split(" ");
  const ends = words.length === 1 ? words : [words[0], words.at(-1)];
  return ends.map((word) => [...word][0] ?? "").join("").toUpperCase();
}

export function hue(name) {
  return [...name].reduce((mix, char) => (mix * 31 + char.codePointAt(0)) % MIXED, 0) % HUES;
}

/** The picture, if it comes, covers the initials; as _avatar.html has it. */
function portrait(src) {
  const image = new Image();
  return Object.assign(image, { alt: "", referrerPolicy: "no-referrer", loading: "lazy", src });
}

/** @param {{user_id: number, name: string, picture?: string}} person whose avatar and name are in `element` */
export function drawPerson(element, { user_id, name, picture }) {
  element.dataset.userId = user_id;
  element.querySelectorAll("[data-hue]").forEach((part) => (part.dataset.hue = hue(name)));
  const face = element.querySelector(".avatar");
  face.textContent = initials(name);
  if (picture) face.append(portrait(picture));
  element.querySelector("bdi").textContent = name;
}

export function drawMessage(line, message, mine) {
  drawPerson(line, message);
  if (message.seq) line.id = `m${message.seq}`;
  line.toggleAttribute("data-mine", mine);
  line.dataset.id = message.id ?? "";
  line.dataset.seq = message.seq ?? "";
  line.dataset.version = message.version ?? 0;
  line.toggleAttribute("data-deleted", Boolean(message.deleted_at));
  line.querySelector(".message-edited").hidden = !message.edited_at || message.deleted_at;
  line.querySelector(".message-text").replaceChildren(...parts(said(message)).map(piece));
  drawTime(line, message.timestamp);
}

export function said({ message, deleted_at }) {
  return deleted_at ? "Message deleted" : message;
}

/** The time of a message, and the day it belongs to, in the reader's zone. */
export function drawTime(line, timestamp) {
  const time = line.querySelector("time");
  time.dateTime = timestamp;
  time.textContent = clock(timestamp);
  line.dataset.day = day(timestamp);
  line.querySelector(".message-day span").textContent = dayLabel(timestamp);
}

function piece({ text, href }) {
  if (!href) return document.createTextNode(text);
  const link = document.createElement("a");
  Object.assign(link, {
    href,
    target: "_blank",
    rel: "noopener noreferrer nofollow",
    textContent: text,
  });
  return link;
}
