/**
 * Finds the links in a text. parlor/text.py has the same rule for the page: "http://" or
 * "https://" up to white space, a quote or an angle bracket; punctuation at the end belongs to the
 * sentence, and so does a closing bracket that was opened outside of the link.
 */

// Python does not count U+FEFF as white space.
const LINK = /https?:\/\/(?:[^\s<>"]|\ufeff)+/gi;
const PUNCTUATION = ".,;:!?'\"*_~";
const OPENING = { ")": "(", "]": "[", "}": "{" };

function count(text, character) {
  return text.split(character).length - 1;
}

function endsOutside(link) {
  const last = link.at(-1);
  if (PUNCTUATION.includes(last)) return true;
  return last in OPENING && count(link, last) > count(link, OPENING[last]);
}

function trim(link) {
  while (!link.endsWith("://") && endsOutside(link)) link = link.slice(0, -1);
  return link;
}

/**
 * @param {string} text
 * @returns {{text: string, href: string | null}[]} the text in pieces, in order, nothing left out
 */
export function parts(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trim(match[0]);
    if (link.endsWith("://")) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index), href: null });
    found.push({ text: link, href: link });
    end = match.index + link.length;
  }
  if (end < text.length) found.push({ text: text.slice(end), href: null });
  return found;
}
