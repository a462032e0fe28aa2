// The validator in JavaScript.

import { hook } from '../phalanx/failure.ts';
import * as template from '../phalanx/template.ts';

const finding = (queue, at) => ({
  severity: 'error',
  rule: 'untagged',
  at,
  message: `\`${queue}\` has no tags`,
  hint: 'add `Tags`',
});

export const templateValidate = hook({
  validate() {
    return template.logicalIds('AWS::SQS::Queue')
      .map((queue) => [queue, template.property(queue, 'Tags')])
      .filter(([, tags]) => !template.has(tags))
      .map(([queue, tags]) => finding(queue, tags));
  },
});
