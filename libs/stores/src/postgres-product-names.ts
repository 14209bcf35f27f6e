import type { PostgresSession } from './postgres.pool.js';

/** What a product is called from a moment on. */
export interface ProductName {
  readonly productId: string;
  readonly name: string;
  /** Event time, ms. */
  readonly namedAt: number;
}

// Of two names given in the same millisecond the greater one stays: the order of arrival must not decide.
const UPSERT = `
insert into product_names (lane, product_id, name, named_at)
select $1, new.* from unnest($2::text[], $3::text[], $4::timestamptz[]) as new
on conflict (lane, product_id) do update set name = excluded.name, named_at = excluded.named_at
where (excluded.named_at, excluded.name collate "C") > (product_names.named_at, product_names.name collate "C")`;

/** Names of products in the table `product_names`. All methods throw `StoreUnavailableError`. */
export class PostgresProductNames {
  constructor(private readonly postgres: PostgresSession) {}

  /** Keeps of each product the name given last in event time, whatever the order of arrival; one statement. Returns how many changed. */
  async write(lane: string, names: readonly ProductName[]): Promise<number> {
    const unique = latestNames(names);
    if (unique.length === 0) return 0;
    return this.postgres.execute(UPSERT, [
      lane,
      unique.map(({ productId }) => productId),
      unique.map(({ name }) => name),
      unique.map(({ namedAt }) => new Date(namedAt).toISOString()),
    ]);
  }

  /** Names by product id, of those of these products that have one. */
  async find(lane: string, productIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (productIds.length === 0) return new Map();
    const rows = await this.postgres.query<{ product_id: string; name: string }>(
      'select product_id, name from product_names where lane = $1 and product_id = any ($2::text[])',
      [lane, productIds],
    );
    return new Map(rows.map(({ product_id, name }) => [product_id, name]));
  }
}

/** Of each product the latest name, in the order of their ids: one order for all writers means no deadlock. */
function latestNames(names: readonly ProductName[]): ProductName[] {
  const latest = new Map<string, ProductName>();
  for (const given of names) {
    const held = latest.get(given.productId);
    if (held === undefined || isLater(given, held)) latest.set(given.productId, given);
  }
  return [...latest.values()].sort((a, b) => (a.productId < b.productId ? -1 : 1));
}

/** As the statement compares: by bytes, as UTF-8 sorts. */
function isLater(a: ProductName, b: ProductName): boolean {
  return a.namedAt === b.namedAt ? Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) > 0 : a.namedAt > b.namedAt;
}
