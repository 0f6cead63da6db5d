// Writes generated features, standard normal times a factor that falls with the column: features.ts <JSON settings>.
import { closeSync, openSync, writeSync } from 'node:fs';
import { deviceNormal } from '@selfsup/engine/platform';
import { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';

const { to, rows, width } = JSON.parse(process.argv[2]!) as { to: string; rows: number; width: number };
const factors = tf.tensor1d(Float32Array.from({ length: width }, (_, i) => 1 / Math.sqrt(1 + i / 64)));
const piece = 4000;
const file = openSync(to, 'w');
for (let start = 0; start < rows; start += piece) {
  const count = Math.min(piece, rows - start);
  const values = tf.tidy(() => deviceNormal(randomKey(0, 'features', start), [count, width]).mul(factors));
  const bytes = new Uint8Array(values.dataSync<'float32'>().buffer);
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
  values.dispose();
}
closeSync(file);
console.log('{}');
