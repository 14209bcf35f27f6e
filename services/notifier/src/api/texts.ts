import { z } from 'zod';

/** Text that PostgreSQL takes. */
export const writable = z.string().refine((text) => !text.includes('\u0000'), 'must not have a NUL in it').refine((text) => Buffer.from(text).toString() === text, 'is no Unicode: half of a pair stands alone');

/** A moment, RFC 3339. */
export const moment = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-21T22:00:00Z' });
