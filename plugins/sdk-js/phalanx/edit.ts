// Edits the template, in `template-decorate`. A plugin that does not import this cannot.

import * as wire from 'phalanx:pipeline/template-edit@1.0.0';
import { ask } from './failure.ts';
import type { Json } from './json.ts';
import { get, has, pointer } from './template.ts';

/** Sets the value at a pointer, creating missing parents; a last key `-` appends to a list. */
export function set(at: string, value: Json): void {
  ask(() => wire.set(at, JSON.stringify(value)));
}

/** Many {@link set}s in one call, all or none. */
export function setAll(edits: Iterable<[string, Json]>): void {
  const texts = [...edits].map(([at, value]): [string, string] => [at, JSON.stringify(value)]);
  ask(() => wire.setAll(texts));
}

/** Adds an entry to a section, such as `Resources`; fails when the id is taken. */
export function add(section: string, logicalId: string, value: Json): void {
  ask(() => wire.add(section, logicalId, JSON.stringify(value)));
}

/** Applies a JSON Merge Patch (RFC 7396). */
export function merge(at: string, patch: Json): void {
  ask(() => wire.merge(at, JSON.stringify(patch)));
}

/** Removes the value at a pointer; true when it was there. */
export function remove(at: string): boolean {
  return ask(() => wire.remove(at));
}

/** Replaces the whole document. */
export function replace(document: Json): void {
  ask(() => wire.replace(JSON.stringify(document)));
}

/** A part of the template as an object: what is read comes from the host, and what is assigned goes there. */
export function live(...keys: (string | number)[]): any {
  const place = (key: string | symbol) => pointer(...keys, String(key));
  return new Proxy({}, {
    get(_, key) {
      if (typeof key === 'symbol') return undefined;
      const found = get(place(key));
      return found !== null && typeof found === 'object' && !Array.isArray(found) ? live(...keys, key) : found;
    },
    set: (_, key, to) => (set(place(key), to), true),
    deleteProperty: (_, key) => (remove(place(key)), true),
    has: (_, key) => has(place(key)),
    ownKeys: () => Object.keys(get(pointer(...keys)) ?? {}),
    getOwnPropertyDescriptor(_, key) {
      const value = get(place(key));
      return value === undefined ? undefined : { value, enumerable: true, configurable: true, writable: true };
    },
  });
}
