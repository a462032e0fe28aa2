// The functions' packages, in `post-build`.

import * as wire from 'phalanx:pipeline/artifacts@1.0.0';
import { ask } from './failure.ts';
import { bytesOf } from './text.ts';

/** All packaged functions, in manifest order. */
export const list = wire.list;

/** The names of the files in a function's package, sorted. */
export function files(fn: string): string[] {
  return ask(() => wire.files(fn));
}

/** The bytes of one file of a function's package. */
export function read(fn: string, path: string): Uint8Array {
  return ask(() => wire.read(fn, path));
}

/** Adds a file to a function's package, or replaces it; a text is written as UTF-8. */
export function write(fn: string, path: string, content: string | Uint8Array, mode = 0o644): void {
  const bytes = typeof content === 'string' ? bytesOf(content) : content;
  ask(() => wire.write(fn, path, bytes, mode));
}
