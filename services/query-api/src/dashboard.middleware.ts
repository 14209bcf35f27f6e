import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { problem, sendProblem } from '@millrace/service-kit';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

interface Asset {
  readonly body: Buffer;
  readonly type: string;
  readonly cacheControl: string;
}

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Serves the built dashboard from memory: only what was there at the start, so no path leads out of it. */
export function serveDashboard(folder: string): Middleware {
  const assets = readAssets(folder);
  return (request, response, next) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const asset = assets.get(path === '/' ? '/index.html' : path);
    if (asset !== undefined) {
      response.writeHead(200, { 'Content-Type': asset.type, 'Content-Length': asset.body.length, 'Cache-Control': asset.cacheControl });
      response.end(request.method === 'HEAD' ? undefined : asset.body);
    } else if (path === '/') {
      sendProblem(response, problem(503, 'The dashboard has not been built: npm run build -w @millrace/query-api'));
    } else {
      next();
    }
  };
}

function readAssets(folder: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  if (!existsSync(folder)) return assets;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join('/')}`;
    assets.set(path, {
      body: readFileSync(file),
      type: TYPES[extname(file)] ?? 'application/octet-stream',
      // The names under assets/ carry a hash of their content.
      cacheControl: path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
  }
  return assets;
}
