// Talk in a room from a terminal: lines you type are said, what happens is printed.
//
//   npm install ws            (not needed in Node 22 and in browsers, which have a WebSocket)
//   node javascript_client.mjs ws://127.0.0.1:5000 K7QP Ada
//
// Nothing is lost and nothing is said twice, whatever happens to the connection.

import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";

const WebSocket = globalThis.WebSocket ?? (await import("ws")).WebSocket;

const [server, code, name] = process.argv.slice(2);
const unsaid = new Map(); // by id, until the server has it
let who = { username: name };
let after; // the highest version that was seen
let line;

function connect() {
  const socket = new WebSocket(`${server}/ws/chat/${code}`);
  socket.onopen = () => socket.send(JSON.stringify({ type: "auth", after, ...who }));
  socket.onmessage = ({ data }) => hear(JSON.parse(data), socket);
  socket.onclose = comeBack;
  socket.onerror = comeBack; // the only one of the two that comes in Node 20 where nobody answers
}

function comeBack({ message, target }) {
  target.onclose = target.onerror = null;
  line = undefined;
  console.error(`… ${message || "the connection is gone"}`);
  setTimeout(connect, 500 + 2500 * Math.random());
}

function hear(frame, socket) {
  if (frame.type === "message") {
    after = Math.max(after ?? 0, frame.version);
    console.log(`${frame.name}: ${frame.message}`);
  } else if (frame.type === "system") {
    console.log(`* ${frame.text}`);
    if (frame.event === "welcome") comeIn(frame, socket);
  } else if (frame.type === "ack") {
    done(frame.ref);
  } else if (frame.type === "error") {
    console.error(`! ${frame.error.message}`);
    if (!line) process.exit(1);
    done(frame.ref);
  }
}

function comeIn(welcome, socket) {
  who = { token: welcome.token }; // next time we are the same guest
  line = socket;
  for (const frame of unsaid.values()) line.send(JSON.stringify(frame));
}

function say(text) {
  const id = randomUUID(); // the same id again is the same message
  const frame = { type: "message", data: text, id, ref: id };
  unsaid.set(id, frame);
  line?.send(JSON.stringify(frame));
}

let isOver = false;

function done(id) {
  unsaid.delete(id);
  if (isOver && unsaid.size === 0) process.exit();
}

connect();
createInterface({ input: process.stdin })
  .on("line", say)
  .on("close", () => {
    isOver = true;
    if (unsaid.size === 0) process.exit();
  });
