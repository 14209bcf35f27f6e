import { type AvroType } from './avro.fields.js';
import { type Path } from './compile.context.js';
import { RowError, SpecError, quoted } from './import.errors.js';
import { type Value } from './scope.js';
import { toDecimal, toText, toWhole } from './value.conversion.js';

type Coercer = (value: Exclude<Value, null>) => unknown;

/** Turns an expression's value into what the field takes; it throws `RowError` where it cannot. */
export function coercerOf(type: AvroType, path: Path): Coercer {
  switch (type.kind) {
    case 'text':
      return toText;
    case 'whole':
      return toWhole;
    case 'number':
      return (value) => Number(toDecimal(value).toString());
    case 'boolean':
      return (value) => {
        if (typeof value === 'boolean') return value;
        throw new RowError('not a boolean', quoted(value));
      };
    case 'words': {
      const { symbols } = type;
      return (value) => {
        if (typeof value === 'string' && symbols.includes(value)) return value;
        throw new RowError(`none of ${symbols.join(', ')}`, quoted(value));
      };
    }
    case 'records':
    case 'other':
      throw new SpecError(path, `a field of this type cannot be mapped`);
  }
}
