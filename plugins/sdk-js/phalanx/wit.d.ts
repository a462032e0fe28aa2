// What the host offers: made from `wit/pipeline.wit` by `tests/plugin_new/types.rs`.

/** The run's log. */
declare const console: Record<'log' | 'info' | 'debug' | 'warn' | 'error', (...values: unknown[]) => void>;

declare module 'phalanx:pipeline/types@1.0.0' {
  /**
   * Why a call or a hook cannot go on. When a hook returns one, the host undoes the hook's edits,
   * stops the run and shows this to a person.
   */
  export interface Failure {
    /** A short stable code in kebab-case, for scripts: `missing-config`, `image-too-large`. */
    code: string;
    /** One sentence: what failed, on which thing. */
    message: string;
    /** What to do now, when the plugin knows. */
    hint?: string;
  }
}

declare module 'phalanx:pipeline/run@1.0.0' {
  /** The service's name, as in its manifest. */
  export function service(): string;
  /** The stage that is being deployed, for example `dev`. */
  export function stage(): string;
  /** The name of the CloudFormation stack. */
  export function stackName(): string;
  /** The AWS region, for example `eu-central-1`. */
  export function region(): string;
  /** The 12-digit AWS account, when it is known (a dry run without credentials has none). */
  export function account(): string | undefined;
  /**
   * Lower-case hex digest of everything that goes into this build; the same inputs give the same
   * id. Empty before the packages are sealed.
   */
  export function buildId(): string;
  /** True when nothing outside this machine may be changed. */
  export function dryRun(): boolean;
  /** This plugin's `config` table from the manifest, as a JSON object; `{}` when absent. */
  export function config(): string;
}

declare module 'phalanx:pipeline/log@1.0.0' {
  /** `level` is `trace`, `debug`, `info`, `warn` or `error`; anything else is `info`. */
  export function log(level: string, message: string): void;
}

declare module 'phalanx:pipeline/context@1.0.0' {
  /** The value of `key`, or none. */
  export function get(key: string): string | undefined;
  /**
   * Sets `key`. Fails when it would change a value that another plugin wrote and the manifest does
   * not let this one override it, when the text is not JSON, or over the size limit.
   */
  export function set(key: string, value: string): void;
  /** Removes `key`; true when it was there. */
  export function remove(key: string): boolean;
  /** All keys, sorted. */
  export function keys(): string[];
}

declare module 'phalanx:pipeline/template-view@1.0.0' {
  /** The value at `pointer`, or none. */
  export function get(pointer: string): string | undefined;
  /**
   * Logical ids in document order; of one resource type, such as `AWS::SQS::Queue`, when one is
   * named.
   */
  export function logicalIds(ofType: string | undefined): string[];
  /** The whole document. Prefer `get`: it is an order of magnitude cheaper on a large template. */
  export function document(): string;
}

declare module 'phalanx:pipeline/template-edit@1.0.0' {
  /**
   * Sets the value at `pointer`, creating missing parent objects; a last token `-` appends to a
   * list. Fails when it would change a value that another plugin wrote and the manifest does not
   * let this one override it.
   */
  export function set(pointer: string, value: string): void;
  /** Applies many `set`s in one call, all or none. */
  export function setAll(edits: [string, string][]): void;
  /**
   * Adds a new resource, parameter, mapping, condition or output: fails when the id is taken in
   * `section` (`Resources`, `Outputs`, …).
   */
  export function add(section: string, logicalId: string, value: string): void;
  /** Applies a JSON Merge Patch (RFC 7396) at `pointer`. */
  export function merge(pointer: string, patch: string): void;
  /** Removes the value at `pointer`; true when it was there. */
  export function remove(pointer: string): boolean;
  /** Replaces the whole document; the host journals the difference. */
  export function replace(document: string): void;
}

declare module 'phalanx:pipeline/artifacts@1.0.0' {
  /** One packaged function. */
  export interface Artifact {
    /** The function's name in the manifest. */
    function: string;
    /** The function's logical id in the template. */
    logicalId: string;
    /** Lower-case hex SHA-256 of the package's content so far. */
    sha256: string;
    /** Size of the unpacked content in bytes. */
    size: bigint;
  }
  /** All packaged functions, in manifest order. */
  export function list(): Artifact[];
  /** The names of the files in a function's package, sorted. */
  export function files(fn: string): string[];
  /** The bytes of one file of a function's package. */
  export function read(fn: string, path: string): Uint8Array;
  /**
   * Adds a file to a function's package, or replaces it; `mode` is the Unix mode, `0o644` or
   * `0o755`. The package is sealed, and its digest taken, after the last post-build hook.
   */
  export function write(fn: string, path: string, bytes: Uint8Array, mode: number): void;
}

