import { runService } from '@millrace/service-kit';
import { notifier } from '../notifier.definition.js';

/** Runs the notifier until it is told to stop. */
export function serveCommand(): Promise<void> {
  return runService(notifier);
}
