import { RowError } from './import.errors.js';
import { type Mapping } from './mapping.compiler.js';
import { type Draft, type RowMapper } from './row.mapper.js';
import { type RejectionReport } from './rejection.report.js';
import { type RowPlace } from './row.types.js';
import { SpillingSorter } from './spilling.sorter.js';

interface Line {
  readonly group: string;
  readonly sequence: number;
  readonly draft: Draft;
  readonly place: RowPlace;
}

/**
 * Puts the lines of a group together, wherever in the files they are: all lines are sorted by group, on disk where they exceed memory, so that
 * at most one group is held at a time.
 */
export class LineGrouper {
  private readonly sorter: SpillingSorter<Line>;
  private sequence = 0;

  constructor(
    mapping: Mapping,
    private readonly mapper: RowMapper,
    private readonly report: RejectionReport,
    maxItems?: number,
  ) {
    const byTime = new Set(mapping.outputs.filter(({ orderByTime }) => orderByTime).map(({ index }) => index));
    const compare = (left: Line, right: Line): number => {
      if (left.group !== right.group) return left.group < right.group ? -1 : 1;
      const time = byTime.has(left.draft.output) ? left.draft.at - right.draft.at : 0;
      return time || left.sequence - right.sequence;
    };
    this.sorter = new SpillingSorter({ compare, ...(maxItems === undefined ? {} : { maxItems }) });
  }

  async add(draft: Draft, place: RowPlace): Promise<void> {
    this.sequence += 1;
    const group = JSON.stringify([draft.output, ...draft.key]);
    if (this.sorter.add({ group, sequence: this.sequence, draft, place: { file: place.file, line: place.line } })) await this.sorter.spill();
  }

  /** One draft per group. A group that breaks a rule as a whole is reported line by line. */
  async *groups(): AsyncGenerator<Draft> {
    let lines: Line[] = [];
    for await (const batch of this.sorter.sorted()) {
      for (const line of batch) {
        if (lines[0] !== undefined && lines[0].group !== line.group) {
          yield* this.merge(lines);
          lines = [];
        }
        lines.push(line);
      }
    }
    if (lines.length > 0) yield* this.merge(lines);
  }

  async close(): Promise<void> {
    await this.sorter.close();
  }

  private *merge(lines: readonly Line[]): Generator<Draft> {
    try {
      yield this.mapper.merge(lines.map(({ draft }) => draft));
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      for (const { place, draft } of lines) {
        this.report.add({ ...place, reason: `group: ${error.reason}`, detail: error.detail, content: draft.event });
      }
    }
  }
}
