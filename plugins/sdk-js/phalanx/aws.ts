// Single calls of AWS, once the manifest grants `aws`. The world must import `phalanx:pipeline/aws@1.0.0`.

import * as wire from 'phalanx:pipeline/aws@1.0.0';
import { ask } from './failure.ts';
import { bytesOf, textOf } from './text.ts';

/** A call; the host signs it. */
export interface Request {
  /** Signing name of the service, such as `sns`. */
  service: string;
  /** IAM-style action that it needs, such as `sns:Publish`. */
  action: string;
  method?: string;
  /** Path and query. */
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Makes a call. An error in the answer is no failure. */
export function call(request: Request): { status: number; headers: Record<string, string>; body: string } {
  const { service, action, method = 'POST', path = '/', headers = {}, body = '' } = request;
  const answer = ask(() =>
    wire.call({ service, action, method, path, headers: Object.entries(headers), body: bytesOf(body) })
  );
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body: textOf(answer.body) };
}
