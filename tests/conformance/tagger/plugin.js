// The tagger in JavaScript.

import * as commands from '../phalanx/commands.ts';
import * as context from '../phalanx/context.ts';
import * as edit from '../phalanx/edit.ts';
import { Failure, hook } from '../phalanx/failure.ts';
import * as log from '../phalanx/log.ts';
import * as run from '../phalanx/run.ts';
import * as template from '../phalanx/template.ts';

const team = () => run.config().team;
const tag = () => ({ Key: 'team', Value: team() });

export const preBuild = hook({
  preBuild() {
    context.set('tagger.team', team());
    log.info(`the team is ${team()}`);
  },
});

export const templateDecorate = hook({
  decorateService() {
    if (team() === 'nobody') {
      throw new Failure('no-owner', '`nobody` owns nothing', 'name a team in `config`');
    }
    const commit = commands.run(['git', 'rev-parse', 'HEAD']).stdout.trim();
    edit.add('Resources', 'AuditQueue', {
      Type: 'AWS::SQS::Queue',
      Properties: { MessageRetentionPeriod: 1_209_600 },
    });
    const queues = template.logicalIds('AWS::SQS::Queue');
    for (const queue of queues) {
      edit.set(template.property(queue, 'Tags', '-'), tag());
    }
    edit.set('/Metadata/Commit', commit);
    log.info(`tagged ${queues.length} queues`);
  },

  decorateFunction(name, logicalId) {
    edit.set(template.property(logicalId, 'Tags', '-'), tag());
  },
});
