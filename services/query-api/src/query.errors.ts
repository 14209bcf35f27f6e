/** A request that cannot be answered as it was asked. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  constructor(
    /** HTTP status: 400 where the request is wrong, 404 where there is no such thing, 503 where there is no room. */
    readonly status: 400 | 404 | 503,
    detail: string,
    readonly errors?: { path: string; message: string }[],
  ) {
    super(detail);
  }
}
