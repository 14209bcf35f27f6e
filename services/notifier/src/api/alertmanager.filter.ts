import type { ServerResponse } from 'node:http';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { RequestError } from '@millrace/service-kit';
import { StoreUnavailableError } from '@millrace/stores';

/** Answers errors as Alertmanager's API does: a JSON string. What is not the caller's goes on to the service's own filter. */
@Catch(RequestError, HttpException, StoreUnavailableError)
export class AlertmanagerErrors implements ExceptionFilter {
  catch(error: RequestError | HttpException | StoreUnavailableError, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse>();
    response.statusCode = error instanceof HttpException ? error.getStatus() : error instanceof RequestError ? error.status : 503;
    const details = error instanceof RequestError ? (error.errors ?? []).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)) : [];
    const text = details.length > 0 ? details.join('; ') : error instanceof StoreUnavailableError ? `${error.store} does not answer now` : error.message;
    if (response.statusCode === 503) response.setHeader('Retry-After', '2');
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(text));
  }
}
