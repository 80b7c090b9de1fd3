/** The moments after which a connection may be dead without knowing it. */

const TOGETHER = 50;
const TICK = 2_000;
const SLEPT = 5_000;

/** Runs `test` soon after one of them, once for several that come together. */
export function onWake(test) {
  let timer;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(test, TOGETHER);
  };
  document.addEventListener("visibilitychange", () => document.hidden || soon());
  document.addEventListener("resume", soon);
  window.addEventListener("pageshow", ({ persisted }) => persisted && soon());
  window.addEventListener("online", soon);
  window.addEventListener("offline", soon);
  onOtherNetwork(soon);
  onSleep(soon);
}

/** From Wi-Fi to the phone's own network, say, where the browser tells. */
function onOtherNetwork(run) {
  const { connection } = navigator;
  let type = connection?.type;
  connection?.addEventListener("change", () => {
    if (connection.type !== type) run();
    type = connection.type;
  });
}

/** The clock went on while timers stood still. Out of sight they are slow anyway. */
function onSleep(run) {
  let last = Date.now();
  setInterval(() => {
    const now = Date.now();
    if (now - last > TICK + SLEPT && !document.hidden) run();
    last = now;
  }, TICK);
}
