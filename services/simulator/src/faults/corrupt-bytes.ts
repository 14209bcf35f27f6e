import type { Random } from '../world/random.js';

/** How a record's bytes can be spoilt. None of them can be decoded, whatever schemas the registry knows. */
export const CORRUPTIONS = ['empty', 'cut-header', 'json', 'noise', 'unknown-schema'] as const;
export type Corruption = (typeof CORRUPTIONS)[number];

/** No registry numbers its schemas so high. */
const UNKNOWN_SCHEMA_ID = 0x7fff_fff0;

/** Bytes in place of `event` that no consumer can decode. */
export function corruptBytes(kind: Corruption, event: object, random: Random): Buffer {
  switch (kind) {
    case 'empty':
      return Buffer.alloc(0);
    case 'cut-header':
      return Buffer.from([0, 0, 0]);
    case 'json':
      return Buffer.from(JSON.stringify(event));
    case 'noise':
      // Never begins with the magic byte 0.
      return Buffer.from(Array.from({ length: 16 + random.below(64) }, (_, index) => (index === 0 ? 0xff : random.below(256))));
    case 'unknown-schema': {
      const bytes = Buffer.alloc(24);
      bytes.writeInt32BE(UNKNOWN_SCHEMA_ID, 1);
      return bytes;
    }
  }
}
