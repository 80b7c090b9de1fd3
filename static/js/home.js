/** The home page: the code is tidied up while it is typed, and a form is sent once. */

import { readCode } from "parlor/codes";

const ONCE_IN = 3_000;
const code = document.querySelector("input.code");

function isHalfALink(text) {
  return /^\s*https?:/i.test(text) && !/\/room\/./i.test(text);
}

function tidy(event) {
  if (event.isComposing || isHalfALink(code.value)) return;
  const caret = readCode(code.value.slice(0, code.selectionStart)).length;
  code.value = readCode(code.value);
  code.setSelectionRange(caret, caret);
}

function sendOnce(event) {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "true";
  setTimeout(() => delete form.dataset.sent, ONCE_IN);
}

code.addEventListener("input", tidy);
document.addEventListener("submit", sendOnce);
