import type { ServiceDefinition } from '@millrace/service-kit';
import { fraudDeskSettings } from './fraud-desk.config.js';
import { FraudDeskModule } from './fraud-desk.module.js';

export const fraudDesk: ServiceDefinition<typeof fraudDeskSettings> = { name: 'fraud-desk', settings: fraudDeskSettings, module: FraudDeskModule };