declare module 'phalanx:pipeline/stack@1.0.0' {
  /** One resource as CloudFormation made it. */
  export interface StackResource {
    logicalId: string;
    physicalId: string;
    type: string;
    status: string;
  }
  /** The stack's id (its ARN). */
  export function id(): string;
  /** True when this run created it. */
  export function created(): boolean;
  /** True when this run changed nothing. */
  export function unchanged(): boolean;
  /** Output keys and values, sorted by key. */
  export function outputs(): [string, string][];
  /** The resources, sorted by logical id. */
  export function resources(): StackResource[];
}

declare module 'phalanx:pipeline/outcome@1.0.0' {
  /**
   * What failed: a step of the pipeline, such as `build` or `provision`, or the hook at which a
   * plugin failed, such as `post-build`.
   */
  export function failedStep(): string;
  /** The error as the person sees it. */
  export function error(): import('phalanx:pipeline/types@1.0.0').Failure;
  /** The steps that had completed, in order. */
  export function completed(): string[];
}

declare module 'phalanx:pipeline/images@1.0.0' {
  export interface BuildRequest {
    /**
     * Build context: a directory inside the service's directory. What its `.dockerignore` names is
     * left out.
     */
    contextDir: string;
    /** Path of the Dockerfile inside the build context. */
    dockerfile: string;
    /** `ARG` values. */
    args: [string, string][];
    /** `name:tag` for the local image. */
    tag: string;
    /** `linux/amd64`, `linux/arm64`, or none for the daemon's own. */
    platform?: string;
    /** Build stage to stop at, or none. */
    target?: string;
    /** Labels of the image. */
    labels: [string, string][];
    /** Images whose layers may be used again. */
    cacheFrom: string[];
  }
  export interface BuiltImage {
    /** The image's id, `sha256:…`. */
    id: string;
    /** Size in bytes. */
    size: bigint;
  }
  export interface PushedImage {
    /** `registry/repository:tag`. */
    reference: string;
    /** The tag. */
    tag: string;
    /**
     * The manifest's digest, `sha256:…`; none when nothing was pushed: in a dry run, and on the local
     * cloud, which runs no containers.
     */
    digest?: string;
  }
  /**
   * Finds out, before anything is built, what would keep the image from being built or pushed: a
   * missing Dockerfile, a repository's name that ECR does not take, a daemon that does not answer.
   */
  export function check(request: BuildRequest, repository: string): void;
  /**
   * Lower-case hex digest of everything that goes into the image: the files of the context, the
   * Dockerfile, arguments, platform, target and labels. Needs no daemon.
   */
  export function fingerprint(request: BuildRequest): string;
  /**
   * False when nothing would be pushed, and so need not be built: in a dry run, and on the local cloud,
   * which runs no containers.
   */
  export function willPush(): boolean;
  /** The image in this account's ECR with this tag, or none. */
  export function findInEcr(repository: string, tag: string): PushedImage | undefined;
  export function build(request: BuildRequest): BuiltImage;
  /**
   * Pushes the local image `image` to this account's ECR as `tag`, making `repository` when it is
   * missing. Where `will-push` is false it pushes nothing and says what the reference would be.
   */
  export function pushToEcr(image: string, repository: string, tag: string): PushedImage;
  /** The images of a repository that have a tag, sorted by tag; none when there is no such repository. */
  export function listInEcr(repository: string): PushedImage[];
  /**
   * Takes a tag from a pushed image again, for `rollback`; the image goes with its last tag. True when
   * there was one.
   */
  export function deleteFromEcr(repository: string, tag: string): boolean;
}

declare module 'phalanx:pipeline/commands@1.0.0' {
  export interface Command {
    /** Program and arguments; no shell. */
    argv: string[];
    /** Working directory inside the service's directory; none for its root. */
    dir?: string;
    env: [string, string][];
    stdin: Uint8Array;
  }
  export interface Output {
    status: number;
    stdout: Uint8Array;
    stderr: Uint8Array;
  }
  export function run(command: Command): Output;
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
    /** Signing name of the service, such as `sns`. */
    service: string;
    /** IAM-style action that this call needs, such as `sns:Publish`. */
    action: string;
    method: string;
    /** Path and query. */
    path: string;
    headers: [string, string][];
    body: Uint8Array;
  }
  export interface Response {
    status: number;
    headers: [string, string][];
    body: Uint8Array;
  }
  export function call(request: Request): Response;
}
