import { describe, expect, test } from '@jest/globals';
import { BlockedAddressError, checkAddress, checkUrl, isPublicAddress } from './address-guard.js';

const DENIED = `0.0.0.0 0.1.2.3 10.254.0.0 100.100.0.0 127.0.0.1 127.254.254.254 169.254.45.1 169.254.169.254 172.16.10.65 192.0.0.0 192.0.0.255
192.0.2.255 192.88.99.3 192.168.10.65 198.18.0.0 198.51.100.65 203.0.113.6 224.1.2.3 233.252.0.16 240.240.240.240 255.255.255.255
::0 ::1 ::ffff:127.0.0.1 ::ffff:a9fe:a9fe ::ffff:0.0.0.1 64:ff9b::c0a8:0 64:ff9b::808:808 64:ff9b:1:: 100::1:2:3:4 2001:db8::1 2002:c000:0204::
2002:c0a8:0001:: 3fff::dead:beef 5f00:: fdee:: fd7a:115c:a1e0::1 fe80:: febf:ffff::`.split(/\s+/);
const ALLOWED = ['1.1.1.1', '8.8.8.8', '2001:4860:4860::8888', '::ffff:8.8.8.8'];
const NOTHING = { allowPrivate: [], ownPort: 8104 };

describe('addresses', () => {
  test.each(DENIED)('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
    expect(() => { checkAddress(address, 443, { privateAllowed: false, ownPort: 8104 }); }).toThrow(BlockedAddressError);
  });

  test.each(ALLOWED)('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test('the notifier itself is never reached, whatever is allowed', () => {
    const rules = { privateAllowed: true, ownPort: 8104 };
    expect(() => { checkAddress('127.0.0.1', 8104, rules); }).toThrow(BlockedAddressError);
    expect(() => { checkAddress('::ffff:127.0.0.1', 8104, rules); }).toThrow(BlockedAddressError);
    expect(() => { checkAddress('127.0.0.1', 8105, rules); }).not.toThrow();
  });
});

describe('URLs', () => {
  test.each([
    'https://@[::1]:9876',
    'https://1:2@[::1]:9876',
    'https://user@example.com/',
    'https://[0000:0000:0000:0000:0000:ffff:7f00:0001]:9854',
    'http://2130706433',
    'http://0x7f.1',
    'http://0177.0.0.1',
    'http://127.0.0.1:80/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'https://',
    'nothing',
    ...DENIED.map((address) => (address.includes(':') ? `https://[${address}]/` : `https://${address}/`)),
  ])('%s is refused', (url) => {
    expect(() => checkUrl(url, NOTHING)).toThrow(BlockedAddressError);
  });

  test.each(['https://example.com/hooks?x=1', 'http://1.1.1.1:8080/', 'https://[2001:4860:4860::8888]/', 'https://example.com/@me'])('%s is taken', (url) => {
    expect(checkUrl(url, NOTHING).href).toBe(new URL(url).href);
  });

  test('a private URL needs its own prefix', () => {
    const rules = { allowPrivate: ['http://127.0.0.1:9000/hooks/'], ownPort: 8104 };
    expect(() => checkUrl('http://127.0.0.1:9000/hooks/a', rules)).not.toThrow();
    for (const url of ['http://127.0.0.1:9000/other', 'http://127.0.0.1:90001/hooks/a', 'http://127.0.0.1:9001/hooks/a', 'https://127.0.0.1:9000/hooks/a', 'http://127.0.0.1:9000/hooks/../x']) {
      expect(() => checkUrl(url, rules)).toThrow(BlockedAddressError);
    }
  });
});
