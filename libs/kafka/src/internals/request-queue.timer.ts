import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

const CHECK_MS = 10;

let installed = false;

/**
 * Ends a timer of kafkajs that fires every millisecond, for each connection, for ever: its delay is negative while nothing throttles
 * (tulios/kafkajs#1751). Nothing needs the timer unless a request waits.
 */
export function installQuietRequestQueue(): void {
  if (installed) return;
  installed = true;
  RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleCheck(this: RequestQueue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const wait = Math.max(CHECK_MS, this.throttledUntil - Date.now());
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, wait);
  };
}
