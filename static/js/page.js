/** What every page does: remember the reader's zone for the server, show times in it. */

import { showTime } from "parlor/time";

const YEAR = 365 * 24 * 60 * 60;

function rememberZone() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  document.cookie = `tz=${timeZone}; path=/; max-age=${YEAR}; samesite=lax`;
}

rememberZone();
document.querySelectorAll('time[data-time]:not([datetime=""])').forEach(showTime);
