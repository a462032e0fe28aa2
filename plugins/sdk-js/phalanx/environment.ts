// Environment variables, once the manifest grants `env`. The world must import `phalanx:pipeline/environment@1.0.0`.

export { get } from 'phalanx:pipeline/environment@1.0.0';
