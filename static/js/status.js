/** How the connection is, in words; and what there is to do when the server won't have us. */

const WORDS = {
  connecting: "Connecting…",
  connected: "Connected",
  reconnecting: "Reconnecting… your messages will be sent when you're back",
  offline: "You're offline. Your messages will be sent when you're back",
  closed: "Not connected",
  blocked: "Live connections (WebSocket) don't get through. Your messages will be sent when one does",
};
const OFTEN = 3;

const REFUSALS = {
  not_a_member: "You're not in this room any more.",
  room_not_found: "This room is closed.",
  room_closed: "This room is closed.",
};
const NOT_YOURS = "You're not in this conversation any more.";

export class Status {
  #wasConnected = false;
  #failures = 0;
  #isBlocked = false;

  /** `isConversation`: of a group, say, that whoever has to leave knows nothing of any more. */
  constructor({ line, notice, socket, isConversation = false }) {
    Object.assign(this, { line, notice, socket, isConversation });
    ["connect", "disconnect"].forEach((event) => socket.on(event, () => this.show()));
    socket.on("connect_error", () => this.#failed());
    ["online", "offline"].forEach((event) => window.addEventListener(event, () => this.show()));
    this.show();
  }

  show() {
    this.#wasConnected ||= this.socket.connected;
    if (this.socket.connected) [this.#failures, this.#isBlocked] = [0, false];
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

  /** Where pages get through, and connections do not, waiting alone will not help. */
  async #failed() {
    this.#failures += 1;
    if (this.#failures < OFTEN) return;
    const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
    this.#isBlocked = Boolean(answer?.ok);
    this.show();
  }

  #state() {
    if (!this.notice.hidden) return "closed";
    if (!navigator.onLine) return "offline";
    if (this.socket.connected) return "connected";
    if (this.#isBlocked) return "blocked";
    return this.#wasConnected ? "reconnecting" : "connecting";
  }

  #say(state) {
    if (this.line.dataset.status === state) return;
    this.line.dataset.status = state;
    this.line.textContent = WORDS[state];
  }
}
