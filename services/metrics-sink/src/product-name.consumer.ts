import type { InventoryEvent } from '@millrace/contracts';
import { InfrastructureError, type BatchContext, type ConsumedEvent } from '@millrace/kafka';
import type { PostgresProductNames, ProductName } from '@millrace/stores';

/** PostgreSQL stores every character but this one. */
const NUL = '\u0000';
/** Longer than the id of any product; a key of the table must fit a page of its index. */
const LONGEST_ID = 512;
/** What a page has room for, and more. */
const SHOWABLE = /^.{0,200}/su;

/** One batch of stock events: those that name a product to the table of names, which rankings are shown with. */
export class ProductNameConsumer {
  constructor(
    private readonly lane: string,
    private readonly names: Pick<PostgresProductNames, 'write'>,
  ) {}

  async handle(events: readonly ConsumedEvent<InventoryEvent>[], context: BatchContext): Promise<void> {
    const named: ProductName[] = [];
    for (const record of events) {
      const name = record.event.name?.trim() ?? '';
      if (name === '') continue;
      const problem = problemOf(record.event.productId, name);
      if (problem !== null) context.reject(record, problem);
      else named.push({ productId: record.event.productId, name: SHOWABLE.exec(name)?.[0] ?? name, namedAt: record.event.occurredAt });
    }
    if (context.signal.aborted) throw new InfrastructureError('the partition was lost before the write');
    await this.names.write(this.lane, named);
  }
}

function problemOf(productId: string, name: string): string | null {
  if (productId.length > LONGEST_ID) return `productId: is longer than ${String(LONGEST_ID)} characters`;
  if (productId.includes(NUL)) return 'productId: holds a NUL character';
  return name.includes(NUL) ? 'name: holds a NUL character' : null;
}
