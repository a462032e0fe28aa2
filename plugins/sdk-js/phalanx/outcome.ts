// How a run went wrong, in `rollback`.

export { completed, error, failedStep } from 'phalanx:pipeline/outcome@1.0.0';
