import type { ServiceDefinition } from '@millrace/service-kit';
import { rulerSettings } from './ruler.config.js';
import { RulerModule } from './ruler.module.js';

export const ruler: ServiceDefinition<typeof rulerSettings> = { name: 'ruler', settings: rulerSettings, module: RulerModule };
