import net from 'node:net';
import { FrameReader, FrameWriter, readBatch } from './kafka-wire.js';

const API = { produce: 0, listOffsets: 2, metadata: 3, apiVersions: 18, initProducerId: 22 } as const;
/** The versions this broker says it speaks, lowest and highest the same. */
const VERSIONS: ReadonlyMap<number, number> = new Map([[API.produce, 3], [API.listOffsets, 1], [API.metadata, 2], [API.apiVersions, 0], [API.initProducerId, 0]]);
const NOT_LEADER = 6;

interface Failure {
  readonly partition: number;
  /** Leaders from then on. */
  readonly thenLead: readonly number[];
}

/**
 * Brokers that hold one topic of two partitions in memory and speak just enough of Kafka's protocol to produce. A real cluster moves a leader
 * when it likes; this one moves it between the first try and the second.
 */
export class FakeCluster {
  static readonly topic = 'fake.v1';
  /** Values per partition. */
  readonly log: string[][] = [[], []];
  failures = 0;
  readonly #servers: net.Server[] = [];
  readonly #sockets = new Set<net.Socket>();
  readonly #seen = new Set<string>();
  #leaders: readonly number[] = [0, 0];
  #failure: Failure | undefined;

  static async start(brokers: number): Promise<FakeCluster> {
    const cluster = new FakeCluster();
    for (let node = 0; node < brokers; node++) {
      const server = net.createServer((socket) => { cluster.#serve(socket, node); });
      cluster.#servers.push(server);
      await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    }
    return cluster;
  }

  get addresses(): string[] {
    return this.#ports().map((port) => `127.0.0.1:${String(port)}`);
  }

  /** Leader of each partition. */
  lead(leaders: readonly number[]): void {
    this.#leaders = leaders;
  }

  failNextProduce(failure: Failure): void {
    this.#failure = failure;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  #ports(): number[] {
    return this.#servers.map((server) => (server.address() as net.AddressInfo).port);
  }

  #serve(socket: net.Socket, node: number): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    const reader = new FrameReader((api, body) => this.#answer(api, body, node));
    socket.on('data', (bytes) => { for (const answer of reader.push(bytes)) socket.write(answer); });
  }

  #answer(api: number, body: FrameReader['body'], node: number): FrameWriter {
    switch (api) {
      case API.apiVersions:
        return new FrameWriter().int16(0).array([...VERSIONS], (out, [key, version]) => out.int16(key).int16(version).int16(version));
      case API.metadata:
        return this.#metadata();
      case API.initProducerId:
        return new FrameWriter().int32(0).int16(0).int64(7n).int16(0);
      case API.listOffsets:
        return this.#offsets(body);
      default:
        return this.#produce(body, node);
    }
  }

  #metadata(): FrameWriter {
    return new FrameWriter()
      .array(this.#ports(), (out, port, node) => out.int32(node).string('127.0.0.1').int32(port).string(null))
      .string('fake')
      .int32(0)
      .array([FakeCluster.topic], (out, topic) =>
        out.int16(0).string(topic).int8(0).array(this.#leaders, (part, leader, partition) => part.int16(0).int32(partition).int32(leader).int32s([leader]).int32s([leader])),
      );
  }

  #offsets(body: FrameReader['body']): FrameWriter {
    body.int32();
    const asked = body.array(() => ({ topic: body.string(), partitions: body.array(() => ({ partition: body.int32(), time: body.int64() })) }));
    return new FrameWriter().array(asked, (out, { topic, partitions }) =>
      out.string(topic).array(partitions, (part, { partition, time }) =>
        part.int32(partition).int16(0).int64(-1n).int64(time === -1n ? BigInt(this.log[partition]?.length ?? 0) : 0n),
      ),
    );
  }

  #produce(body: FrameReader['body'], node: number): FrameWriter {
    body.string();
    body.int16();
    body.int32();
    const written = body.array(() => ({
      topic: body.string(),
      partitions: body.array(() => {
        const partition = body.int32();
        return { partition, ...this.#append(partition, body.bytes(), node) };
      }),
    }));
    return new FrameWriter()
      .array(written, (out, { topic, partitions }) => out.string(topic).array(partitions, (part, { partition, error, offset }) => part.int32(partition).int16(error).int64(BigInt(offset)).int64(-1n)))
      .int32(0);
  }

  #append(partition: number, bytes: Buffer, node: number): { readonly error: number; readonly offset: number } {
    if (this.#failure?.partition === partition) {
      this.failures++;
      this.#leaders = this.#failure.thenLead;
      this.#failure = undefined;
      return { error: NOT_LEADER, offset: -1 };
    }
    if (this.#leaders[partition] !== node) return { error: NOT_LEADER, offset: -1 };
    const log = this.log[partition] ?? [];
    const batch = readBatch(bytes);
    const identity = `${String(partition)}/${String(batch.producerId)}/${String(batch.firstSequence)}`;
    const offset = log.length;
    if (!this.#seen.has(identity)) log.push(...batch.values);
    this.#seen.add(identity);
    return { error: 0, offset };
  }
}
