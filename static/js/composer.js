/**
 * Where a message is written. Enter sends, Shift+Enter breaks the line, an IME's does neither. It
 * may answer another message, or be the new text of one's own: a bar above the field says so, until
 * it is sent or Escape lets it be.
 */

const NEAR_LIMIT = 100;
const IME = 229;

export class Composer {
  #turn = null;

  /**
   * `storage` keeps under `key` what is being written, for after a reload. `submit(text, reply_to)`
   * sends; `save(seq, text)` gives a promise that a message has got a new text; `latest()` is the
   * reader's last message, as `read` has it, or null.
   */
  constructor({ form, limit, submit, save, latest, written, storage, key }) {
    Object.assign(this, { form, limit, submit, save, latest, written, storage, key });
    this.text = form.querySelector("textarea");
    this.text.value ||= storage.getItem(key) ?? "";
    this.error = form.querySelector(".error");
    this.counter = form.querySelector(".counter");
    this.bar = form.querySelector(".turn");
    this.bar.querySelector("button").addEventListener("click", () => this.#turnBack());
    form.addEventListener("submit", (event) => this.#submitted(event));
    this.text.addEventListener("keydown", (event) => this.#pressed(event));
    this.text.addEventListener("input", () => this.#changed());
    this.#draw();
  }

  focus() {
    this.text.focus();
  }

  reply(message) {
    this.#turnTo({ ...message, words: "Replying to" });
  }

  edit(message) {
    this.#turnTo({ ...message, words: "Editing", edits: true });
    this.text.value = message.message;
    this.#draw();
  }

  /** Says why something could not be done. */
  refuse(reason) {
    this.error.querySelector("span").textContent = reason;
    this.error.hidden = !reason;
    this.text.ariaInvalid = reason ? "true" : null;
  }

  /** Nothing can be said here any more; what was being written stays to be copied. */
  close() {
    this.text.readOnly = true;
    this.form.querySelector(".send").disabled = true;
  }

  #pressed(event) {
    if (event.key === "Escape" && this.#turn) return this.#turnBack();
    if (event.key === "ArrowUp" && !this.#turn && !this.text.value) return this.#editLatest(event);
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === IME)
      return;
    event.preventDefault();
    this.#send();
  }

  #submitted(event) {
    event.preventDefault();
    this.#send();
    this.focus();
  }

  #changed() {
    this.#draw();
    if (this.#left() >= 0) this.refuse("");
    this.written(this.text.value);
  }

  #send() {
    const isEmpty = !this.text.value.trim();
    if (this.text.readOnly || (isEmpty && !this.#turn?.edits)) return;
    if (isEmpty) return this.refuse("Nothing is left of it. To take it away, delete it.");
    if (this.#left() < 0)
      return this.refuse(`That's ${-this.#left()} too many. Shorten it a little.`);
    if (this.#turn?.edits) return this.#save(this.#turn);
    this.submit(this.text.value, this.#turn?.seq);
    this.text.value = "";
    this.#turnBack();
  }

  /** Until it is saved the text stays where it is, and can be sent again. */
  async #save(turn) {
    try {
      await this.save(turn.seq, this.text.value);
      if (this.#turn === turn) this.#turnBack();
    } catch (error) {
      this.refuse(error.message);
    }
  }

  #editLatest(event) {
    const message = this.latest();
    if (!message) return;
    event.preventDefault();
    this.edit(message);
  }

  #turnTo(turn) {
    this.#turnBack();
    this.#turn = turn;
    this.bar.querySelector("strong").textContent = turn.words;
    this.bar.querySelector("bdi").textContent = turn.edits ? "" : turn.name;
    this.bar.querySelector("p span").textContent = turn.message;
    this.bar.hidden = false;
    this.focus();
  }

  /** What was being written before an edit is there again. */
  #turnBack() {
    if (this.#turn?.edits) this.text.value = this.storage.getItem(this.key) ?? "";
    this.#turn = null;
    this.bar.hidden = true;
    this.refuse("");
    this.#draw();
    this.focus();
  }

  /** Characters as people count them: an emoji is one or a few, never half of one. */
  #left() {
    return this.limit - [...this.text.value].length;
  }

  #draw() {
    if (!this.#turn?.edits) this.storage.setItem(this.key, this.text.value);
    const left = this.#left();
    this.counter.hidden = left > NEAR_LIMIT;
    this.counter.toggleAttribute("data-over", left < 0);
    this.counter.textContent = left < 0 ? `${-left} too many` : `${left} left`;
    this.#fit();
  }

  /** For browsers that do not know field-sizing. */
  #fit() {
    if (CSS.supports("field-sizing", "content")) return;
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }
}
