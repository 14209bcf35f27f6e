import { describe, expect, it } from '@jest/globals';
import { StoreRejectedError, StoreUnavailableError, UnsafeNumberError } from './errors.js';
import { classifyPostgres } from './postgres.errors.js';
import { classifyRedis } from './redis.errors.js';

const postgresError = (code: string, message = 'said the server', extra: object = {}): Error => Object.assign(new Error(message), { code, ...extra });
const replyError = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });

describe('what PostgreSQL throws', () => {
  it.each([
    ['ECONNREFUSED', 'connection'], ['ENOTFOUND', 'connection'], ['08006', 'connection'], ['57P01', 'starting'], ['57P03', 'starting'],
    ['53300', 'capacity'], ['53100', 'capacity'], ['25006', 'read-only'], ['57014', 'timeout'], ['40P01', 'conflict'], ['40001', 'conflict'],
    ['55P03', 'conflict'], ['28P01', 'setup'], ['42P01', 'setup'], ['58030', 'capacity'],
  ])('%s blocks and is retried', (code, reason) => {
    expect(classifyPostgres(postgresError(code))).toMatchObject({ name: 'StoreUnavailableError', store: 'postgres', reason, retriable: true });
  });

  it.each([
    ['Connection terminated unexpectedly', 'connection'],
    ['Client has encountered a connection error and is not queryable', 'connection'],
    ['timeout exceeded when trying to connect', 'timeout'],
    ['Query read timeout', 'timeout'],
  ])('"%s", which has no code, blocks and is retried', (message, reason) => {
    expect(classifyPostgres(new Error(message))).toMatchObject({ reason, retriable: true });
  });

  it.each(['22P05', '22003', '23505', '42601', '42703', '0A000'])('%s is refused for good', (code) => {
    expect(classifyPostgres(postgresError(code))).toMatchObject({ name: 'StoreRejectedError', code, retriable: false });
  });

  it('names the constraint that was broken', () => {
    const known = classifyPostgres(postgresError('23505', 'duplicate key', { constraint: 'alerts_pkey' }));
    expect(known).toBeInstanceOf(StoreRejectedError);
    expect(known).toMatchObject({ constraint: 'alerts_pkey' });
  });

  it('leaves errors that are not about the store, and its own, as they are', () => {
    const bug = new TypeError('x is not a function');
    const unsafe = new UnsafeNumberError('9007199254740993');
    expect(classifyPostgres(bug)).toBe(bug);
    expect(classifyPostgres(unsafe)).toBe(unsafe);
  });
});

describe('what Redis throws', () => {
  it.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", 'capacity'],
    ["OOM command not allowed when used memory > 'maxmemory'. script: 4f2a, on @user_script:1.", 'capacity'],
    ["READONLY You can't write against a read only replica.", 'read-only'],
    ['NOREPLICAS Not enough good replicas to write.', 'read-only'],
    ['LOADING Redis is loading the dataset in memory', 'starting'],
    ['BUSY Redis is busy running a script.', 'starting'],
    ['MISCONF Redis is configured to save RDB snapshots', 'capacity'],
    ['ERR max number of clients reached', 'capacity'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'setup'],
  ])('"%s" blocks and is retried', (message, reason) => {
    expect(classifyRedis(replyError(message))).toMatchObject({ name: 'StoreUnavailableError', store: 'redis', reason, retriable: true });
  });

  it.each(["Stream isn't writeable and enableOfflineQueue options is false", 'Connection is closed.', 'Command aborted due to connection close'])('"%s" is a lost connection', (message) => {
    expect(classifyRedis(new Error(message))).toBeInstanceOf(StoreUnavailableError);
  });

  it('refuses for good what Redis will never take', () => {
    expect(classifyRedis(replyError('WRONGTYPE Operation against a key holding the wrong kind of value'))).toMatchObject({ name: 'StoreRejectedError', code: 'WRONGTYPE' });
  });

  it('leaves errors that are not about Redis as they are', () => {
    const bug = new RangeError('x');
    expect(classifyRedis(bug)).toBe(bug);
  });
});
