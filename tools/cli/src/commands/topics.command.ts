import { Command } from 'commander';
import { loadConfig } from '../config/cli.config.js';
import { planTopics } from '../stack/topic-plan.js';
import { print, table } from './output.js';

export function topicsCommand(): Command {
  const topics = new Command('topics').description('the topics that the contracts ask for');
  topics
    .command('create')
    .description('create those that are missing')
    .option('--lane <name>', 'of this lane (default: MILLRACE_LANE, else live)')
    .action(async (options: { lane?: string }) => {
      const config = configOf(options.lane);
      const { createLaneTopics } = await import('../stack/topics.js');
      const created = await createLaneTopics(config, config.lane);
      for (const name of created) print(name);
      print(`${String(created.length)} created, ${String(planTopics(config.lane).length - created.length)} were there.`);
    });
  topics
    .command('list')
    .description('what the contracts ask for, and whether the broker has it')
    .option('--lane <name>', 'of this lane (default: MILLRACE_LANE, else live)')
    .option('--json', 'for programs')
    .action(async (options: { lane?: string; json?: true }) => {
      const config = configOf(options.lane);
      const { listTopics } = await import('../stack/topics.js');
      const present = new Set(await listTopics(config));
      const rows = planTopics(config.lane).map((topic) => ({ ...topic, present: present.has(topic.name) }));
      if (options.json === true) print(JSON.stringify(rows, null, 2));
      else print(table([['TOPIC', 'PARTITIONS', 'ON THE BROKER'], ...rows.map((row) => [row.name, String(row.partitions), row.present ? 'yes' : 'no'])]));
    });
  return topics;
}

function configOf(lane: string | undefined) {
  return loadConfig(lane === undefined ? process.env : { ...process.env, MILLRACE_LANE: lane });
}
