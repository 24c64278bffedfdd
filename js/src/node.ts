// The package's entry in Node; node-esm.mjs beside it gives the same module to import.
import {installPlatform} from './loader/platform.js';
import {nodePlatform} from './node/platform.js';

installPlatform(nodePlatform);

export * from './index.js';
