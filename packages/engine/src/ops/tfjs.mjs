// tfjs as it is loaded fastest: a third of the time in which a command loads TensorFlow went into what nobody needs.
import { createRequire } from 'node:module';

// Asked for by `import`, it would be read once more for the names that it exports.
const require = createRequire(import.meta.url);

export const tf = withoutSourceMaps(() => require('@tensorflow/tfjs-node-gpu'));

/** Those of tfjs are some MB. */
function withoutSourceMaps(load) {
  const { sourceMapsEnabled } = process;
  process.setSourceMapsEnabled(false);
  try {
    return load();
  } finally {
    process.setSourceMapsEnabled(sourceMapsEnabled);
  }
}
