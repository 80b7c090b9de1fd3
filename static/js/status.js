/** How the connection is, in words; and what there is to do when the server won't have us. */

const WORDS = {
  connecting: "Connecting…",
  connected: "Connected",
  reconnecting: "Reconnecting… your messages will be sent when you're back",
  offline: "You're offline. Your messages will be sent when you're back",
  closed: "Not connected",
};

const REFUSALS = {
  not_a_member: "You're not in this room any more.",
  room_not_found: "This room is closed.",
  room_closed: "This room is closed.",
};
const NOT_YOURS = "You're not in this conversation any more.";

export class Status {
  #wasConnected = false;

  /** `isConversation`: of a group, say, that whoever has to leave knows nothing of any more. */
  constructor({ line, notice, socket, isConversation = false }) {
    Object.assign(this, { line, notice, socket, isConversation });
    ["connect", "disconnect"].forEach((event) => socket.on(event, () => this.show()));
    ["online", "offline"].forEach((event) => window.addEventListener(event, () => this.show()));
    this.show();
  }

  show() {
    this.#wasConnected ||= this.socket.connected;
    this.#say(this.#state());
  }

  /** For good: nothing will be tried again. */
  refuse({ code }) {
    this.notice.querySelector("p").textContent = this.isConversation ? NOT_YOURS : REFUSALS[code];
    this.notice.querySelector("[data-rejoin]").hidden =
      this.isConversation || code !== "not_a_member";
    this.notice.hidden = false;
    this.#say("closed");
  }

  #state() {
    if (!this.notice.hidden) return "closed";
    if (!navigator.onLine) return "offline";
    if (this.socket.connected) return "connected";
    return this.#wasConnected ? "reconnecting" : "connecting";
  }

  #say(state) {
    if (this.line.dataset.status === state) return;
    this.line.dataset.status = state;
    this.line.textContent = WORDS[state];
  }
}
