import { messageOf } from '../cli-errors.js';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import type { StackStatus } from '../process/supervisor.js';
import { laneRemoval, laneRequest, type LaneRequest } from './control.types.js';

/** What the supervisor can be asked to do. */
export interface ControlHandlers {
  readonly state: () => Promise<StackStatus>;
  readonly stop: () => void;
  readonly addLane: (request: LaneRequest) => Promise<void>;
  readonly removeLane: (lane: string) => Promise<void>;
  /** The one in whose terminal the stack runs has gone. */
  readonly ownerLeft: () => void;
}

const LARGEST_BODY = 64 * 1024;

/** Serves the supervisor's control on a Unix socket that only its user can open. */
export async function serveControl(socket: string, handlers: ControlHandlers): Promise<Server> {
  const server = createServer((request, response) => {
    void answer(request, response, handlers);
  });
  await rm(socket, { force: true });
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socket, () => { resolve(); });
    });
  } finally {
    process.umask(before);
  }
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, handlers: ControlHandlers): Promise<void> {
  try {
    const result = await route(request, response, handlers);
    if (result !== undefined) reply(response, 200, result);
  } catch (error) {
    const status = error instanceof z.ZodError || error instanceof SyntaxError ? 400 : 500;
    reply(response, status, { message: messageOf(error) });
  }
}

/** The answer's body; undefined where the connection is kept open. */
async function route(request: IncomingMessage, response: ServerResponse, handlers: ControlHandlers): Promise<object | undefined> {
  switch (`${request.method ?? ''} ${request.url ?? ''}`) {
    case 'GET /state':
      return handlers.state();
    case 'POST /stop':
      handlers.stop();
      return {};
    case 'POST /lanes':
      await handlers.addLane(laneRequest.parse(await readJson(request)));
      return {};
    case 'DELETE /lanes':
      await handlers.removeLane(laneRemoval.parse(await readJson(request)).lane);
      return {};
    case 'GET /owner':
      response.writeHead(200).flushHeaders();
      response.on('close', () => { handlers.ownerLeft(); });
      return undefined;
    default:
      reply(response, 404, { message: 'no such request' });
      return undefined;
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > LARGEST_BODY) throw new SyntaxError('the body is too large');
  }
  return JSON.parse(text);
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
