// The package's entry in browsers and bundlers.
import {browserPlatform} from './browser-platform.js';
import {installPlatform} from './loader/platform.js';

installPlatform(browserPlatform);

export * from './index.js';

import * as namespace from './index.js';

// biome-ignore lint/style/noDefaultExport: onnxruntime-common has its namespace as the default export too
export {namespace as default};
