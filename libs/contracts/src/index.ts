export * from './event-contract.js';
export * from './lane.js';
export * from './metric-catalogue.js';
export * from './metric-key.js';
export * from './validate-event.js';
export * from './compatibility.js';
export * from './generated/events.js';
export * from './generated/metrics.js';
