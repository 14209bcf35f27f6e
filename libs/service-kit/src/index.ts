export * from './config.js';
export * from './database-start.js';
export * from './lifecycle.js';
export * from './metrics.js';
export * from './problem.js';
export * from './run-service.js';
export * from './supervise-consumer.js';
export * from './tokens.js';
