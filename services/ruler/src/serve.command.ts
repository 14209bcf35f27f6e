import { runService } from '@millrace/service-kit';
import { ruler } from './ruler.definition.js';

/** Runs the ruler until it is told to stop. */
export function serveCommand(): Promise<void> {
  return runService(ruler);
}
