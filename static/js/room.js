/**
 * A room, put together. What I write: composer, outbox, pending (drawn at once), socket, and with
 * the acknowledgement to messages. What comes: socket, catchup (nothing missed), messages, scroll.
 */

import "parlor/copy";
import { Catchup } from "parlor/catchup";
import { Composer } from "parlor/composer";
import { Messages } from "parlor/messages";
import { Names } from "parlor/names";
import { Older } from "parlor/older";
import { Outbox, openStorage } from "parlor/outbox";
import { Pending } from "parlor/pending";
import { People } from "parlor/people";
import { Scroll } from "parlor/scroll";
import { connect, persist, request, testWhenItMatters } from "parlor/socket";
import { Status } from "parlor/status";
import { Typers, Typing } from "parlor/typing";

const find = (selector) => document.querySelector(selector);
const page = document.body.dataset;
const me = { user_id: Number(page.userId), name: page.name };
// A code is a lease: when the room was opened tells it from the one that had the code before.
const membership = `${page.room} ${page.createdAt} ${me.user_id}`;
const log = find(".log");
const list = find(".messages");
const counts = document.querySelectorAll("[data-count]");

const messages = new Messages({ list, empty: find(".empty"), me });
const scroll = new Scroll({ log, list, jump: find(".jump") });
const people = new People({ list: find(".people-list"), more: find(".people-more"), counts, me });
const names = new Names({ lacks: () => people.lacksNames, ask: () => people.complete(askMembers) });
const typers = new Typers({ line: find(".typing"), me });
const catchup = new Catchup({ through: Number(page.through), apply: receive, ask });
let asked = catchup.through;
const socket = connect(page.room, () => (asked = catchup.through));
const status = new Status({ line: find(".status"), notice: find(".notice"), socket });
const pending = new Pending({ messages, again, discard });
const outbox = new Outbox({
  storage: openStorage(),
  key: `parlor outbox ${membership}`,
  send: ({ id, data }) => request(socket, "message", { id, data }),
  sent,
  changed: (entries) => scroll.holdEnd(() => pending.show(entries)),
});
const composer = new Composer({
  form: find(".composer"),
  limit: Number(page.maxLength),
  submit: say,
  written: (text) => typing.touch(text),
  storage: openStorage(() => sessionStorage),
  key: `parlor draft ${membership}`,
});
const typing = new Typing({ field: composer.text, send: tellTyping });

new Older({ log, row: find(".older"), room: page.room, messages, scroll });

function say(text) {
  typing.stop();
  outbox.add(text);
  scroll.toEnd();
}

/** Acknowledged. The version comes with the message itself, which draws over this. */
function sent({ id, data }, { seq, timestamp }) {
  messages.put({ ...me, id, seq, timestamp, message: data, version: 0 });
}

function again(id) {
  outbox.again(id);
  composer.focus();
}

function discard(id) {
  outbox.discard(id);
  composer.focus();
}

function receive(message) {
  const isNew = scroll.holdEnd(() => messages.put(message));
  if (message.user_id === me.user_id) outbox.discard(message.id);
  else if (isNew) scroll.count();
}

async function ask(after, within) {
  const answer = await request(socket, "sync", { after }, within);
  if (answer.error) throw new Error(answer.error.code);
  return answer;
}

function tellTyping(isTyping) {
  if (socket.connected) socket.emit("typing", { is_typing: isTyping });
}

function arrive(room) {
  if (room.through < asked) return location.reload(); // the server was set back, to a backup
  people.set(room.members, room.count);
  catchup.take(room);
}

function rename(member) {
  if (member.user_id === me.user_id) me.name = member.name;
  people.rename(member);
  messages.rename(member);
}

/** Whoever bears another name now has left under the old one: those who left come first. */
function showPresence({ joined, left, count }) {
  const others = (members) => members.filter(({ user_id }) => user_id !== me.user_id);
  const went = others(left).filter((member) => people.remove(member));
  joined.forEach(rename);
  const came = others(joined).filter((member) => people.add(member));
  people.count(count);
  names.check();
  scroll.holdEnd(() => {
    messages.note(went, "left");
    messages.note(came, "joined");
  });
}

async function askMembers() {
  const answer = await fetch(`/api/chat/rooms/${page.room}`);
  if (!answer.ok) throw new Error(`members: ${answer.status}`);
  return (await answer.json()).members;
}

function goOn() {
  outbox.setOpen(true);
}

function pause() {
  outbox.setOpen(false);
  typers.show([]);
}

function giveUp(error) {
  pause();
  status.refuse(error);
  composer.close();
}

socket.on("connect", goOn);
socket.on("disconnect", pause);
socket.on("room", arrive);
socket.on("message", (message) => catchup.receive(message));
socket.on("head", ({ seq }) => catchup.head(seq));
socket.on("presence", showPresence);
socket.on("typing", ({ users }) => typers.show(users));
persist(socket, { refused: giveUp });
testWhenItMatters(socket, async (within) => catchup.take(await ask(catchup.through, within)));
window.addEventListener("storage", ({ key }) => {
  if (key === outbox.key) pending.show(outbox.entries());
});

pending.show(outbox.entries());
scroll.toEnd();
if (matchMedia("(hover: hover) and (pointer: fine)").matches) composer.focus();
