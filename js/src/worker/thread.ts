// The worker of one of the engine's threads: the glue sees by the worker's name that it is one, and takes over.

import type {GlueOptions} from '../engine/glue.js';
import {createEngine} from '../engine/glue-threads.mjs';

createEngine({} as GlueOptions);
