// Where models are kept outside the repository.
import {homedir} from 'node:os';
import {join} from 'node:path';

export const cacheFolder = process.env.WEBINFER_CACHE ?? join(homedir(), '.cache', 'webinfer');
/** Real models (models.json). */
export const modelsFolder = join(cacheFolder, 'models');
/** Generated standard architectures (bench/models/). */
export const generatedFolder = join(cacheFolder, 'generated-models');
