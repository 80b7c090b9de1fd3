/** Room codes as people type them, read as the server reads them. */

const ROOM_LINK = /\/room\/([^/?#\s]*)/i;

/**
 * @param {string} typed a code with spaces, dashes or lower case letters, or a room's link
 * @returns {string} Crockford's base 32: upper case, O read as 0, I and L as 1
 */
export function readCode(typed) {
  const code = typed.match(ROOM_LINK)?.[1] ?? typed;
  return code.toUpperCase().replace(/[\s\-‐‑‒–—_.]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
}
