/** How far the share of slots that begin something may stray from its mean. */
const STRAY = 0.05;
const MOST_CREDIT = 20;

/**
 * Decides what a slot is used for: to begin something (a visit, an order) or to carry on with one that waits. Without it, the first slots
 * would all begin and the next all carry on, and the shop would swing like a pendulum for hours; so the share that begins stays within 5 %.
 */
export class SlotShare {
  #floor = 0;
  #ceiling = 0;

  /** @param share of the slots that begin something in the long run: 1 / (mean number of events of one). */
  constructor(private readonly share: number) {}

  /**
   * @param due something waits whose time has come
   * @param early something could go on before its time
   */
  choose(due: boolean, early: boolean): 'begin' | 'due' | 'early' {
    this.#floor = Math.min(MOST_CREDIT, this.#floor + this.share * (1 - STRAY));
    this.#ceiling = Math.min(MOST_CREDIT, this.#ceiling + this.share * (1 + STRAY));
    if (this.#floor < 1) {
      if (due) return 'due';
      if (early && this.#ceiling < 1) return 'early';
    }
    this.#floor = Math.max(-MOST_CREDIT, this.#floor - 1);
    this.#ceiling = Math.max(-MOST_CREDIT, this.#ceiling - 1);
    return 'begin';
  }
}
