/** The connection: made, kept and tested. What comes over it is for others. */

import { onWake } from "parlor/wake";
import { io } from "socket.io-client";

const ANSWER_WITHIN = 5_000;
const PROBE_WITHIN = 3_000;
const LAY_THERE = 500;
const THROWN_OUT = 0.2;
const REFUSED = 2;
const FINAL = ["not_a_member", "room_not_found", "room_closed", "sign_in_needed"];

/** @param {() => object} auth says, for each connection, where to and since when; see the protocol */
export function connect(auth) {
  return io({
    auth: (give) => give(auth()),
    transports: document.body.dataset.transports.split(" "),
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

/**
 * Goes on where Socket.IO stops: when the server refuses us, has thrown us out, or is about to stop;
 * and where the line may be dead, `probe(within)` asks for any answer in that many milliseconds.
 */
export class Line {
  #comeback = null;
  #testing = false;
  #heard = 0;
  #over = false;

  constructor({ socket, probe, refused }) {
    Object.assign(this, { socket, probe, refused });
    socket.on("connect_error", ({ data }) => socket.active || this.#turnedAway(data?.error ?? {}));
    socket.on("disconnect", (reason) => {
      if (reason === "io server disconnect") this.#comeBackIn(spread(THROWN_OUT));
    });
    socket.on("restart", ({ within }) => this.#makeWay(within));
    socket.onAny(() => (this.#heard = performance.now()));
    onWake(() => this.test());
  }

  /** One at a time; and who waits for a moment to come back keeps to it. */
  async test() {
    if (this.#testing || this.#over) return;
    this.#testing = true;
    const isAlive = this.socket.connected && (await this.#answers());
    this.#testing = false;
    if (!isAlive && !this.#comeback) this.socket.disconnect().connect();
  }

  /** On a slow line the answer is late; what else comes shows life, unless it lay there before. */
  #answers() {
    const asked = performance.now();
    return this.probe(PROBE_WITHIN).then(
      () => true,
      () => this.#heard > asked + LAY_THERE,
    );
  }

  #turnedAway(error) {
    this.#over = FINAL.includes(error.code);
    if (this.#over) this.refused(error);
    else this.#comeBackIn(spread(error.retry_after ?? REFUSED));
  }

  /** The server is about to stop: everybody goes, and nobody comes back at the same moment. */
  #makeWay(within) {
    this.socket.disconnect();
    this.#comeBackIn(Math.random() * within);
  }

  #comeBackIn(seconds) {
    clearTimeout(this.#comeback);
    this.#comeback = setTimeout(() => {
      this.#comeback = null;
      this.socket.connect();
    }, seconds * 1000);
  }
}

/** Up to half as many seconds more. */
function spread(seconds) {
  return seconds * (1 + Math.random() / 2);
}
