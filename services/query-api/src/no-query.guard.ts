import type { IncomingMessage } from 'node:http';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { RequestError } from '@millrace/service-kit';

/** For routes that take no parameters: one that is given is a mistake worth hearing about. */
export class NoQueryGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { url = '' } = context.switchToHttp().getRequest<IncomingMessage>();
    if (url.includes('?')) throw new RequestError(400, 'This route takes no parameters.');
    return true;
  }
}
