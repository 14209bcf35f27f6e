import { describe, expect, it } from '@jest/globals';
import { parseMapping } from './mapping.loader.js';

const GOOD = `mapping: shop
title: a shop
timeZone: Europe/Berlin
lookups:
  country: {Deutschland: DE}
inputs:
  - format: csv
    outputs:
      - name: placed
        topic: shop.orders.v1
        type: PLACED
        at: {from: "{time}", do: [{time: iso}]}
        id: ["{order}"]
        fields:
          orderId: "{order}"
          customerId: "{customer}"
          currency: EUR
          totalMinor: {from: "{total}", do: [{money: EUR}]}
`;

describe('a mapping', () => {
  it('says which columns it reads', () => {
    expect([...parseMapping(GOOD, 'shop.yaml').inputs[0]!.columns].sort()).toEqual(['customer', 'order', 'time', 'total']);
  });

  it.each([
    ['currency: EUR', 'curency: EUR', 'shop.yaml:15: inputs[0].outputs[0].fields: does not know "curency"'],
    ['          currency: EUR\n', '', 'shop.yaml:15: inputs[0].outputs[0].fields.currency: is required by the contract'],
    ['type: PLACED', 'type: BOUGHT', 'shop.yaml:11: inputs[0].outputs[0].type: "BOUGHT" is none of PLACED, PAID'],
    ['topic: shop.orders.v1', 'topic: metrics.windows.v1', 'shop.yaml:10: inputs[0].outputs[0].topic: "metrics.windows.v1" is none of shop.clickstream.v1'],
    ['Europe/Berlin', 'Europe/Bonn', 'shop.yaml:3: timeZone: "Europe/Bonn" is no time zone'],
    ['{money: EUR}', '{mony: EUR}', 'shop.yaml:18: inputs[0].outputs[0].fields.totalMinor.do[0]: "mony" is no step'],
    ['        id: ["{order}"]\n', '', 'shop.yaml:9: inputs[0].outputs[0]: needs id'],
    ['mapping: shop', 'mapping: My Shop', 'shop.yaml:1: mapping: must be a lower-case letter'],
    ['    outputs:', '    delimeter: ";"\n    outputs:', 'shop.yaml:7: inputs[0]: Unrecognized key: "delimeter"'],
    ['title: a shop', 'title: [a shop', 'shop.yaml:'],
    ['{from: "{total}", do: [{money: EUR}]}', '{total: lines.cost}', 'shop.yaml:18: inputs[0].outputs[0].fields.totalMinor.total: must be list.field'],
    ['timeZone', 'sort: soon\ntimeZone', 'shop.yaml:3: sort: "soon" is no duration'],
  ])('with %j as %j is refused with file, line, place and reason', (find, put, message) => {
    const text = GOOD.replace(find, put);
    expect(text).not.toBe(GOOD);
    expect(() => parseMapping(text, 'shop.yaml')).toThrow(message);
  });

  it('may not group rows while it sorts within a window', () => {
    const text = GOOD.replace('id: ["{order}"]', 'group: {by: ["{order}"]}').replace('timeZone', 'sort: 1h\ntimeZone');
    expect(() => parseMapping(text, 'shop.yaml')).toThrow('sort: must be full where an output groups rows');
  });
});
