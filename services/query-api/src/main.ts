import { runService } from '@millrace/service-kit';
import { queryApi } from './query-api.definition.js';

await runService(queryApi);
