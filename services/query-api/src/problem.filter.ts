import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { StoreUnavailableError } from '@millrace/stores';
import type { Logger } from 'pino';
import { QueryError } from './query.errors.js';
import type { ProblemDto } from './wire.dto.js';

/** Turns whatever a route throws into problem+json with an id; the log has the error under the same id, the answer never its stack. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<IncomingMessage>();
    const response = http.getResponse<ServerResponse>();
    const problem = problemOf(error);
    if (problem.status >= 500) this.logger.error({ err: error, problem: problem.id, path: request.url }, problem.title);
    else this.logger.debug({ problem: problem.id, path: request.url, detail: problem.detail }, problem.title);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    sendProblem(response, problem);
  }
}

export function sendProblem(response: ServerResponse, problem: ProblemDto): void {
  if (problem.status === 503) response.setHeader('Retry-After', '2');
  response.statusCode = problem.status;
  response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(problem));
}

export function problem(status: number, detail: string, errors?: ProblemDto['errors']): ProblemDto {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, id: randomUUID(), ...(errors === undefined ? {} : { errors }) };
}

function problemOf(error: unknown): ProblemDto {
  if (error instanceof QueryError) return problem(error.status, error.message, error.errors);
  if (error instanceof StoreUnavailableError) return problem(503, `${error.store} does not answer now`);
  const status = statusOf(error);
  return problem(status, status >= 500 ? 'The server failed; its log has the reason under this id.' : (STATUS_CODES[status] ?? 'Refused'));
}

/** The status of Nest's errors, and of those that Express passes on for paths it cannot decode. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof URIError) return 400;
  return 500;
}
