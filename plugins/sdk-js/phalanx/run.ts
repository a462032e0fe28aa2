// The run under way: facts, and this plugin's config.

import { config as text } from 'phalanx:pipeline/run@1.0.0';

export {
  account, buildId, dryRun, region, service, stackName, stage,
} from 'phalanx:pipeline/run@1.0.0';

/** This plugin's `config` from the manifest; the host has held it against the plugin's schema. */
export function config<T extends object>(): Partial<T> {
  return JSON.parse(text());
}
