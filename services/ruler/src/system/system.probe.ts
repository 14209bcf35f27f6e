import type { KafkaConnection } from '@millrace/kafka';
import type { Freshness } from './freshness.js';
import { lagReadings } from './group-lag.js';
import { measureLag } from './lag.probe.js';
import type { PartWatch } from './part-watch.js';
import { askJob, batchReadings, type JobReport } from './spark-job.js';
import type { Reading, Survey } from './survey.js';

/** Spark jobs by name, each with the address of its page of metrics. */
export type JobUrls = ReadonlyMap<string, string>;

interface ProbeParts {
  readonly kafka: KafkaConnection;
  readonly jobs: JobUrls;
  readonly freshness: Freshness;
  readonly watch: PartWatch;
}

const LAG_METRICS: ReadonlySet<string> = new Set(['consumer_lag', 'time_to_data_loss']);

/** Looks at the running system. What cannot be asked is left out of a look, and stays as it was. */
export class SystemProbe {
  readonly #reports = new Map<string, JobReport>();

  constructor(private readonly parts: ProbeParts) {}

  async look(): Promise<Survey> {
    const { jobs, kafka, freshness, watch } = this.parts;
    // Asked before Kafka is: its log only grows meanwhile, so that nothing unread is taken for lost.
    const answers = await Promise.all([...jobs].map(([job, url]) => watch.ask(`the Spark job ${job}`, () => askJob(job, url, kafka.settings.lane))));
    const reports = answers.filter((answer) => answer !== null);
    const lags = await watch.ask('Kafka', () => measureLag(kafka, reports.flatMap(({ backlog }) => backlog)));
    const now = Date.now();
    const readings = [...freshness.readings(now), ...reports.flatMap((report) => this.#batches(report, now))];
    if (lags === null) return { readings, covers: () => false };
    const unheard = new Set([...jobs.keys()].filter((job) => !reports.some((report) => report.job === job && report.backlog.length > 0)));
    const covers: Survey['covers'] = ({ metric, dimensions }) => LAG_METRICS.has(metric) && !unheard.has(dimensions['group'] ?? '');
    return { readings: [...readings, ...lags.flatMap((lag) => lagReadings(lag, now))], covers };
  }

  #batches(report: JobReport, now: number): Reading[] {
    const before = this.#reports.get(report.job);
    this.#reports.set(report.job, report);
    return batchReadings(before, report, now);
  }
}
