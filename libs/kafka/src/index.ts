export * from './port.js';
export * from './errors.js';
export * from './create-kafka.js';
export * from './admin/topic-settings.js';
export * from './codec/registry.client.js';
