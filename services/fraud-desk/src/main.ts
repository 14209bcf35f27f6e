import { runService } from '@millrace/service-kit';
import { fraudDesk } from './fraud-desk.definition.js';

await runService(fraudDesk);
