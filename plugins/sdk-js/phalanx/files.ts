// Files of the service, once the manifest grants `files`. The world must import `phalanx:pipeline/files@1.0.0`.

import * as wire from 'phalanx:pipeline/files@1.0.0';
import { ask } from './failure.ts';
import { textOf } from './text.ts';

/** The files that match a glob, sorted. */
export function list(glob: string): string[] {
  return ask(() => wire.list(glob));
}

/** The bytes of a file. */
export function read(path: string): Uint8Array {
  return ask(() => wire.read(path));
}

/** The text of a file. */
export function readText(path: string): string {
  return textOf(read(path));
}
