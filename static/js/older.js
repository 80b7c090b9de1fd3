/** Earlier messages, fetched when the reader comes near the top, or asks for them. */

const NEAR_TOP = 400;
const AT_ONCE = 50;

export class Older {
  constructor({ log, row, room, messages, scroll }) {
    Object.assign(this, { row, room, messages, scroll });
    row.addEventListener("click", (event) => this.#clicked(event));
    log.addEventListener("scroll", () => log.scrollTop < NEAR_TOP && this.load(), {
      passive: true,
    });
  }

  async load() {
    if (this.row.hidden || this.row.ariaBusy === "true") return;
    this.#busy(true);
    try {
      this.#show(await this.#fetch());
    } catch {
      this.row.querySelector("a").lastChild.textContent = "Earlier messages didn't come. Try again";
    } finally {
      this.#busy(false);
    }
  }

  #clicked(event) {
    event.preventDefault();
    this.load();
  }

  async #fetch() {
    const query = new URLSearchParams({ before: this.messages.firstSeq, limit: AT_ONCE });
    const answer = await fetch(`/api/chat/rooms/${this.room}/messages?${query}`);
    if (!answer.ok) throw new Error(`older messages: ${answer.status}`);
    return answer.json();
  }

  /** What was said before is not news: it is not read out. */
  #show({ messages, more }) {
    this.scroll.quietly(() => {
      this.scroll.holdPlace(() => {
        this.messages.prepend(messages);
        this.row.hidden = !more;
      });
    });
  }

  #busy(busy) {
    this.row.ariaBusy = String(busy);
  }
}
