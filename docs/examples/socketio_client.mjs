// Say something in a room over Socket.IO, as browsers do, and print what is said there.
//
//   npm install socket.io-client
//   node socketio_client.mjs http://127.0.0.1:5000 K7QP Ada "Hello over Socket.IO"

import { io } from "socket.io-client";

const [server, code, name, text] = process.argv.slice(2);

// The form of the home page makes us a member, and gives us the cookie that says so.
const body = new URLSearchParams({ name, code, join: "1" });
const answer = await fetch(server, { method: "POST", body, redirect: "manual" });
if (answer.status !== 303) throw new Error(`not let in: ${answer.status}`);
const cookie = answer.headers.get("set-cookie").split(";")[0];

const socket = io(server, { auth: { room: code }, extraHeaders: { cookie }, transports: ["websocket"] });
const hear = ({ name, message }) => console.log(`${name}: ${message}`);
socket.on("room", ({ messages }) => messages.forEach(hear));
socket.on("message", hear);
socket.on("connect_error", ({ message }) => console.error(message));

const outcome = await socket.timeout(5000).emitWithAck("message", { data: text });
if (!outcome.ok) throw new Error(outcome.error.message);
setTimeout(() => socket.disconnect(), 1000);
