/** Where a message is written. Enter sends, Shift+Enter breaks the line, an IME's does neither. */

const NEAR_LIMIT = 100;
const IME = 229;

export class Composer {
  /** `storage` keeps under `key` what is being written, for after a reload. */
  constructor({ form, limit, submit, written, storage, key }) {
    Object.assign(this, { form, limit, submit, written, storage, key });
    this.text = form.querySelector("textarea");
    this.text.value ||= storage.getItem(key) ?? "";
    this.error = form.querySelector(".error");
    this.counter = form.querySelector(".counter");
    form.addEventListener("submit", (event) => this.#submitted(event));
    this.text.addEventListener("keydown", (event) => this.#pressed(event));
    this.text.addEventListener("input", () => this.#changed());
    this.#draw();
  }

  focus() {
    this.text.focus();
  }

  /** Nothing can be said here any more; what was being written stays to be copied. */
  close() {
    this.text.readOnly = true;
    this.form.querySelector("button").disabled = true;
  }

  #pressed(event) {
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
    if (this.#left() >= 0) this.#refuse("");
    this.written(this.text.value);
  }

  #send() {
    if (this.text.readOnly || !this.text.value.trim()) return;
    if (this.#left() < 0)
      return this.#refuse(`That's ${-this.#left()} too many. Shorten it a little.`);
    this.submit(this.text.value);
    this.text.value = "";
    this.#refuse("");
    this.#draw();
  }

  /** Characters as people count them: an emoji is one or a few, never half of one. */
  #left() {
    return this.limit - [...this.text.value].length;
  }

  #refuse(reason) {
    this.error.querySelector("span").textContent = reason;
    this.error.hidden = !reason;
    this.text.ariaInvalid = reason ? "true" : null;
  }

  #draw() {
    this.storage.setItem(this.key, this.text.value);
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
