/** What a room is called and is about, drawn anew when its owner has changed it. */

export function draw({ kind, name, description }) {
  drawName(document.querySelector(".room-head h1"), kind, name);
  const about = document.querySelector(".about");
  const [text, share] = [".about-text", ".about-share"].map((part) => about.querySelector(part));
  text.textContent = description ?? "";
  text.hidden = !description;
  if (share) share.hidden = !name;
  about.hidden = !name && !description && !about.querySelector("a");
}

function drawName(heading, kind, name) {
  const code = heading.querySelector(".room-code");
  const first = document.createElement(name ? "bdi" : "span");
  first.className = name ? "room-name" : "visually-hidden";
  first.textContent = name ?? "Room";
  heading.classList.toggle("named", Boolean(name));
  heading.replaceChildren(first, ...(kind === "open" ? [" ", code] : []));
}
