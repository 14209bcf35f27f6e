import { expect, test } from '@jest/globals';
import { canSign, signedHeaders } from './signature.js';

const SECRET = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const AT = new Date(1_614_265_330_000);

// Computed with, or given by, the Standard Webhooks libraries.
test.each([
  ['the upstream vector', SECRET, '{"test": 2432232314}', 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
  ['with its prefix', `whsec_${SECRET}`, '{"test": 2432232314}', 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
  ['an empty body', SECRET, '', 'v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A='],
  ['other bytes', SECRET, '{"test":2432232314}', 'v1,Vif40peJBP7Iyl0XGmu61n4MwdrcHov5CFREBpE0svs='],
  ['UTF-8', SECRET, '{"name":"Ünïcode ✓ 🙂"}', 'v1,ra7MNn82NKYPJ49MuxXY6qmiXY/9lqrfhuvNOlNqrr8='],
  ['a secret without padding', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS', '{"test": 2432232314}', 'v1,LVOXivKoo4FWasi/IaHvzhE/u+7/cu2AME+zS/nXqzk='],
  ['another without padding', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr', '{"test": 2432232314}', 'v1,yK2tMbA6BHPrMEJ1lLv7UlJJbgFoqGenJkiajZ29evg='],
])('%s', (_, secret, body, signature) => {
  expect(signedHeaders([secret], { id: ID, body, at: AT })).toEqual({ 'webhook-id': ID, 'webhook-timestamp': '1614265330', 'webhook-signature': signature });
});

test('signs with each secret while they rotate', () => {
  const { 'webhook-signature': signature } = signedHeaders([SECRET, 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr'], { id: ID, body: '{"test": 2432232314}', at: AT });
  expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,yK2tMbA6BHPrMEJ1lLv7UlJJbgFoqGenJkiajZ29evg=');
});

test.each([
  ['', false],
  ['whsec_', false],
  ['c2hvcnQ=', false],
  ['not base64 at all, though long enough!', false],
  [Buffer.alloc(23).toString('base64'), false],
  [Buffer.alloc(24).toString('base64'), true],
  [`whsec_${Buffer.alloc(64).toString('base64')}`, true],
  [Buffer.alloc(65).toString('base64'), false],
])('secret %j can sign: %s', (secret, expected) => {
  expect(canSign(secret)).toBe(expected);
});
