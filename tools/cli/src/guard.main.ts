import { rm } from 'node:fs/promises';
import { layoutOf } from './config/layout.js';
import { endOrphans } from './daemon/orphans.js';

/** Waits until the process that holds our standard input has gone, then ends its stack. */
const home = process.argv[2];
if (home === undefined) throw new TypeError('the folder of the stack must be named');
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('close', resolve));
await endOrphans(layoutOf(home).run);
await rm(home, { recursive: true, force: true });
