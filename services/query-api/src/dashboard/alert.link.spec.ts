import { describe, expect, it } from '@jest/globals';
import { addressOf, alertPath, linkOf, linkTo } from './alert.link.js';

const FINGERPRINT = '0123456789abcdef';

describe('the link to an alert', () => {
  it('is read from the address that messages give', () => {
    expect(linkOf(`?alert=${FINGERPRINT}&startsAt=1763640000000`)).toEqual({ fingerprint: FINGERPRINT, startsAt: '1763640000000' });
    expect(linkOf(`?alert=${FINGERPRINT}`)).toEqual({ fingerprint: FINGERPRINT, startsAt: '' });
  });
  it.each(['', '?', '?alert=', '?startsAt=5', '?Alert=x'])('is none in %j', (search) => {
    expect(linkOf(search)).toBeNull();
  });

  it('changes nothing else in the address, and leaves nothing behind', () => {
    const link = linkTo({ fingerprint: FINGERPRINT, startsAt: '2025-11-20T12:00:00.000Z' });
    const opened = addressOf('https://shop.example/millrace/?wall=1&alert=old&startsAt=1#fraud', link);
    expect(opened).toBe(`https://shop.example/millrace/?wall=1&alert=${FINGERPRINT}&startsAt=1763640000000#fraud`);
    expect(addressOf(opened, null)).toBe('https://shop.example/millrace/?wall=1#fraud');
    expect(addressOf(`http://localhost/?alert=${FINGERPRINT}&startsAt=1`, null)).toBe('http://localhost/');
  });

  it('is asked for where such an alert can be, and nowhere else', () => {
    expect(alertPath({ fingerprint: FINGERPRINT, startsAt: '' })).toBe(`/api/alerts/${FINGERPRINT}`);
    expect(alertPath({ fingerprint: FINGERPRINT, startsAt: '1&limit=2' })).toBe(`/api/alerts/${FINGERPRINT}?startsAt=1%26limit%3D2`);
    for (const fingerprint of ['.', '..', '../metrics', 'ABCDEF0123456789', `${FINGERPRINT}0`, '<img>']) expect(alertPath({ fingerprint, startsAt: '' })).toBeNull();
  });
});
