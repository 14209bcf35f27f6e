import { describe, expect, it } from '@jest/globals';
import { RowError } from './import.errors.js';
import { parseMapping } from './mapping.loader.js';
import { type Draft, RowMapper } from './row.mapper.js';
import { ObjectRow } from './row.types.js';

const NOW = Date.UTC(2026, 0, 1);
const mapping = parseMapping(
  `
mapping: invoices
title: invoice lines
timeZone: Europe/London
inputs:
  - reject:
      - when: {value: "{price}", lt: 0}
        reason: negative price
    outputs:
      - name: placed
        topic: shop.orders.v1
        type: PLACED
        when: {not: {value: "{invoice}", startsWith: C}}
        at: {from: "{time}", do: [{time: iso}]}
        group: {by: ["{invoice}"]}
        fields: &order
          orderId: "{invoice}"
          customerId: {first: ["{customer}", "guest:{invoice}"]}
          currency: GBP
          totalMinor: {total: lines.amountMinor}
          lines:
            - productId: "{product}"
              quantity: {from: "{quantity}", do: [abs, int]}
              unitPriceMinor: {from: "{price}", do: [{money: GBP}]}
              amountMinor: {from: {multiply: ["{quantity}", "{price}"]}, do: [abs, {money: GBP}]}
      - name: paid
        topic: shop.orders.v1
        type: PAID
        when: {value: "{paid}", empty: false}
        at: {from: "{paid}", do: [{time: iso}]}
        id: ["{invoice}"]
        fields: {orderId: "{invoice}", customerId: "x", currency: GBP, totalMinor: 0}
`,
  'invoices.yaml',
);
const input = mapping.inputs[0]!;
const mapper = new RowMapper(mapping, false, NOW);
const line = { invoice: '1', customer: '', product: 'p', quantity: '3', price: '1.115', time: '2019-07-01T12:00:00', paid: '' };

function map(row: Partial<typeof line>): Draft[] {
  return mapper.map(input, new ObjectRow({ ...line, ...row }, new Set([''])));
}

describe('a row', () => {
  it('becomes an event of the contract, with what the schema has by default', () => {
    expect(map({})).toEqual([
      {
        output: 0,
        key: ['1'],
        at: Date.UTC(2019, 6, 1, 11),
        event: {
          orderId: '1', customerId: 'guest:1', visitorId: null, sessionId: null, country: null, currency: 'GBP', totalMinor: 335,
          lines: [{ productId: 'p', category: null, quantity: 3, unitPriceMinor: 112, amountMinor: 335 }],
          paymentMethod: null, reason: null,
          deviceId: null, ipAddress: null, ipCountry: null, emailDomain: null, accountCreatedAt: null, cardId: null, cardCountry: null, cardFunding: null,
          billingAddressId: null, billingCountry: null, shippingAddressId: null, promoCode: null, discountMinor: null,
        },
      },
    ]);
  });

  it('gives several events, each at its own time', () => {
    expect(map({ paid: '2019-07-02T12:00:00' }).map(({ output, at }) => [output, at])).toEqual([
      [0, Date.UTC(2019, 6, 1, 11)],
      [1, Date.UTC(2019, 6, 2, 11)],
    ]);
  });

  it.each<[Partial<typeof line>, string]>([
    [{ price: '-1' }, 'negative price'],
    [{ price: 'free' }, 'not a number'],
    [{ invoice: 'C1' }, 'no output takes this row'],
    [{ product: '' }, 'lines: productId: is missing'],
    [{ quantity: '0' }, 'lines[].quantity: breaks a rule of OrderEvent'],
    [{ quantity: '1.5' }, 'lines: quantity: not a whole number'],
    [{ time: '' }, 'time: is missing'],
    [{ time: '1.7.2019' }, 'time: not a time (iso)'],
    [{ time: '1999-12-31T00:00:00' }, 'time: before 2000'],
    [{ time: '2026-01-01T00:06:00' }, 'time: in the future'],
    [{ paid: 'yesterday' }, 'time: not a time (iso)'],
    [{ product: 'x'.repeat(400_000) }, 'too large for one record'],
  ])('%j is rejected whole: %s', (row, reason) => {
    expect(() => map(row)).toThrow(RowError);
    expect(() => map(row)).toThrow(reason);
  });

  it('may be of any time where times are shifted afterwards', () => {
    const shifted = new RowMapper(mapping, true, NOW);
    expect(shifted.map(input, new ObjectRow({ ...line, time: '1970-01-01T00:00:00' }, new Set(['']))).length).toBe(1);
  });
});

describe('a group', () => {
  it('has all lines, alike ones too, and their sum; what concerns the order is the first line\'s', () => {
    const drafts = [...map({}), ...map({}), ...map({ product: 'q', quantity: '1', price: '0.005', time: '2019-07-01T12:01:00', customer: '7' })];
    const { event, at } = mapper.merge(drafts);
    expect(at).toBe(Date.UTC(2019, 6, 1, 11));
    expect(event).toMatchObject({ customerId: 'guest:1', totalMinor: 335 + 335 + 1 });
    expect(event['lines']).toHaveLength(3);
  });

  it('is rejected where it is too large as a whole', () => {
    const drafts = [...map({ product: 'x'.repeat(200_000) }), ...map({ product: 'y'.repeat(200_000) })];
    expect(() => mapper.merge(drafts)).toThrow('too large for one record');
  });
});
