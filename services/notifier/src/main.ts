import { runService } from '@millrace/service-kit';
import { notifier } from './notifier.definition.js';

await runService(notifier);
