import type { VNode } from 'preact';
import type { SourceOffsetsDto } from '../wire.dto.js';
import { breakable } from './breakable.js';

/** Ranges of Kafka records, both offsets included. */
export function OffsetsTable({ ranges }: { readonly ranges: readonly SourceOffsetsDto[] }): VNode {
  return (
    <table class="offsets">
      <thead><tr><th scope="col">Topic</th><th scope="col">Partition</th><th scope="col">First offset</th><th scope="col">Last offset</th></tr></thead>
      <tbody>
        {ranges.map(({ topic, partition, firstOffset, lastOffset }) => (
          <tr key={`${topic} ${String(partition)} ${String(firstOffset)}`}><th scope="row">{breakable(topic)}</th><td>{partition}</td><td>{firstOffset}</td><td>{lastOffset}</td></tr>
        ))}
      </tbody>
    </table>
  );
}
