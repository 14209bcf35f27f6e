import { describe, expect, it } from '@jest/globals';
import { findIncompatibilities } from './compatibility.js';
import { contracts, orderEvent } from './generated/events.js';

interface Field {
  name: string;
  type: unknown;
  default?: unknown;
}

/** The order's schema with its fields changed. */
function changed(change: (fields: Field[]) => Field[]): string {
  const schema = JSON.parse(orderEvent.schema) as { fields: Field[] };
  return JSON.stringify({ ...schema, fields: change(schema.fields) });
}

describe('findIncompatibilities', () => {
  it('takes a new optional field', () => {
    const next = changed((fields) => [...fields, { name: 'coupon', type: ['null', 'string'], default: null }]);
    expect(findIncompatibilities([orderEvent.schema], next)).toEqual([]);
  });

  it('takes a new enum symbol, since enums have a default', () => {
    const next = orderEvent.schema.replace('"PLACED"', '"PLACED","PARTLY_SHIPPED"');
    expect(findIncompatibilities([orderEvent.schema], next)).toEqual([]);
  });

  it('refuses a new required field: old orders lack it', () => {
    const next = changed((fields) => [...fields, { name: 'coupon', type: 'string' }]);
    expect(findIncompatibilities([orderEvent.schema], next)).toMatchObject([{ direction: 'backward', version: 1 }]);
  });

  it('refuses to drop a required field: old readers need it', () => {
    const next = changed((fields) => fields.filter(({ name }) => name !== 'orderId'));
    expect(findIncompatibilities([orderEvent.schema], next)).toMatchObject([{ direction: 'forward', version: 1 }]);
  });

  it('refuses a changed type both ways', () => {
    const next = changed((fields) => fields.map((field) => (field.name === 'totalMinor' ? { ...field, type: 'string' } : field)));
    expect(findIncompatibilities([orderEvent.schema], next).map(({ direction }) => direction)).toEqual(['backward', 'forward']);
  });

  it('compares with every version, not only the last', () => {
    const withDefault = changed((fields) => fields.map((field) => (field.name === 'orderId' ? { ...field, default: '' } : field)));
    const without = changed((fields) => fields.filter(({ name }) => name !== 'orderId'));
    expect(findIncompatibilities([withDefault], without)).toEqual([]);
    expect(findIncompatibilities([orderEvent.schema, withDefault], without)).toMatchObject([{ direction: 'forward', version: 1 }]);
  });

  it('holds for what is declared today', () => {
    for (const contract of contracts) expect(findIncompatibilities([contract.schema], contract.schema)).toEqual([]);
  });
});
