// {{description}}.
//
// Each hook call gets a new instance; what has to last from hook to hook goes into `phalanx/context.ts`.

{{#post-build}}
import * as artifacts from '../phalanx/artifacts.ts';
{{/}}
{{#pre-build}}
import * as context from '../phalanx/context.ts';
{{/}}
{{#template-decorate}}
import * as edit from '../phalanx/edit.ts';
{{/}}
import { hook, schema } from '../phalanx/failure.ts';
{{#pre-build template-decorate post-provision rollback teardown}}
import * as log from '../phalanx/log.ts';
{{/}}
{{#rollback}}
import * as outcome from '../phalanx/outcome.ts';
{{/}}
import * as run from '../phalanx/run.ts';
{{#post-provision}}
import * as stack from '../phalanx/stack.ts';
{{/}}
{{#template-decorate template-validate}}
import * as template from '../phalanx/template.ts';
{{/}}

{{#javascript}}
/** Days that a queue keeps a message: `config = { days = 4 }` in a service's manifest. */
const days = () => run.config().days ?? 4;
{{/}}
{{#typescript}}
/** What a service's manifest can say: `config = { days = 4 }`. */
interface Config {
  /** Days that a queue keeps a message. */
  days: number;
}

const days = () => run.config<Config>().days ?? 4;
{{/}}

/** The host checks a service's config with this schema before anything runs. */
export const configurable = schema({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {
    days: {
      type: 'integer', minimum: 1, maximum: 14, default: 4,
      description: 'Days that a queue keeps a message.',
    },
  },
  additionalProperties: false,
});
{{#pre-build}}

/** Before the service is built: what is found out here, the hooks after it can read. */
export const preBuild = hook({
  preBuild() {
    context.set('{{name}}.days', days());
    log.info(`queues of \`${run.service()}\` keep messages for ${days()} days`);
  },
});
{{/}}
{{#post-build}}

/** After the build: files that are written here go into the functions' packages. */
export const postBuild = hook({
  postBuild() {
    const text = JSON.stringify({ service: run.service(), stage: run.stage() });
    for (const { function: name } of artifacts.list()) {
      artifacts.write(name, 'service.json', text);
    }
  },
});
{{/}}
{{#template-decorate}}

/** Edits the template. All edits are kept, or none when this throws; each is known as this plugin's. */
export const templateDecorate = hook({
  /** Once for the service. */
  decorateService() {
    for (const queue of template.logicalIds('AWS::SQS::Queue')) {
      const period = template.property(queue, 'MessageRetentionPeriod');
      // What the service says itself, it shall have.
      if (template.has(period)) continue;
      edit.set(period, days() * 86_400);
      log.info(`\`${queue}\` keeps its messages for ${days()} days`);
    }
  },

  /** Once for each function that names this plugin in `decorators`. */
  decorateFunction(name{{text}}, logicalId{{text}}) {
    // The template as an object: what is assigned is edited.
    edit.live('Resources', logicalId, 'Properties', 'Environment', 'Variables').MESSAGE_DAYS = String(days());
    log.info(`\`${name}\` knows how long messages are kept`);
  },
});
{{/}}
{{#template-validate}}

/** Judges the final template. An error stops the run; a warning or a note is shown. */
export const templateValidate = hook({
  validate() {
    const silent = template.logicalIds('AWS::SQS::Queue')
      .filter((queue) => !template.has(template.property(queue, 'MessageRetentionPeriod')));
    return silent.map((queue) => ({
      severity: 'warning',
      rule: 'queue-retention',
      at: template.property(queue, 'MessageRetentionPeriod'),
      message: `\`${queue}\` does not say how long it keeps its messages`,
      hint: `set \`MessageRetentionPeriod\`, such as to ${days() * 86_400}`,
    }));
  },
});
{{/}}
{{#post-provision}}

/** After the stack was created or updated. */
export const postProvision = hook({
  postProvision() {
    for (const [key, value] of Object.entries(stack.outputs())) {
      log.info(`output ${key} is ${value}`);
    }
  },
});
{{/}}
{{#rollback}}

/** After any step failed: undo what this plugin did outside the template. */
export const rollback = hook({
  rollback() {
    log.info(`\`${outcome.failedStep()}\` failed: ${outcome.error().message}`);
  },
});
{{/}}
{{#teardown}}

/** Around the deletion of the stack. */
export const teardown = hook({
  preDelete() {
    log.info(`stack \`${run.stackName()}\` is about to go`);
  },

  postDelete() {
    log.info(`stack \`${run.stackName()}\` is gone`);
  },
});
{{/}}
