// Writes to the run's log, under the plugin's name.

import { log } from 'phalanx:pipeline/log@1.0.0';

const at = (level: string) => (message: string) => log(level, message);

export const trace = at('trace');
export const debug = at('debug');
export const info = at('info');
export const warn = at('warn');
export const error = at('error');
