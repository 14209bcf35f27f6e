export * from './own-database.js';
export * from './own-redis.js';
export * from './shuffle.js';
export * from './windows.js';
