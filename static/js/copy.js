/** The buttons that copy the room's code or link. */

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

function tell(button, words) {
  const label = button.querySelector("[data-label]");
  button.dataset.was ??= label.textContent;
  label.textContent = words;
  button.toggleAttribute("data-told", true);
  document.querySelector("[data-announce]").textContent = words;
  setTimeout(() => untell(button, label), FEEDBACK_FOR);
}

function untell(button, label) {
  label.textContent = button.dataset.was;
  button.toggleAttribute("data-told", false);
  document.querySelector("[data-announce]").textContent = "";
}

async function clicked(button) {
  const copied = await copy(button.dataset.copy);
  tell(button, copied ? "Copied" : button.dataset.copy);
  button.focus();
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-copy]");
  if (button) clicked(button);
});
