const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2}))?$/;
const MAX_LENGTH = 60;

/** An exact decimal number, `coefficient / 10^scale`. Money goes through it and never through a float. */
export class Decimal {
  constructor(
    readonly coefficient: bigint,
    readonly scale: number,
  ) {}

  /** Reads `-1234.50`, `.5`, `1e3`; null where the text is no number, or longer than 60 characters. */
  static parse(text: string): Decimal | null {
    return parsePlain(text) ?? Decimal.parseAny(text);
  }

  private static parseAny(text: string): Decimal | null {
    const found = text.length <= MAX_LENGTH ? PATTERN.exec(text) : null;
    if (found === null) return null;
    const whole = found[2] ?? '';
    const fraction = found[3] ?? '';
    if (whole === '' && fraction === '') return null;
    const digits = BigInt(`${whole}${fraction}`);
    const coefficient = found[1] === '-' ? -digits : digits;
    return normal(coefficient, fraction.length - Number(found[4] ?? 0));
  }

  static fromInteger(value: number | bigint): Decimal {
    return new Decimal(BigInt(value), 0);
  }

  add(other: Decimal): Decimal {
    const scale = Math.max(this.scale, other.scale);
    return new Decimal(this.at(scale) + other.at(scale), scale);
  }

  multiply(other: Decimal): Decimal {
    return new Decimal(this.coefficient * other.coefficient, this.scale + other.scale);
  }

  negate(): Decimal {
    return new Decimal(-this.coefficient, this.scale);
  }

  abs(): Decimal {
    return this.coefficient < 0n ? this.negate() : this;
  }

  compare(other: Decimal): number {
    const scale = Math.max(this.scale, other.scale);
    const [left, right] = [this.at(scale), other.at(scale)];
    return left < right ? -1 : left > right ? 1 : 0;
  }

  /** Half up, away from zero: 0.005 becomes 0.01 and -0.005 becomes -0.01 at two places. */
  round(places: number): Decimal {
    if (this.scale <= places) return this;
    const unit = 10n ** BigInt(this.scale - places);
    const magnitude = this.coefficient < 0n ? -this.coefficient : this.coefficient;
    const rounded = (magnitude + unit / 2n) / unit;
    return new Decimal(this.coefficient < 0n ? -rounded : rounded, places);
  }

  /** In units of `10^-places`, rounded half up: 2.555 is 256 at two places. */
  toMinor(places: number): bigint {
    return this.round(places).at(places);
  }

  /** True where nothing is lost by writing it as an integer. */
  isInteger(): boolean {
    return this.scale === 0 || this.coefficient % 10n ** BigInt(this.scale) === 0n;
  }

  toString(): string {
    if (this.scale === 0) return String(this.coefficient);
    const sign = this.coefficient < 0n ? '-' : '';
    const digits = String(this.coefficient < 0n ? -this.coefficient : this.coefficient).padStart(this.scale + 1, '0');
    return `${sign}${digits.slice(0, -this.scale)}.${digits.slice(-this.scale)}`;
  }

  private at(scale: number): bigint {
    return scale === this.scale ? this.coefficient : this.coefficient * 10n ** BigInt(scale - this.scale);
  }
}

/** Most numbers of a file, `12` or `-3.75`, many times faster than by pattern and BigInt; null leaves the rest to the careful way. */
function parsePlain(text: string): Decimal | null {
  if (text.length === 0 || text.length > 15) return null;
  const negative = text.charCodeAt(0) === 45;
  let value = 0;
  let point = -1;
  for (let at = negative ? 1 : 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) value = value * 10 + code - 48;
    else if (code === 46 && point < 0) point = at;
    else return null;
  }
  if (point === text.length - 1 || text.length === (negative ? 1 : 0)) return null;
  return new Decimal(BigInt(negative ? -value : value), point < 0 ? 0 : text.length - 1 - point);
}

function normal(coefficient: bigint, scale: number): Decimal {
  return scale >= 0 ? new Decimal(coefficient, scale) : new Decimal(coefficient * 10n ** BigInt(-scale), 0);
}
