// The package's entry in Node; node-esm.mjs beside it gives the same module to import.
import {installPlatform} from './loader/platform.js';
import {nodePlatform} from './node/platform.js';

installPlatform(nodePlatform);

export * from './index.js';

import * as namespace from './index.js';

// biome-ignore lint/style/noDefaultExport: onnxruntime-common has its namespace as the default export too
export {namespace as default};
