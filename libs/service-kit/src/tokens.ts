/** Nest injection tokens of what every service has. */
export const CONFIG = Symbol('CONFIG');
export const LOGGER = Symbol('LOGGER');
export const KAFKA = Symbol('KAFKA');
export const LIFECYCLE = Symbol('LIFECYCLE');
