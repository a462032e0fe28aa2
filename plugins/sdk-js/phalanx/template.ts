// Reads the CloudFormation template as it stands.

import * as wire from 'phalanx:pipeline/template-view@1.0.0';
import type { Json } from './json.ts';

/** A JSON Pointer (RFC 6901) of its keys. */
export function pointer(...keys: (string | number)[]): string {
  return keys.map((key) => '/' + String(key).replaceAll('~', '~0').replaceAll('/', '~1')).join('');
}

/** The place of a resource's property. */
export function property(logicalId: string, ...path: (string | number)[]): string {
  return pointer('Resources', logicalId, 'Properties', ...path);
}

/** The value at a pointer, or undefined. */
export function get<T = Json>(at: string): T | undefined {
  const json = wire.get(at);
  return json == null ? undefined : JSON.parse(json);
}

/** Whether there is a value at a pointer. */
export function has(at: string): boolean {
  return wire.get(at) != null;
}

/** Logical ids in document order; of one resource type, when one is named. */
export function logicalIds(type?: string): string[] {
  return wire.logicalIds(type);
}

/** The whole document. Prefer {@link get}: it is an order of magnitude cheaper on a large template. */
export function document(): { [key: string]: Json } {
  return JSON.parse(wire.document());
}
