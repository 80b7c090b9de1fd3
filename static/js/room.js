/**
 * A room, put together. What I write: composer, outbox, pending (drawn at once), socket, and with
 * the acknowledgement to messages. What comes: socket, catchup (nothing missed), messages, scroll;
 * and what came while the reader was away: gapline (too much of it), away (how much, since where).
 */

import "parlor/copy";
import { Away } from "parlor/away";
import { Catchup } from "parlor/catchup";
import { Composer } from "parlor/composer";
import { GapLine } from "parlor/gapline";
import { Messages } from "parlor/messages";
import { Names } from "parlor/names";
import { Older } from "parlor/older";
import { Outbox } from "parlor/outbox";
import { Pending } from "parlor/pending";
import { People } from "parlor/people";
import { Quotes } from "parlor/quotes";
import { Reading, entitle, retitle } from "parlor/reading";
import { Scroll } from "parlor/scroll";
import { Line, connect, request } from "parlor/socket";
import { Status } from "parlor/status";
import { openStorage } from "parlor/storage";
import { Typers, Typing } from "parlor/typing";

const find = (selector) => document.querySelector(selector);
const page = document.body.dataset;
const me = { user_id: Number(page.userId), name: page.name, picture: page.picture };
// A code is a lease: when the room was opened tells it from the one that had the code before.
const membership = `${page.room} ${page.createdAt} ${me.user_id}`;
const log = find(".log");
const list = find(".messages");
const counts = document.querySelectorAll("[data-count]");

let known;
const older = find(".older");
const scroll = new Scroll({ log, list, jump: find(".jump") });
const quotes = new Quotes({ list, ask: askForOne, goTo: (line) => scroll.goTo(line) });
const messages = new Messages({ list, empty: find(".empty"), older, me, quotes });
const people = new People({
  list: find(".people-list"),
  more: find(".people-more"),
  elsewhere: find(".elsewhere"),
  counts,
  me,
});
const names = new Names({ lacks: () => people.lacksNames, ask: () => people.complete(askMembers) });
const reading = new Reading({
  isRead: () => !document.hidden && scroll.isAtEnd,
  last: () => messages.lastSeq,
  tell: tellRead,
  counted: () => entitle(reading.missed),
});
const typers = new Typers({ line: find(".typing"), me });
const away = new Away({ bar: find(".away"), log, messages, scroll });
const catchup = new Catchup({
  through: Number(page.through),
  apply: receive,
  ask,
  together: (change) => scroll.holdEnd(change),
  done: caughtUp,
});
let asked = catchup.through;
const socket = connect(() => ({ room: page.room, after: (asked = catchup.through) }));
const line = new Line({ socket, probe, refused: giveUp });
const status = new Status({
  line: find(".status"),
  notice: find(".notice"),
  isConversation: page.kind !== "open",
  socket,
});
const pending = new Pending({ messages, again, discard });
const outbox = new Outbox({
  storage: openStorage(),
  key: `parlor outbox ${membership}`,
  send,
  sent,
  changed: (entries, isOpen) => scroll.holdEnd(() => pending.show(entries, isOpen)),
});
const composer = new Composer({
  form: find(".composer"),
  limit: Number(page.maxLength),
  submit: say,
  save: (seq, data) => change(seq, "PATCH", { data }),
  latest: () => messages.latest(),
  written: (text) => typing.touch(text),
  storage: openStorage(() => sessionStorage),
  key: `parlor draft ${membership}`,
});
const typing = new Typing({ field: composer.text, send: tellTyping });

new Older({ log, row: older, room: page.room, messages, scroll });

let menu = null;
["pointermove", "focusin", "click"].forEach((type) => log.addEventListener(type, reachOut));

/** What can be done with messages comes when the reader first comes near one. */
async function reachOut(event) {
  menu ??= openMenu().catch(() => (menu = null));
  (await menu)?.[event.type](event);
}

async function openMenu() {
  const { Menu } = await import("parlor/menu");
  return new Menu({ log, list, owns: "owns" in page, composer, remove });
}

function say(text, reply_to) {
  typing.stop();
  outbox.add(text, reply_to);
  scroll.toEnd();
}

/** Where no answer comes although there is a connection, the line may be dead, or lose things. */
async function send({ id, data, reply_to }) {
  try {
    return await request(socket, "message", { id, data, reply_to });
  } catch (error) {
    if (socket.connected) line.test();
    throw error;
  }
}

/** Acknowledged. The version comes with the message itself, which draws over this. */
function sent({ id, data, reply_to }, { seq, timestamp }) {
  messages.put({ ...me, id, seq, timestamp, message: data, reply_to, version: 0 });
}

