// Edits the template, in `template-decorate`. A plugin that does not import this cannot.

import * as view from 'phalanx:pipeline/template-view@1.0.0';
import * as wire from 'phalanx:pipeline/template-edit@1.0.0';
import { ask } from './failure.ts';
import type { Json } from './json.ts';
import { pointer } from './template.ts';

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
// deno-lint-ignore no-explicit-any
export function live(...keys: (string | number)[]): any {
  const at = pointer(...keys);
  const value = () => {
    const json = view.get(at);
    return json == null ? undefined : JSON.parse(json);
  };
  return new Proxy({}, {
    get(_, key) {
      if (typeof key === 'symbol') return undefined;
      const json = view.get(at + pointer(key));
      if (json == null) return undefined;
      const found = JSON.parse(json);
      return found !== null && typeof found === 'object' && !Array.isArray(found) ? live(...keys, key) : found;
    },
    set(_, key, to) {
      set(at + pointer(String(key)), to);
      return true;
    },
    deleteProperty: (_, key) => (remove(at + pointer(String(key))), true),
    has: (_, key) => view.get(at + pointer(String(key))) != null,
    ownKeys: () => Object.keys(value() ?? {}),
    getOwnPropertyDescriptor(_, key) {
      const json = view.get(at + pointer(String(key)));
      const found = json == null ? undefined : JSON.parse(json);
      return found === undefined ? undefined : { value: found, enumerable: true, configurable: true, writable: true };
    },
  });
}
