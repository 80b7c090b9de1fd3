/** The other conversations beside a talk, or on a page of their own, as the server tells of them. */

import { Conversations } from "parlor/conversations";
import { request } from "parlor/socket";

const NAMED = 2;

/** To be called when the room is live. `reading`, `people`: those of its page. */
export function lookAround({ socket, room, me, reading, people }) {
  const list = document.querySelector(".conversations-list");
  const missed = () => reading.missed;
  const conversations = new Conversations({ list, me: me.user_id, open: room, missed });

  /** Of the room that it is in, a socket hears the talk itself. */
  function hear({ seq, version, user_id, name, message, timestamp, deleted_at }) {
    const last = { seq, user_id, name, message, deleted: Boolean(deleted_at) };
    const isNew = version === seq;
    conversations.change({ room, last, ...(isNew && { last_message_at: timestamp }) });
  }

  function showHere() {
    const others = people.named.filter(({ user_id }) => user_id !== me.user_id);
    const here = others.slice(0, NAMED).map(({ name }) => name);
    conversations.change({ room, here, count: people.number - 1 });
  }

  reading.counted = () => conversations.count();
  follow(socket, conversations, showHere);
  socket.on("message", hear);
  socket.on("presence", showHere);
  socket.on("facts", ({ name }) => conversations.change({ room, title: name ?? room }));
  list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
}

/** Keeps `conversations` as the server has them, from now on and after each new connection. */
export function follow(socket, conversations, drawn = () => {}) {
  const ask = async () => {
    const answer = await request(socket, "conversations", {}).catch(() => ({}));
    if (answer.conversations) conversations.set(answer.conversations);
    drawn();
  };
  socket.on("conversation", (news) => conversations.change(news) || ask());
  socket.on("connect", ask);
  if (socket.connected) ask();
}
