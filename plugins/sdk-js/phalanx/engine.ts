// What the engine does not have, or would crash on without a word.

import { log } from 'phalanx:pipeline/log@1.0.0';
import { Failure } from './failure.ts';

const to = (level: string) => (...values: unknown[]) =>
  log(level, values.map((value) => typeof value === 'string' ? value : JSON.stringify(value) ?? String(value)).join(' '));

let prepared = false;

/** Sees to it that `console` is the run's log, and that who asks for the time is told why there is none. */
export function prepare(): void {
  if (prepared) return;
  prepared = true;
  const scope = globalThis as unknown as Record<string, unknown>;
  scope.console ??= { log: to('info'), info: to('info'), debug: to('debug'), warn: to('warn'), error: to('error') };
  const refuse = (): never => {
    throw new Failure(
      'no-clock', 'a plugin that was built without WASI has no clock',
      'leave out `--backend-qjs-stub-wasi` in `package.json`: the clock then stands at the start of the run',
    );
  };
  scope.Date = new Proxy(Date, {
    construct: (date, values) => values.length === 0 ? refuse() : Reflect.construct(date, values),
    apply: refuse,
    get: (date, key) => key === 'now' ? refuse : Reflect.get(date, key),
  });
}
