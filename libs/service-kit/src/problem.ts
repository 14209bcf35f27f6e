import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { KafkaError } from '@millrace/kafka';
import { StoreUnavailableError } from '@millrace/stores';
import { Catch, HttpException, StandardSchemaValidationPipe, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Logger } from 'pino';

/** What an answer repeats of a hostile name at most. */
const LONGEST_ECHO = 200;
const MOST_MISTAKES = 20;

interface Mistake {
  readonly path: string;
  readonly message: string;
}

/** RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Names this failure in the log. */
  readonly id: string;
  readonly errors?: readonly Mistake[];
}

/** A request that cannot be answered as it was asked. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  constructor(
    /** HTTP status: 400 where the request is wrong, 403 where it may not be asked, 404 where there is no such thing, 503 where it cannot be answered now. */
    readonly status: 400 | 403 | 404 | 503,
    detail: string,
    readonly errors?: readonly Mistake[],
  ) {
    super(detail);
  }
}

/** Checks parameters and bodies against the schema of their decorator: 400 with every mistake. */
export class StrictValidationPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({
      exceptionFactory: (issues) =>
        new RequestError(
          400,
          'The request has parameters that are wrong or unknown.',
          issues.slice(0, MOST_MISTAKES).map(({ path = [], message }) => ({
            path: path.map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.').slice(0, LONGEST_ECHO),
            message: message.slice(0, LONGEST_ECHO),
          })),
        ),
    });
  }

  /** Nest would drop `__proto__` and its like unseen; left in, the strict schemas refuse them by name. */
  protected override stripProtoKeys(): void {
    return;
  }
}

/** Turns whatever a route throws into problem+json with an id; the log has the error under the same id, the answer never its stack. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const { url } = http.getRequest<IncomingMessage>();
    const response = http.getResponse<ServerResponse>();
    const found = problemOf(error);
    if (found.status >= 500) this.logger.error({ err: error, problem: found.id, path: url }, found.title);
    else this.logger.debug({ problem: found.id, path: url, detail: found.detail }, found.title);
    // A stream that has begun can only be cut off.
    if (response.headersSent) response.destroy();
    else sendProblem(response, found);
  }
}

export function sendProblem(response: ServerResponse, found: Problem): void {
  if (found.status === 503) response.setHeader('Retry-After', '2');
  response.statusCode = found.status;
  response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(found));
}

export function problem(status: number, detail: string, errors?: readonly Mistake[]): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, id: randomUUID(), ...(errors === undefined ? {} : { errors }) };
}

function problemOf(error: unknown): Problem {
  if (error instanceof RequestError) return problem(error.status, error.message, error.errors);
  if (error instanceof StoreUnavailableError) return problem(503, `${error.store} does not answer now`);
  if (error instanceof KafkaError && error.retriable) return problem(503, 'Kafka or the registry does not answer now');
  const status = statusOf(error);
  return problem(status, status >= 500 ? 'The server failed; its log has the reason under this id.' : (STATUS_CODES[status] ?? 'Refused'));
}

/** The status of Nest's errors, and of those that Express passes on for paths it cannot decode. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  return error instanceof URIError ? 400 : 500;
}
