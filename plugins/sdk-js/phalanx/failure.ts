// Why a hook cannot go on, and what turns exceptions into that.

import { log } from 'phalanx:pipeline/log@1.0.0';
import { prepare } from './engine.ts';

/** Why a call or a hook cannot go on. Throw one from a hook: its edits are undone and the run stops. */
export class Failure extends Error {
  /** A short stable code in kebab-case, for scripts. */
  readonly code: string;
  /** What to do now. */
  readonly hint?: string;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.name = 'Failure';
    this.code = code;
    this.hint = hint;
  }
}

/** Makes a call of the host; what it refuses is thrown as a {@link Failure}. */
export function ask<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    // Toolchains differ in what they wrap the host's record in.
    const record = (error as { payload?: unknown })?.payload ?? error;
    const { code, message, hint } = record as { code?: string; message?: string; hint?: string };
    throw new Failure(code ?? 'error', message ?? String(error), hint ?? undefined);
  }
}

type Functions = Record<string, (...parameters: never[]) => unknown>;

/**
 * A hook: functions by name, which may throw. A {@link Failure} is told as it is; any other exception as one with the
 * code `exception`, and its stack goes to the log.
 */
export function hook<T extends Functions>(functions: T): T {
  prepare();
  const guarded = (call: T[string]) => (...parameters: never[]) => {
    try {
      return call(...parameters);
    } catch (error) {
      if (error instanceof Failure) {
        throw { code: error.code, message: error.message, hint: error.hint };
      }
      const { name, message, stack } = error as Error;
      if (stack) {
        log('error', `${name}: ${message}\n${stack.trimEnd()}`);
      }
      throw { code: 'exception', message: name ? `${name}: ${message}` : String(error), hint: undefined };
    }
  };
  const entries = Object.entries(functions).map(([name, call]) => [name, guarded(call as T[string])]);
  return Object.fromEntries(entries) as T;
}

/** A hook that tells the JSON Schema (2020-12) of the plugin's config. */
export function schema(document: object): { configSchema: () => string } {
  return { configSchema: () => JSON.stringify(document) };
}
