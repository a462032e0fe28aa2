// The plugin with every hook, in JavaScript.

import * as artifacts from '../phalanx/artifacts.ts';
import * as context from '../phalanx/context.ts';
import * as edit from '../phalanx/edit.ts';
import { hook } from '../phalanx/failure.ts';
import * as files from '../phalanx/files.ts';
import * as log from '../phalanx/log.ts';
import * as outcome from '../phalanx/outcome.ts';
import * as run from '../phalanx/run.ts';
import * as stack from '../phalanx/stack.ts';
import * as template from '../phalanx/template.ts';

export const preBuild = hook({
  preBuild() {
    const owner = files.readText('OWNER').trim();
    context.set('owner', owner);
    log.info(`${owner} owns ${run.service()}`);
  },
});

export const postBuild = hook({
  postBuild() {
    for (const { function: name } of artifacts.list()) {
      const count = artifacts.files(name).length;
      artifacts.write(name, 'OWNER', context.get('owner'));
      log.info(`${name} has ${count} files and an owner`);
    }
  },
});

export const templateDecorate = hook({
  decorateService() {
    edit.set('/Metadata/Owner', context.get('owner'));
  },

  decorateFunction(name, logicalId) {
    edit.set(template.property(logicalId, 'Environment', 'Variables', 'OWNER'), context.get('owner'));
    log.info(`${name} knows its owner`);
  },
});

export const templateValidate = hook({
  validate() {
    if (template.has('/Metadata/Owner')) return [];
    return [{ severity: 'warning', rule: 'no-owner', at: '/Metadata', message: 'nobody owns this' }];
  },
});

export const postProvision = hook({
  postProvision() {
    for (const [key, value] of Object.entries(stack.outputs())) {
      log.info(`${key}: ${value}`);
    }
  },
});

export const rollback = hook({
  rollback() {
    const steps = outcome.completed().join(', ');
    log.warn(`${outcome.failedStep()} failed after ${steps}: ${outcome.error().message}`);
  },
});

export const teardown = hook({
  preDelete() {
    log.info(`${run.stackName()} goes`);
  },

  postDelete() {
    log.info(`${run.stackName()} is gone`);
  },
});
