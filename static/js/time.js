/** Times as the reader's own clock and calendar say them, in the words the server uses too. */

const clockFormat = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const weekdayFormat = new Intl.DateTimeFormat("en", { weekday: "long" });
const shortFormat = new Intl.DateTimeFormat("en", { weekday: "short" });
const monthFormat = new Intl.DateTimeFormat("en", { month: "long" });
const relativeFormat = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

const AGO = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "14:05" */
export function clock(iso) {
  return clockFormat.format(new Date(iso));
}

/** "2026-11-21", the reader's own day. */
export function day(iso) {
  const date = new Date(iso);
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** "Today", "Yesterday", "Saturday, 21 November", and the year where it is another one. */
export function dayLabel(iso, now = new Date()) {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (day(iso) === day(now)) return "Today";
  if (day(iso) === day(yesterday)) return "Yesterday";
  const date = new Date(iso);
  const label = `${weekdayFormat.format(date)}, ${date.getDate()} ${monthFormat.format(date)}`;
  return date.getFullYear() === now.getFullYear() ? label : `${label} ${date.getFullYear()}`;
}

/** "just now", "5 minutes ago", "yesterday" */
export function ago(iso, now = new Date()) {
  const seconds = (now - new Date(iso)) / 1000;
  const [unit, length] = AGO.find(([, size]) => seconds >= size) ?? [];
  return unit ? relativeFormat.format(-Math.floor(seconds / length), unit) : "just now";
}

/** In a list: "14:05" of today, "Yesterday", "Sat" within a week, "21 Nov", "21 Nov 2025" */
export function when(iso, now = new Date()) {
  const label = dayLabel(iso, now);
  if (label === "Today") return clock(iso);
  if (label === "Yesterday") return label;
  const date = new Date(iso);
  const weekAgo = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 6);
  if (date >= weekAgo && date <= now) return shortFormat.format(date);
  const short = `${date.getDate()} ${monthFormat.format(date).slice(0, 3)}`;
  return date.getFullYear() === now.getFullYear() ? short : `${short} ${date.getFullYear()}`;
}

const formats = { clock, ago, when };

/** Fills one <time datetime="…" data-time="clock|ago|when">. */
export function showTime(element) {
  element.textContent = formats[element.dataset.time](element.dateTime);
}
