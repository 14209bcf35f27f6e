import type { ServiceDefinition } from '@millrace/service-kit';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { notifierSettings } from './notifier.config.js';
import { NotifierModule } from './notifier.module.js';

/** Prometheus sends its alerts in batches; Express would take 100 kB. */
const BODY_LIMIT = '8mb';

export const notifier: ServiceDefinition<typeof notifierSettings> = {
  name: 'notifier',
  settings: notifierSettings,
  module: NotifierModule,
  configure: (app) => { (app as NestExpressApplication).useBodyParser('json', { limit: BODY_LIMIT }); },
};
