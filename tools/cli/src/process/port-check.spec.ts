import { describe, expect, it } from '@jest/globals';
import { PortBusyError } from '../cli-errors.js';
import { listenersIn } from './port-check.js';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4A94 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 0100007F:4A94 0100007F:D1F0 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1
   2: 0100007F:3FEB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0`;

describe('listenersIn', () => {
  it('finds the socket that listens on the port, not a connection from it', () => {
    expect(listenersIn(TABLE, 19092)).toEqual(['4711']);
  });

  it('finds none where nobody listens', () => {
    expect(listenersIn(TABLE, 1)).toEqual([]);
  });
});

describe('PortBusyError', () => {
  it('names the port, its owner and the variable that moves it', () => {
    const error = new PortBusyError(19092, 'Kafka', 'MILLRACE_KAFKA_PORT', 'java (pid 7)');
    expect(error.message).toBe('Port 19092 (Kafka) is taken by java (pid 7)');
    expect(error.remedy).toContain('MILLRACE_KAFKA_PORT');
    expect(error.exitCode).toBe(69);
  });
});
