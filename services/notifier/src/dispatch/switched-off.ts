import { randomUUID } from 'node:crypto';
import { fingerprint } from '@millrace/service-kit/fingerprint';
import type { DisabledReceiver } from '../delivery/delivery-queue.js';
import type { ToldAlert } from './told-alert.js';

/** Nobody says so for as long: it is on again. */
const HOLDS_MS = 60_000;

/** That an integration is switched off, for whoever else is there to hear it; to be told again while it holds, as Prometheus does. */
export function switchedOff({ integration, reason, disabledAt }: DisabledReceiver, receiver: string, lane: string, now: number): ToldAlert {
  const labels = { alertname: 'receiver-switched-off', severity: 'critical', integration, receiver, lane };
  const startsAt = Math.min(disabledAt.getTime(), now);
  const summary = `${integration} is switched off: ${reason}`;
  const description = `What is meant for it is recorded as disabled. Once it works again: POST /receivers/${receiver}/enable, then millrace alerts redeliver`;
  return {
    eventId: randomUUID(),
    alert: {
      fingerprint: fingerprint(labels), labels, annotations: { summary, description }, startsAt, firstStartsAt: startsAt, endsAt: now + HOLDS_MS, isTimeout: true, updatedAt: now, generatorUrl: '', decision: null,
    },
    position: null,
  };
}
