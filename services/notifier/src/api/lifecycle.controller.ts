import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { RequestError } from '@millrace/service-kit';
import { ConfigBook } from '../config-book.js';

/** What Prometheus's tools ask every server of theirs. */
@Controller('-')
export class LifecycleController {
  constructor(@Inject(ConfigBook) private readonly book: ConfigBook) {}

  @Get('healthy')
  healthy(): string {
    return 'OK';
  }

  /** Reads the configuration now, whether or not the file was seen to change. */
  @Post('reload')
  @HttpCode(200)
  async reload(): Promise<void> {
    const problems = await this.book.reload();
    if (problems.length > 0) throw new RequestError(400, `the configuration before stays in force: ${problems.join('; ')}`);
  }
}
