// Container images, once the manifest grants `images`. The world must import `phalanx:pipeline/images@1.0.0`.

import * as wire from 'phalanx:pipeline/images@1.0.0';
import type { BuildRequest, BuiltImage, PushedImage } from 'phalanx:pipeline/images@1.0.0';
import { ask } from './failure.ts';

export { willPush } from 'phalanx:pipeline/images@1.0.0';

/** What an image is built of, with the usual for what is left out. */
export function request(image: Partial<BuildRequest> & { tag: string }): BuildRequest {
  return { contextDir: '.', dockerfile: 'Dockerfile', args: [], labels: [], cacheFrom: [], ...image };
}

/** Finds out what would keep the image from being built or pushed. */
export function check(image: BuildRequest, repository: string): void {
  ask(() => wire.check(image, repository));
}

/** Digest of everything that goes into the image. */
export function fingerprint(image: BuildRequest): string {
  return ask(() => wire.fingerprint(image));
}

/** The image in ECR with this tag, or undefined. */
export function find(repository: string, tag: string): PushedImage | undefined {
  return ask(() => wire.findInEcr(repository, tag)) ?? undefined;
}

export function build(image: BuildRequest): BuiltImage {
  return ask(() => wire.build(image));
}

export function push(image: string, repository: string, tag: string): PushedImage {
  return ask(() => wire.pushToEcr(image, repository, tag));
}

export function list(repository: string): PushedImage[] {
  return ask(() => wire.listInEcr(repository));
}

export function remove(repository: string, tag: string): boolean {
  return ask(() => wire.deleteFromEcr(repository, tag));
}
