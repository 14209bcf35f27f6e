import { afterEach, beforeEach } from '@jest/globals';
import { ServiceProcess } from '@millrace/testing';
import { ShopBoard } from './shop-board.js';

/** A zone that is not the machine's, nor UTC. */
const SHOP_TIME_ZONE = 'Europe/Berlin';

/** A dashboard of a lane of its own for each test, in whose stores `board` writes. */
export class Dashboard {
  board!: ShopBoard;
  api!: ServiceProcess;

  #notifier: ServiceProcess | null = null;

  /** Call it after {@link Chromium.shared}, so that pages go before what they show. `notifier`: there is one for it to ask, which finds nothing to dispatch. */
  static forEach({ notifier = false } = {}): Dashboard {
    const dashboard = new Dashboard();
    beforeEach(async () => {
      dashboard.board = await ShopBoard.open();
      if (notifier) dashboard.#notifier = await ServiceProcess.start('notifier', dashboard.board.env);
      await dashboard.start();
    });
    afterEach(async () => {
      await dashboard.api.end();
      await dashboard.#notifier?.end();
      await dashboard.board.close();
    });
    return dashboard;
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.api = await ServiceProcess.start('query-api', { ...this.board.env, MILLRACE_SHOP_TIME_ZONE: SHOP_TIME_ZONE, ...(this.#notifier === null ? {} : { MILLRACE_QUERY_API_NOTIFIER_URL: this.#notifier.url }), ...env });
  }
}
