import type { Schema } from 'avsc';
import { ContentError } from '../errors.js';
import { AvroCursor } from './avro-cursor.js';

/** Throws {@link ContentError} unless the bytes from `position` to the end are exactly one record of the schema. */
export type AvroScan = (buffer: Buffer, position: number) => void;

type Skip = (cursor: AvroCursor) => void;
/** `minimum`: fewest bytes a value takes; read only after the whole schema is compiled. */
interface Skipper {
  skip: Skip;
  minimum: number;
}

const INT_LIMIT = 2 ** 31;

/** Compiles the check for a writer's schema. */
export function compileScan(schema: Schema): AvroScan {
  const root = new ScanCompiler().compile(schema, '', '');
  const cursor = new AvroCursor();
  return (buffer, position) => {
    cursor.reset(buffer, position);
    root.skip(cursor);
    if (cursor.remaining > 0) throw new ContentError('undecodable', `${String(cursor.remaining)} bytes behind the record`);
  };
}

class ScanCompiler {
  readonly #named = new Map<string, Skipper>();

  compile(schema: unknown, namespace: string, path: string): Skipper {
    if (typeof schema === 'string') return this.#primitive(schema, path) ?? this.#reference(schema, namespace);
    if (Array.isArray(schema)) return this.#union(schema, namespace, path);
    if (!isObject(schema)) throw new ContentError('unknown-schema', `not an Avro schema at "${path}"`);
    switch (schema['type']) {
      case 'record':
      case 'error':
        return this.#record(schema, namespace, path);
      case 'enum':
        return this.#enum(schema, namespace, path);
      case 'fixed':
        return this.#fixed(schema, namespace);
      case 'array':
        return this.#array(schema, namespace, path);
      case 'map':
        return this.#map(schema, namespace, path);
      default:
        return this.compile(schema['type'], namespace, path);
    }
  }

  #primitive(name: string, path: string): Skipper | undefined {
    switch (name) {
      case 'null':
        return { skip: () => undefined, minimum: 0 };
      case 'boolean':
        return { skip: (cursor) => { cursor.skipBoolean(); }, minimum: 1 };
      case 'int':
        return { skip: (cursor) => { checkInt(cursor.readLong(), path); }, minimum: 1 };
      case 'long':
        return { skip: (cursor) => { checkLong(cursor.readLong(), path); }, minimum: 1 };
      case 'float':
        return { skip: (cursor) => { cursor.skipBytes(4); }, minimum: 4 };
      case 'double':
        return { skip: (cursor) => { cursor.skipBytes(8); }, minimum: 8 };
      case 'bytes':
        return { skip: (cursor) => { cursor.skipBytes(cursor.readLength()); }, minimum: 1 };
      case 'string':
        return { skip: (cursor) => { cursor.skipString(); }, minimum: 1 };
      default:
        return undefined;
    }
  }

  #reference(name: string, namespace: string): Skipper {
    const found = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name);
    if (found === undefined) throw new ContentError('unknown-schema', `the schema names no type "${name}"`);
    return found;
  }

  #declare(schema: Readonly<Record<string, unknown>>, namespace: string): { readonly skipper: Skipper; readonly namespace: string } {
    const own = typeof schema['namespace'] === 'string' ? schema['namespace'] : namespace;
    const name = fullName(String(schema['name']), own);
    const skipper: Skipper = { skip: () => undefined, minimum: 0 };
    this.#named.set(name, skipper);
    return { skipper, namespace: name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '' };
  }

  #record(schema: Readonly<Record<string, unknown>>, outer: string, path: string): Skipper {
    const { skipper, namespace } = this.#declare(schema, outer);
    const fields = Array.isArray(schema['fields']) ? schema['fields'].filter(isObject) : [];
    const skippers = fields.map((field) => this.compile(field['type'], namespace, join(path, String(field['name']))));
    const skips = skippers.map((field) => field.skip);
    // A recursive field's function is set later, so it is looked up through its holder.
    const late = skippers.map((field) => (field.minimum === 0 ? field : undefined));
    skipper.minimum = skippers.reduce((sum, field) => sum + field.minimum, 0);
    skipper.skip = (cursor) => {
      cursor.enter();
      for (let index = 0; index < skips.length; index++) (late[index]?.skip ?? skips[index])?.(cursor);
      cursor.leave();
    };
    return skipper;
  }

  #enum(schema: Readonly<Record<string, unknown>>, namespace: string, path: string): Skipper {
    const { skipper } = this.#declare(schema, namespace);
    const count = Array.isArray(schema['symbols']) ? schema['symbols'].length : 0;
    skipper.minimum = 1;
    skipper.skip = (cursor) => {
      const index = cursor.readLong();
      if (!(index >= 0 && index < count)) throw new ContentError('undecodable', `${path}: enum index ${String(index)} of ${String(count)}`);
    };
    return skipper;
  }

  #fixed(schema: Readonly<Record<string, unknown>>, namespace: string): Skipper {
    const { skipper } = this.#declare(schema, namespace);
    const size = Number(schema['size']);
    skipper.minimum = size;
    skipper.skip = (cursor) => { cursor.skipBytes(size); };
    return skipper;
  }

  #union(branches: readonly unknown[], namespace: string, path: string): Skipper {
    const skippers = branches.map((branch) => this.compile(branch, namespace, path));
    return {
      minimum: 1,
      skip: (cursor) => {
        const index = cursor.readLong();
        const branch = skippers[index];
        if (branch === undefined) throw new ContentError('undecodable', `${path}: union index ${String(index)} of ${String(skippers.length)}`);
        branch.skip(cursor);
      },
    };
  }

  #array(schema: Readonly<Record<string, unknown>>, namespace: string, path: string): Skipper {
    const items = this.compile(schema['items'], namespace, `${path}[]`);
    return { minimum: 1, skip: (cursor) => { cursor.skipBlocks(items.minimum, () => { items.skip(cursor); }); } };
  }

  #map(schema: Readonly<Record<string, unknown>>, namespace: string, path: string): Skipper {
    const values = this.compile(schema['values'], namespace, `${path}{}`);
    const skipEntry: Skip = (cursor) => {
      const start = cursor.skipString();
      // Assigning this key sets a prototype in place of an entry: the entry would be gone without a word.
      if (cursor.position - start === PROTO.length && PROTO.equals(cursor.buffer.subarray(start, cursor.position))) {
        throw new ContentError('undecodable', `${path}: a map key "__proto__"`);
      }
      values.skip(cursor);
    };
    return { minimum: 1, skip: (cursor) => { cursor.skipBlocks(values.minimum + 1, () => { skipEntry(cursor); }); } };
  }
}

const PROTO = Buffer.from('__proto__');

function checkInt(value: number, path: string): void {
  if (!(value >= -INT_LIMIT && value < INT_LIMIT)) throw new ContentError('undecodable', `${path}: an int outside 32 bits`);
}

function checkLong(value: number, path: string): void {
  if (Number.isNaN(value)) throw new ContentError('undecodable', `${path}: outside +-2^53, which JavaScript cannot hold`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

function join(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}
