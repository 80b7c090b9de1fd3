// The pages' own client visits a room again and again, talks, and tells what it heard each time:
//   node visits.mjs URL CODE COOKIE TRANSPORTS ROUNDS
// With "polling,websocket" it talks before, while and after it comes over to WebSocket.

import {
  io, NodeWebSocket, NodeXHR,
} from "../../static/vendor/node_modules/socket.io-client/build/esm/index.js";

const [url, room, cookie, names, rounds] = process.argv.slice(2);
const AT_ONCE = 10; // packets on their way: Engine.IO takes 16 in one body
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

let connected;

// The first transport opens at once; the one that is come over to, in the middle of the talk.
class LateWebSocket extends NodeWebSocket {
  doOpen() {
    if (names === "websocket") super.doOpen();
    else connected.then(() => setTimeout(() => super.doOpen(), 20));
  }
}

const transports = names.split(",").map((name) => (name === "polling" ? NodeXHR : LateWebSocket));

async function visit(number) {
  const options = { auth: { room }, extraHeaders: { cookie }, transports };
  const socket = io(url, { ...options, forceNew: true, reconnection: false });
  const seen = { heard: [], acks: [], transports: [] };
  socket.on("connect_error", (error) => { console.error(error); process.exit(1); });
  socket.on("room", (data) => { seen.through = data.through; });
  socket.on("message", (data) => { seen.heard.push(data.seq); });
  socket.on("disconnect", (reason) => { seen.reason = reason; });
  connected = new Promise((done) => socket.on("connect", done));
  await connected;
  const { engine } = socket.io;
  seen.transports.push(engine.transport.name);
  const moved = transports.length > 1 ? new Promise((done) => engine.once("upgrade", done)) : pause(20);
  const sent = [];
  const talk = setInterval(() => {
    if (sent.length >= seen.acks.length + AT_ONCE) return;
    const ack = socket.timeout(9000).emitWithAck("message", { data: `${number}: ${sent.length}` });
    sent.push(ack.then(({ seq }) => seen.acks.push(seq)));
  }, 2);
  await moved;
  await pause(20);
  clearInterval(talk);
  await Promise.all(sent);
  while (!seen.heard.includes(seen.acks.at(-1))) await pause(2);
  seen.transports.push(engine.transport.name);
  socket.close();
  return seen;
}

const visits = [];
for (let number = 0; number < Number(rounds); number += 1) visits.push(await visit(number));
console.log(JSON.stringify(visits));
