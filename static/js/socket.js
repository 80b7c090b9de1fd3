/** The connection: made, kept and tested. What comes over it is for others. */

import { io } from "socket.io-client";

const ANSWER_WITHIN = 5_000;
const PROBE_WITHIN = 3_000;
const FINAL = ["not_a_member", "room_not_found", "room_closed"];

/** @param {() => number} through tells up to which change the page has everything */
export function connect(room, through) {
  return io({
    auth: (give) => give({ room, after: through() }),
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 10_000,
    randomizationFactor: 0.5,
    reconnectionAttempts: Infinity,
  });
}

/** Sends an event and gives its answer; rejects when none comes in time, or the line breaks. */
export function request(socket, event, data, within = ANSWER_WITHIN) {
  return socket.timeout(within).emitWithAck(event, data);
}

/** Goes on where Socket.IO stops: when the server refuses us, or has thrown us out. */
export function persist(socket, { refused }) {
  socket.on("connect_error", ({ data }) => {
    if (socket.active) return;
    const error = data?.error ?? {};
    if (FINAL.includes(error.code)) refused(error);
    else connectIn(socket, (error.retry_after ?? 2) * 1000);
  });
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") connectIn(socket, 200);
  });
}

function connectIn(socket, pause) {
  setTimeout(() => socket.connect(), pause * (1 + Math.random() / 2));
}

/** After a sleep, or a change of network, the connection may be dead without knowing it. */
export function testWhenItMatters(socket, probe) {
  const test = () => (socket.connected ? probe(PROBE_WITHIN).catch(again) : again());
  const again = () => socket.disconnect().connect();
  document.addEventListener("visibilitychange", () => document.hidden || test());
  window.addEventListener("online", test);
  window.addEventListener("offline", test);
}
