import { z } from 'zod';
import { LONGEST_ID } from './scored-order.js';

/** Of a report, as the job that makes it says (Rings.scala). */
export const MOST_RINGS = 200;
export const MOST_IDS = 100;
const MOST_LINKS = 400;
const MOST_CURRENCIES = 10;
/** A report as large as it may be, with ids of a usual length, takes a third of it. */
export const LONGEST_REPORT_BYTES = 16 * 1_024 * 1_024;

export const KINDS = ['card', 'device', 'address'] as const;

const count = z.int('must be a whole number').min(0);
const time = z.int('must be a time in ms').min(0).max(253_402_300_799_999);
const measure = z.number('must be a number').min(0);
const id = z.string('must be text').min(1).max(LONGEST_ID).refine((value) => !value.includes('\u0000'), 'must not contain NUL');
const ringId = z.string('must be text').regex(/^[0-9a-f]{16}$/, 'must be 16 hexadecimal digits');
const ofEachKind = <T extends z.ZodType>(value: T) => z.strictObject({ card: value, device: value, address: value });

const link = z.strictObject({ customer: count, kind: z.enum(KINDS), thing: count, orders: count, firstAt: time, lastAt: time });

const ring = z
  .strictObject({
    id: ringId,
    rank: z.int().min(1).max(MOST_RINGS),
    suspicion: measure,
    sharing: measure,
    orders: count,
    frauds: count,
    firstAt: time,
    lastAt: time,
    amounts: z.array(z.strictObject({ currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code'), minor: count })).max(MOST_CURRENCIES),
    customers: z.strictObject({ count, ids: z.array(z.strictObject({ id, orders: count, frauds: count })).min(1).max(MOST_IDS) }),
    things: ofEachKind(z.strictObject({ count, shared: count, pairs: count, ids: z.array(z.strictObject({ id, customers: count, orders: count })).max(MOST_IDS) })),
    linkCount: count,
    links: z.array(link).max(MOST_LINKS),
  })
  .refine(({ customers, things, links }) => links.every(({ customer, kind, thing }) => customer < customers.ids.length && thing < things[kind].ids.length), {
    path: ['links'],
    message: 'must be between customers and things of the ring',
  });
/** Customers connected over what they share. Times are ms, money is minor units; `links` point into the lists of ids. */
export type Ring = z.infer<typeof ring>;

export const ringReport = z
  .strictObject({
    lane: z.string('must be text'),
    madeAt: time,
    since: time,
    until: time,
    days: z.int().min(1),
    minCustomers: z.int().min(2),
    mostShared: z.int().min(2),
    orders: count,
    customers: count,
    frauds: count,
    found: count,
    hubs: ofEachKind(count),
    rings: z.array(ring).max(MOST_RINGS, `must be at most ${String(MOST_RINGS)}`),
  })
  .refine(({ rings }) => new Set(rings.map(({ id: own }) => own)).size === rings.length, { path: ['rings'], message: 'must have an id each' });
export type RingReport = z.infer<typeof ringReport>;

export const ringParams = z.strictObject({ id: ringId });
export type RingParams = z.infer<typeof ringParams>;
