/** Where the reader is: at the end new messages push up; elsewhere they are counted on a button. */

const CLOSE = 80;
const QUIET_FOR = 500;

export class Scroll {
  #atEnd = true;
  #missed = 0;
  #top = 0;
  #holds = false;
  #quiet;

  constructor({ log, list, jump }) {
    Object.assign(this, { log, jump });
    jump.addEventListener("click", () => this.#jumped());
    log.addEventListener("scroll", () => this.#look(), { passive: true });
    const resized = new ResizeObserver(() => this.#atEnd && this.toEnd());
    resized.observe(log);
    resized.observe(list);
    window.visualViewport?.addEventListener("resize", fitAboveKeyboard);
    this.toEnd();
  }

  get isAtEnd() {
    return this.#atEnd;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.#look();
  }

  /** Runs a change at the end of the list; whoever was at the end stays there. */
  holdEnd(change) {
    if (this.#holds) return change();
    this.#holds = true;
    // The reader may have moved this very moment: the scroll event comes only with the next frame.
    if (this.log.scrollTop !== this.#top) this.#look();
    const wasAtEnd = this.#atEnd;
    try {
      return change();
    } finally {
      this.#holds = false;
      if (wasAtEnd) this.toEnd();
    }
  }

  /** Runs a change above; what the reader is looking at stays where it is. */
  holdPlace(change) {
    const fromBottom = this.log.scrollHeight - this.log.scrollTop;
    change();
    this.log.scrollTop = this.log.scrollHeight - fromBottom;
  }

  /** Runs a change at a line; what the reader is looking at, above or below, stays where it is. */
  holdAt(line, change) {
    const isPassed = line.getBoundingClientRect().bottom <= this.log.getBoundingClientRect().top;
    if (isPassed) this.holdPlace(change);
    else this.#holdTop(change);
    this.#look();
  }

  #holdTop(change) {
    const { scrollTop } = this.log;
    change();
    this.log.scrollTop = scrollTop;
  }

  /** Runs a change that is not news: it is not read out. */
  quietly(change) {
    this.log.ariaLive = "off";
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => (this.log.ariaLive = "polite"), QUIET_FOR);
    return change();
  }

  /** Brings a line into the middle of what is seen. */
  goTo(line) {
    const { top, height } = line.getBoundingClientRect();
    const frame = this.log.getBoundingClientRect();
    this.log.scrollTop += top + height / 2 - frame.top - frame.height / 3;
    this.log.focus({ preventScroll: true });
  }

  /** A message came that the reader does not see yet, perhaps. */
  count() {
    if (!this.#atEnd) this.#show(this.#missed + 1);
  }

  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    this.#top = scrollTop;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < CLOSE;
    if (this.#atEnd) this.#show(0);
  }

  #jumped() {
    this.toEnd();
    this.log.focus();
  }

  #show(missed) {
    this.#missed = missed;
    this.jump.hidden = missed === 0;
    this.jump.firstElementChild.textContent =
      missed === 1 ? "1 new message" : `${missed} new messages`;
  }
}

/** Where the keyboard covers the page instead of making it smaller, the page shrinks by itself. */
function fitAboveKeyboard() {
  const { scale, height } = window.visualViewport;
  if (scale !== 1) return;
  document.body.style.height = height < window.innerHeight ? `${height}px` : "";
  window.scrollTo(0, 0);
}
