import { windowDefinitions, type WindowName } from '@millrace/contracts';

/** Length of a metric's windows and time from one to the next, ms; undefined where the calendar says. */
export function paceOf(window: WindowName): { readonly lengthMs: number | undefined; readonly slideMs: number | undefined } {
  const { lengthMs, slideMs } = windowDefinitions[window];
  return { lengthMs, slideMs: slideMs ?? lengthMs };
}
