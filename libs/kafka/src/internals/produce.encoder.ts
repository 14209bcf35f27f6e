import Encoder from 'kafkajs/src/protocol/encoder.js';
import produce, { type ProduceArguments } from 'kafkajs/src/protocol/requests/produce/index.js';
import { ByteWriter } from './byte.writer.js';
import { encodeRecordBatch } from './record-batch.encoder.js';

/** From here on Produce requests carry record batches; older ones are left to kafkajs. */
const FIRST_BATCH_VERSION = 3;

let installed = false;

/** Replaces how kafkajs encodes Produce requests. The bytes are the same; kafkajs keeps connections, metadata and sequences. */
export function installProduceEncoder(): void {
  if (installed) return;
  installed = true;
  const original = produce.protocol;
  produce.protocol = ({ version }) => {
    const exchange = original({ version });
    if (version < FIRST_BATCH_VERSION) return exchange;
    return (given) => {
      const usual = exchange(given);
      if ((given.compression ?? 0) !== 0 || (given.transactionalId ?? null) !== null) return usual;
      return { ...usual, request: { ...usual.request, encode: () => Promise.resolve(wrap(encodeProduce(given))) } };
    };
  };
}

/** The body of a Produce request, version 3 to 7, outside any transaction. */
export function encodeProduce(given: ProduceArguments, now: number = Date.now()): Buffer {
  const parts: Buffer[] = [];
  const fields = (size: number, write: (writer: ByteWriter) => void): void => {
    const writer = new ByteWriter(Buffer.allocUnsafe(size));
    write(writer);
    parts.push(writer.buffer.subarray(0, writer.position));
  };
  fields(12, (writer) => {
    writer.int16(-1);
    writer.int16(given.acks);
    writer.int32(given.timeout);
    writer.int32(given.topicData.length);
  });
  for (const { topic, partitions } of given.topicData) {
    fields(6 + Buffer.byteLength(topic), (writer) => {
      writeString(writer, topic);
      writer.int32(partitions.length);
    });
    for (const { partition, firstSequence, messages } of partitions) {
      const identity = { producerId: BigInt(given.producerId), producerEpoch: given.producerEpoch, firstSequence: firstSequence ?? 0 };
      const batch = encodeRecordBatch(messages, identity, now);
      fields(8, (writer) => {
        writer.int32(partition);
        writer.int32(batch.length);
      });
      parts.push(batch);
    }
  }
  return Buffer.concat(parts);
}

function writeString(writer: ByteWriter, text: string): void {
  writer.int16(Buffer.byteLength(text));
  writer.text(text);
}

/** In the form in which kafkajs hands a body on. */
function wrap(body: Buffer): Encoder {
  return new Encoder(body.length).writeBuffer(body);
}
