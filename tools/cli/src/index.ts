export { startTestStack, type TestStack } from './test-stack.js';
export { CliError, EXIT, type ExitCode } from './cli-errors.js';
export { loadConfig, type CliConfig } from './config/cli.config.js';
export { fetchSets, folderOf } from './fetch/downloads.js';
export { LANE_PROCESSES, processSpec, type LanePlace, type LaneProcess } from './stack/process-table.js';
export { addressesOf } from './stack/addresses.js';
export { createLaneTopics } from './stack/topics.js';
export { findJava } from './stack/toolchain.js';
