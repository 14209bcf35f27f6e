export const STORE_STATES = Symbol('STORE_STATES');

/** A store this service reads, and whether it answers. */
export interface StoreState {
  readonly name: string;
  readonly store: { isUp(): boolean; downReason(): string };
}
