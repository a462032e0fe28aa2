// The deployed stack, in `post-provision` and `teardown`.

import { outputs as pairs } from 'phalanx:pipeline/stack@1.0.0';

export { created, id, resources, unchanged } from 'phalanx:pipeline/stack@1.0.0';

/** Outputs by key. */
export function outputs(): { [key: string]: string } {
  return Object.fromEntries(pairs());
}
