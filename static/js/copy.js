/** The buttons that copy something: the room's code, its link, or a message that was refused. */

const FEEDBACK_FOR = 2_000;

/** Where the page came over plain http there is no navigator.clipboard. */
function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

let forget = () => {};

/** Says it at the button, and aloud; one at a time. */
function tell(button, words) {
  forget();
  const label = button.querySelector("[data-label]");
  const was = label.textContent;
  const say = (text, told) => {
    label.textContent = told ? text : was;
    button.toggleAttribute("data-told", told);
    document.querySelector("[data-announce]").textContent = text;
  };
  say(words, true);
  const timer = setTimeout(() => forget(), FEEDBACK_FOR);
  forget = () => {
    clearTimeout(timer);
    say("", false);
    forget = () => {};
  };
}

async function clicked(button) {
  const copied = await copy(button.dataset.copy);
  tell(button, copied ? "Copied" : (button.dataset.otherwise ?? button.dataset.copy));
  button.focus();
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-copy]");
  if (button) clicked(button);
});
