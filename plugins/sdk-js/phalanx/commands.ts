// Programs of the host's, once the manifest grants `commands`. The world must import `phalanx:pipeline/commands@1.0.0`.

import * as wire from 'phalanx:pipeline/commands@1.0.0';
import { ask } from './failure.ts';
import { bytesOf, textOf } from './text.ts';

/** What a program left. */
export interface Output {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program without a shell. An exit code is no failure. */
export function run(argv: string[], options: { dir?: string; env?: Record<string, string>; stdin?: string } = {}): Output {
  const { dir, env = {}, stdin = '' } = options;
  const output = ask(() => wire.run({ argv, dir, env: Object.entries(env), stdin: bytesOf(stdin) }));
  return { status: output.status, stdout: textOf(output.stdout), stderr: textOf(output.stderr) };
}
