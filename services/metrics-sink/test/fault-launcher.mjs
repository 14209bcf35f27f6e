// Runs the built service; the only place that knows MILLRACE_FAULT_AT.
import { runService } from '@millrace/service-kit';
import { metricsSink } from '../dist/metrics-sink.definition.js';
import { WindowWriter } from '../dist/window-writer.js';

if (process.env.MILLRACE_FAULT_AT === 'after-effect') {
  const { write } = WindowWriter.prototype;
  WindowWriter.prototype.write = async function writeThenDie(windows) {
    await write.call(this, windows);
    if (windows.length > 0) process.kill(process.pid, 'SIGKILL');
  };
}

await runService(metricsSink);
