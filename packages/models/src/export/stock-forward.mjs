// Plain Node with the pure JavaScript package, nothing of ours: what a page would do with an export.
// Arguments: folder of the export, model's name, JSON file { shape, values, layers }. Prints layer name -> values.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

const [folder, name, inputFile] = process.argv.slice(2);
const { shape, values, layers } = JSON.parse(readFileSync(inputFile, 'utf8'));
const server = createServer((request, response) => response.end(readFileSync(join(folder, request.url))));
await new Promise((done) => server.listen(0, '127.0.0.1', done));

await tf.setBackend('cpu');
const model = await tf.loadLayersModel(`http://127.0.0.1:${server.address().port}/${name}/model.json`);
server.close();
const images = tf.tensor(values, shape);
const results = { output: model.predict(images) };
for (const layer of layers) {
  results[layer] = tf.model({ inputs: model.inputs, outputs: model.getLayer(layer).output }).predict(images);
}
const answer = Object.fromEntries(Object.entries(results).map(([name, result]) => [name, [...result.dataSync()]]));
console.log(JSON.stringify({ backend: tf.getBackend(), version: tf.version.tfjs, layers: answer }));