/** Edits or deletes a message, and shows what has become of it; everybody is told besides. */
async function change(seq, method, body) {
  const message = await getJson(`/api/chat/rooms/${page.room}/messages/${seq}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  scroll.holdEnd(() => messages.put(message));
}

async function remove(seq) {
  try {
    await change(seq, "DELETE");
  } catch (error) {
    composer.refuse(error.message);
  }
}

async function askForOne(seq) {
  const query = new URLSearchParams({ before: seq + 1, limit: 1 });
  const { messages: found } = await getJson(`/api/chat/rooms/${page.room}/messages?${query}`);
  return found.find((message) => message.seq === seq);
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
  const isNew = inPassing(() => scroll.holdEnd(() => messages.put(message)));
  if (message.user_id === me.user_id) outbox.discard(message.id);
  else if (isNew) scroll.count();
  if (isNew && message.user_id !== me.user_id) reading.hear();
}

/** What comes while the reader is away is told all together, afterwards. */
function inPassing(change) {
  return away.isAway ? scroll.quietly(change) : change();
}

function caughtUp() {
  scroll.holdEnd(() => pending.settle(outbox.entries()));
  away.back();
}

async function ask(after) {
  const answer = await request(socket, "sync", { after });
  if (answer.error) throw new Error(answer.error.code);
  return answer;
}

/**
 * Any answer shows that the line is alive, a refusal too. This one needs no database; what may have
 * been lost on the way is asked for besides.
 */
function probe(within) {
  const answer = request(socket, "typing", { is_typing: typing.isOn }, within);
  ask(catchup.through).then(
    (found) => catchup.take(found),
    () => socket.connected && away.back(false),
  );
  return answer;
}

async function tellRead(seq) {
  const { error } = await request(socket, "read", { seq });
  if (error) throw new Error(error.code);
}

/** What stands beside the talk comes after it. */
async function lookAround() {
  const beside = await import("parlor/beside");
  beside.lookAround({ socket, room: page.room, me, reading, people });
}

function tellTyping(isTyping) {
  if (socket.connected) socket.emit("typing", { is_typing: isTyping });
}

/** Nothing is sent before it is known to be the same room. */
function arrive(room) {
  if (isAnother(room)) return location.reload();
  outbox.setOpen(true);
  people.set(room.members, room.count);
  scroll.holdEnd(() => {
    if (room.gap) passOver(room.gap, room.messages);
    catchup.take(room);
  });
  reading.look();
  if (known && known !== facts(room.room)) showFacts(room.room);
  known = facts(room.room);
}

function facts({ name, description }) {
  return JSON.stringify([name, description]);
}

async function showFacts(changed) {
  known = facts(changed);
  const { draw } = await import("parlor/facts");
  draw(changed);
  retitle(changed.name ?? changed.code);
  reading.counted();
}

/** The code was given out again; or the server was set back, to a backup. */
function isAnother({ room, through }) {
  return room.created_at !== page.createdAt || through < asked;
}

function passOver({ after, through }, [next]) {
  const until = next?.seq ?? through + 1;
  new GapLine({ after, through, until, ask: askForChanges, messages, scroll });
}

async function askForChanges(after, limit) {
  const query = new URLSearchParams({ after, limit });
  return getJson(`/api/chat/rooms/${page.room}/messages?${query}`);
}

function rename(member) {
  if (member.user_id === me.user_id) Object.assign(me, { picture: undefined }, member);
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
  return (await getJson(`/api/chat/rooms/${page.room}`)).members;
}

/** What an address answers. Fails with a reason that can be shown. */
async function getJson(address, options) {
  const answer = await fetch(address, options).catch(() => null);
  const found = await answer?.json().catch(() => null);
  if (!answer?.ok) throw new Error(found?.error?.message ?? "That didn't get through. Try again.");
  return found;
}

function pause() {
  outbox.setOpen(false);
  typers.show([]);
  away.leave();
}

function giveUp(error) {
  pause();
  if (error.code !== "not_a_member") outbox.end(error);
  status.refuse(error);
  composer.close();
}

socket.on("disconnect", pause);
socket.on("room", arrive);
socket.on("message", (message) => catchup.receive(message));
socket.on("head", ({ seq }) => catchup.head(seq));
socket.on("presence", showPresence);
socket.on("facts", showFacts);
socket.on("renamed", (member) => scroll.holdEnd(() => rename(member)));
socket.on("typing", ({ users }) => typers.show(users));
socket.once("room", () => {
  if (find(".side")) lookAround().catch(() => {}); // the talk goes on without
});
log.addEventListener("scroll", () => reading.look(), { passive: true });
document.addEventListener("visibilitychange", () => reading.look());
window.addEventListener("storage", ({ key }) => {
  if (key === null || outbox.owns(key)) outbox.look();
});

outbox.setOpen(false);
scroll.toEnd();
if (matchMedia("(hover: hover) and (pointer: fine)").matches) composer.focus();
