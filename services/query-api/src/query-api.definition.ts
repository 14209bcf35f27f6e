import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { ServiceDefinition } from '@millrace/service-kit';
import { serveDashboard } from './dashboard.middleware.js';
import { forward, fraudDesk, notifier } from './forward.middleware.js';
import { queryApiSettings, type QueryApiConfig } from './query-api.config.js';
import { QueryApiModule } from './query-api.module.js';
import { secure } from './security.middleware.js';

export const queryApi: ServiceDefinition<typeof queryApiSettings> = { name: 'query-api', settings: queryApiSettings, module: QueryApiModule, configure };

function configure(app: INestApplication, config: QueryApiConfig): void {
  app.use(secure);
  app.use(forward(fraudDesk(config.fraudDeskUrl)));
  app.use(forward(notifier(config.notifierUrl)));
  app.use(serveDashboard(config.dashboardDir));
  const description = new DocumentBuilder()
    .setTitle('Millrace query API')
    .setDescription('Read-only: metrics, alerts, freshness and the live stream of one lane. Times are RFC 3339 in UTC, money is minor units. Requests for /api/fraud are passed on to the fraud desk, those for /api/alerting to the notifier.')
    .setVersion('1')
    .build();
  const document = JSON.stringify(SwaggerModule.createDocument(app, description));
  app.use('/openapi.json', (_request: unknown, response: { setHeader(name: string, value: string): void; end(body: string): void }) => {
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.end(document);
  });
}
