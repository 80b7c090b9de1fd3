// The peer on Node: a Socket.IO server with rooms. PORT: where it listens, on 127.0.0.1.
// STORE: an SQLite file; then all messages of one turn of the loop are stored in one transaction
// (WAL, synchronous = NORMAL: no fsync at a commit), and only then sent.

import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { Server } from "socket.io";

const http = createServer((request, response) => response.end("Hello"));
const io = new Server(http, { serveClient: false });
const rooms = new Map(); // name -> { members, seq }
const store = process.env.STORE ? await openStore(process.env.STORE) : () => {};
let waiting = [];

async function openStore(path) {
  const { default: Database } = await import("better-sqlite3");
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = NORMAL");
  db.exec(`CREATE TABLE message (id INTEGER PRIMARY KEY, room TEXT, seq INTEGER, user_id INTEGER,
    client_id TEXT, content TEXT, timestamp TEXT, UNIQUE (room, seq))`);
  const insert = db.prepare(`INSERT INTO message (room, seq, user_id, client_id, content, timestamp)
    VALUES (?, ?, ?, ?, ?, ?)`);
  return db.transaction((batch) => {
    for (const { room, message } of batch) {
      const { seq, user_id, id, message: content, timestamp } = message;
      insert.run(room, seq, user_id, id, content, timestamp);
    }
  });
}

function flush() {
  const batch = waiting;
  waiting = [];
  store(batch);
  for (const { room, message, ack } of batch) {
    io.to(room).emit("message", message);
    if (ack) ack({ ok: true, seq: message.seq, id: message.id, timestamp: message.timestamp });
  }
}

io.on("connection", (socket) => {
  const { name, room, user } = socket.handshake.query;
  const here = rooms.get(room) ?? { members: 0, seq: 0 };
  rooms.set(room, here);
  here.members += 1;
  socket.join(room);
  io.to(room).emit("presence", { joined: [{ name }], left: [], count: here.members });

  socket.on("message", ({ data, id }, ack) => {
    const seq = (here.seq += 1);
    const message = {
      seq, version: seq, id: id ?? randomUUID().replaceAll("-", ""), user_id: Number(user), name,
      message: data, timestamp: new Date().toISOString(),
    };
    if (waiting.push({ room, message, ack }) === 1) setImmediate(flush);
  });

  socket.on("disconnect", () => {
    here.members -= 1;
    if (here.members === 0) rooms.delete(room);
    io.to(room).emit("presence", { joined: [], left: [{ name }], count: here.members });
  });
});

http.listen(Number(process.env.PORT), "127.0.0.1", 2048);
