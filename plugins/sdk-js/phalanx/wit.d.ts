// What the host offers, as `wit/deps/phalanx-pipeline/pipeline.wit` has it. What it says of each is told there.

/** The run's log. */
declare const console: Record<'log' | 'info' | 'debug' | 'warn' | 'error', (...values: unknown[]) => void>;

declare module 'phalanx:pipeline/run@1.0.0' {
  export function service(): string;
  export function stage(): string;
  export function stackName(): string;
  export function region(): string;
  export function account(): string | undefined;
  export function buildId(): string;
  export function dryRun(): boolean;
  export function config(): string;
}

declare module 'phalanx:pipeline/log@1.0.0' {
  export function log(level: string, message: string): void;
}

declare module 'phalanx:pipeline/context@1.0.0' {
  export function get(key: string): string | undefined;
  export function set(key: string, value: string): void;
  export function remove(key: string): boolean;
  export function keys(): string[];
}

declare module 'phalanx:pipeline/template-view@1.0.0' {
  export function get(pointer: string): string | undefined;
  export function logicalIds(ofType: string | undefined): string[];
  export function document(): string;
}

declare module 'phalanx:pipeline/template-edit@1.0.0' {
  export function set(pointer: string, value: string): void;
  export function setAll(edits: [string, string][]): void;
  export function add(section: string, logicalId: string, value: string): void;
  export function merge(pointer: string, patch: string): void;
  export function remove(pointer: string): boolean;
  export function replace(document: string): void;
}

declare module 'phalanx:pipeline/artifacts@1.0.0' {
  export interface Artifact {
    function: string;
    logicalId: string;
    sha256: string;
    size: bigint;
  }
  export function list(): Artifact[];
  export function files(fn: string): string[];
  export function read(fn: string, path: string): Uint8Array;
  export function write(fn: string, path: string, bytes: Uint8Array, mode: number): void;
}

declare module 'phalanx:pipeline/stack@1.0.0' {
  export interface StackResource {
    logicalId: string;
    physicalId: string;
    type: string;
    status: string;
  }
  export function id(): string;
  export function created(): boolean;
  export function unchanged(): boolean;
  export function outputs(): [string, string][];
  export function resources(): StackResource[];
}

declare module 'phalanx:pipeline/outcome@1.0.0' {
  export function failedStep(): string;
  export function error(): { code: string; message: string; hint?: string };
  export function completed(): string[];
}

declare module 'phalanx:pipeline/images@1.0.0' {
  export interface BuildRequest {
    contextDir: string;
    dockerfile: string;
    args: [string, string][];
    tag: string;
    platform?: string;
    target?: string;
    labels: [string, string][];
    cacheFrom: string[];
  }
  export interface BuiltImage {
    id: string;
    size: bigint;
  }
  export interface PushedImage {
    reference: string;
    tag: string;
    digest?: string;
  }
  export function check(request: BuildRequest, repository: string): void;
  export function fingerprint(request: BuildRequest): string;
  export function willPush(): boolean;
  export function findInEcr(repository: string, tag: string): PushedImage | undefined;
  export function build(request: BuildRequest): BuiltImage;
  export function pushToEcr(image: string, repository: string, tag: string): PushedImage;
  export function listInEcr(repository: string): PushedImage[];
  export function deleteFromEcr(repository: string, tag: string): boolean;
}

declare module 'phalanx:pipeline/commands@1.0.0' {
  export interface Command {
    argv: string[];
    dir?: string;
    env: [string, string][];
    stdin: Uint8Array;
  }
  export function run(command: Command): { status: number; stdout: Uint8Array; stderr: Uint8Array };
}

declare module 'phalanx:pipeline/files@1.0.0' {
  export function list(glob: string): string[];
  export function read(path: string): Uint8Array;
}

declare module 'phalanx:pipeline/environment@1.0.0' {
  export function get(name: string): string | undefined;
}

declare module 'phalanx:pipeline/aws@1.0.0' {
  export interface Request {
    service: string;
    action: string;
    method: string;
    path: string;
    headers: [string, string][];
    body: Uint8Array;
  }
  export function call(request: Request): { status: number; headers: [string, string][]; body: Uint8Array };
}
