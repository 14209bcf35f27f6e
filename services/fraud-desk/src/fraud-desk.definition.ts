import type { IncomingMessage } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import type { ServiceDefinition } from '@millrace/service-kit';
import { fraudDeskSettings } from './fraud-desk.config.js';
import { FraudDeskModule } from './fraud-desk.module.js';
import { LONGEST_REPORT_BYTES } from './ring.schema.js';

export const fraudDesk: ServiceDefinition<typeof fraudDeskSettings> = { name: 'fraud-desk', settings: fraudDeskSettings, module: FraudDeskModule, configure };

/** A report of rings is longer than the bodies that all other routes take. */
function configure(app: INestApplication): void {
  const type = ({ method, url, headers }: IncomingMessage): boolean =>
    method === 'PUT' && url === '/api/fraud/rings' && headers['content-type']?.split(';', 1)[0]?.trim() === 'application/json';
  const adapter = app.getHttpAdapter();
  adapter.useBodyParser?.('json', false, { limit: LONGEST_REPORT_BYTES, type });
  adapter.useBodyParser?.('json', false);
}
