import { Failure, hook } from '../phalanx/failure.ts';
import * as edit from '../phalanx/edit.ts';
import * as run from '../phalanx/run.ts';

const deep = (value) => value.missing.property;

export const templateDecorate = hook({
  decorateService() {
    const { mode } = run.config();
    if (mode === 'failure') throw new Failure('no-topic', 'the topic is missing', 'add it');
    if (mode === 'host') edit.add('Nonsense', 'X', 1);
    if (mode === 'exception') deep({});
    if (mode === 'loop') for (;;);
    if (mode === 'recurse') { const again = (n) => again(n + 1) + 1; again(0); }
    if (mode === 'memory') for (const held = [];;) held.push(new Uint8Array(1_000_000).fill(1));
    if (mode === 'flood') for (let line = 0; line < 4000; line += 1) console.log('x'.repeat(1000));
    if (mode === 'network') fetch('http://127.0.0.1:9');
    if (mode === 'time') edit.set('/Metadata/Now', new Date().getTime());
  },

  decorateFunction() {},
});
