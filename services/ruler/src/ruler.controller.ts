import { BadRequestException, Controller, Get, Inject, Query } from '@nestjs/common';
import type { AlertEvent } from '@millrace/contracts';
import type { OrderRule } from './orders/order-rule.js';
import type { Condition, Rule } from './rule.js';
import { RuleBook } from './rule-book.js';
import { RULER_STORE, type RulerStore } from './ruler-store.js';

/** A rule as the API shows it, with its defaults filled in. */
interface RuleView extends Omit<Rule, 'match' | 'condition' | 'when'> {
  readonly match: Readonly<Record<string, readonly string[] | '*'>>;
  readonly condition: Omit<Condition, 'products'> & { readonly products?: readonly string[] };
  readonly when: string | null;
}

/** The same of a rule about orders. */
type OrderRuleView = Omit<OrderRule, 'when'> & { readonly when: string };

@Controller()
export class RulerController {
  constructor(
    @Inject(RuleBook) private readonly book: RuleBook,
    @Inject(RULER_STORE) private readonly store: RulerStore,
  ) {}

  /** The rules in force, and what is wrong with the file if it is not. */
  @Get('rules')
  rules(): { file: string; version: string; problems: readonly string[]; rules: readonly (RuleView | OrderRuleView)[] } {
    const { version, rules, orderRules } = this.book.rules;
    return { file: this.book.file, version, problems: this.book.problems, rules: [...rules.map(viewOf), ...orderRules.map((rule) => ({ ...rule, when: rule.when.expression }))] };
  }

  /** The latest state of each alert: firing ones, or those of `status`, or `all`. */
  @Get('alerts')
  async alerts(@Query('status') status = 'firing'): Promise<{ alerts: readonly AlertEvent[] }> {
    const wanted = { firing: 'FIRING', resolved: 'RESOLVED', all: null } as const;
    if (status !== 'firing' && status !== 'resolved' && status !== 'all') throw new BadRequestException('status is firing, resolved or all');
    return { alerts: await this.store.alerts(wanted[status]) };
  }
}

function viewOf(rule: Rule): RuleView {
  const match = Object.fromEntries([...rule.match].map(([name, allowed]) => [name, allowed === null ? ('*' as const) : [...allowed]]));
  const { condition } = rule;
  const plain = condition.kind === 'shortage' ? { kind: condition.kind, ...(condition.products === null ? {} : { products: [...condition.products] }) } : condition;
  return { ...rule, match, condition: plain, when: rule.when?.expression ?? null };
}
