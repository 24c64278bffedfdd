// Emscripten's glue of the builds with threads, put here by js/build.mjs.
import type {GlueFactory} from './glue.js';

export declare const createEngine: GlueFactory;
