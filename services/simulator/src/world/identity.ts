import { hash } from 'node:crypto';
import { Random } from './random.js';

/** A payment card as a shop knows it. */
export interface Card {
  /** Token. */
  readonly id: string;
  /** Country of the bank that issued it. */
  readonly country: string | null;
  readonly funding: 'credit' | 'debit' | 'prepaid';
}

export interface Address {
  /** Token. */
  readonly id: string;
  readonly country: string | null;
}

/** How a visitor reaches the shop: a line stands for one address on the internet, which a home, a hotel or a whole town may share. */
export interface Connection {
  readonly line: string;
  /** Where the address seems to be. */
  readonly country: string | null;
}

export const COUNTRIES = ['DE', 'FR', 'GB', 'NL', 'AT', 'ES', 'IT', 'PL', 'BE', 'CH', 'SE', 'US'] as const;
export const COUNTRY_SHARES = [0.42, 0.13, 0.09, 0.08, 0.07, 0.05, 0.05, 0.04, 0.03, 0.02, 0.01, 0.01];
const FUNDINGS = ['debit', 'credit', 'prepaid'] as const;
const FUNDING_SHARES = [0.5, 0.41, 0.09];
export const DISPOSABLE_DOMAINS = ['mailinator.com', 'guerrillamail.com', 'yopmail.com', '10minutemail.com', 'trashmail.com'] as const;
const DOMAINS = ['gmail.com', 'gmx.de', 'web.de', 'outlook.com', 'icloud.com', 'yahoo.com', 'proton.me', 't-online.de', 'hotmail.com', 'orange.fr'] as const;
const DOMAIN_SHARES = [0.38, 0.12, 0.1, 0.09, 0.08, 0.07, 0.05, 0.05, 0.04, 0.02];

/** Twelve hex digits that follow from the names alone. */
function token(...names: readonly (string | number)[]): string {
  return hash('sha256', names.join('\u0000')).slice(0, 12);
}

/** The n-th card of a person; `foreign`: share of people whose bank is abroad. */
export function cardOf(seed: string, person: number, index: number, country: string | null, foreign: number): Card {
  const random = new Random(seed, 'card', person, index);
  const abroad = random.chance(foreign);
  const elsewhere = drawCountry(random);
  return { id: `k-${token(seed, 'card', person, index)}`, country: abroad ? elsewhere : country, funding: FUNDINGS[random.weighted(FUNDING_SHARES)] ?? 'debit' };
}

/** Any place that goods can be sent to, by its name in the world. */
export function addressOf(seed: string, place: string, country: string | null): Address {
  return { id: `a-${token(seed, 'address', place)}`, country };
}

export function homeOf(seed: string, home: number, country: string | null): Address {
  return addressOf(seed, `home ${home}`, country);
}

/** The address on the internet that a line has; of 10.0.0.0/8, so that it is nobody's. */
export function ipAddressOf(seed: string, line: string): string {
  const digest = token(seed, 'line', line);
  return `10.${[0, 2, 4].map((at) => Number.parseInt(digest.slice(at, at + 2), 16)).join('.')}`;
}

export function drawCountry(random: Random): string {
  return COUNTRIES[random.weighted(COUNTRY_SHARES)] ?? 'DE';
}

/** @param disposable share of throw-away addresses. */
export function drawEmailDomain(random: Random, disposable: number): string {
  return random.chance(disposable) ? random.pick(DISPOSABLE_DOMAINS) : (DOMAINS[random.weighted(DOMAIN_SHARES)] ?? 'gmail.com');
}
