#!/usr/bin/env node
// Sees to it that the plugin has every hook that its world promises: the engine finds out only when one is called.

import { readFileSync } from 'node:fs';

const world = readFileSync('wit/plugin.wit', 'utf8');
const bundle = readFileSync(process.argv[2], 'utf8');
const names = [...bundle.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list]) => list.split(','));
const exported = new Set(names.map((name) => name.trim().split(/\s+as\s+/).pop()));
for (const [, hook] of world.matchAll(/^\s*export phalanx:pipeline\/([a-z-]+)@/gm)) {
  const name = hook.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
  if (exported.has(name)) continue;
  console.error(`the world in wit/plugin.wit exports \`${hook}\`, and the plugin exports no \`${name}\`: write it, or take it out of the world`);
  process.exitCode = 1;
}
