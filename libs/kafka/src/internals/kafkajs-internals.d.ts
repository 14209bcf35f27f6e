/* eslint-disable import-x/no-default-export -- all that a CommonJS module shows to ESM */
/** The few inner parts of kafkajs 2.2.4 (the last release, pinned) that src/internals replaces or builds on. */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    pending: readonly unknown[];
    throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
  }
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    constructor(initialSize?: number);
    readonly buffer: Buffer;
    writeBuffer(bytes: Buffer): this;
  }
}

declare module 'kafkajs/src/protocol/requests/produce/index.js' {
  import type Encoder from 'kafkajs/src/protocol/encoder.js';
  import type { Message } from 'kafkajs';

  export interface ProduceArguments {
    readonly acks: number;
    readonly timeout: number;
    readonly transactionalId?: string | null;
    readonly producerId: string | number;
    readonly producerEpoch: number;
    readonly compression?: number;
    readonly topicData: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly firstSequence?: number; readonly messages: readonly Message[] }[];
    }[];
  }

  export interface ProduceExchange {
    readonly request: { readonly apiVersion: number; readonly encode: () => Promise<Encoder> };
    readonly response: unknown;
  }

  const definitions: { protocol: (wanted: { readonly version: number }) => (given: ProduceArguments) => ProduceExchange };
  export default definitions;
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export default class Decoder {
    constructor(buffer: Buffer);
    buffer: Buffer;
    offset: number;
    readVarInt(): number;
    readVarIntArray(reader: unknown): { reduce(...given: readonly unknown[]): unknown };
  }
}
