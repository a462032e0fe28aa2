// The shared context: one map that all hooks of all plugins of a run see.

import * as wire from 'phalanx:pipeline/context@1.0.0';
import { ask } from './failure.ts';
import type { Json } from './json.ts';

/** The value of `key`, or undefined. */
export function get<T = Json>(key: string): T | undefined {
  const json = wire.get(key);
  return json == null ? undefined : JSON.parse(json);
}

/** Sets `key`; fails when another plugin wrote it. */
export function set(key: string, value: Json): void {
  ask(() => wire.set(key, JSON.stringify(value)));
}

/** Removes `key`; true when it was there. */
export function remove(key: string): boolean {
  return ask(() => wire.remove(key));
}

/** All keys, sorted. */
export const keys = wire.keys;
