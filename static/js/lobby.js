/** The page of all conversations: beside the rooms, with a connection of its own. */

import { follow } from "parlor/beside";
import { Conversations } from "parlor/conversations";
import { Line, connect, request } from "parlor/socket";

const list = document.querySelector(".conversations-list");
const nothing = document.querySelector(".nothing");
const socket = connect(() => ({ lobby: true }));
const probe = (within) => request(socket, "conversations", {}, within);

new Line({ socket, probe, refused: () => location.reload() });
follow(socket, new Conversations({ list, me: Number(document.body.dataset.userId) }));
new MutationObserver(() => (nothing.hidden = list.children.length > 0)).observe(list, {
  childList: true,
});
