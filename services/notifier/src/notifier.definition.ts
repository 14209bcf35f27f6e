import type { ServiceDefinition } from '@millrace/service-kit';
import { notifierSettings } from './notifier.config.js';
import { NotifierModule } from './notifier.module.js';

export const notifier: ServiceDefinition<typeof notifierSettings> = { name: 'notifier', settings: notifierSettings, module: NotifierModule };
