import { tf } from '@selfsup/engine/tensorflow';
import { embeddingModel, featureShapeOf } from '@selfsup/models/heads';
import { clusterHead } from '@selfsup/tasks/cluster-head';
import { bar, ranked } from '../../page/bars.ts';
import { colours, draw, picture } from '../../page/canvas.ts';
import { element } from '../../page/element.ts';
import type { Page } from '../../page/page.ts';
import { panelOfEach } from '../../page/panel-of-each.ts';
import { testName } from '../../page/pictures.ts';
import { valuesOf, type RunningNetwork } from '../../running-network.ts';

/** Clusters of a picture that are shown, the likeliest first, and test images of each. */
const shownClusters = 3;
const shownImages = 12;
/** Pictures that go through the network before the page may answer again. */
const atOnce = 4;

const knowsClusters = ({ facts }: RunningNetwork): boolean => facts.task === 'deepcluster';

/** DeepCluster: into which clusters a picture falls, and which test images fall there too. */
const deepcluster = panelOfEach({
  title: 'Where it falls',
  suits: knowsClusters,
  async figures(network, pixels, count) {
    return (await clusterer(network)(pixels, count)).map((probability) => 100 * probability);
  },
  open: openOne,
});
export default deepcluster;

function openOne(place: HTMLElement, network: RunningNetwork, page: Page): void {
  const answerOf = clusterer(network);
  const { count } = page.images;
  const told = element('p', { role: 'status' });
  const said = element('p', { role: 'status', class: 'unseen' });
  const rows = element('tbody');
  const galleries = element('div', { class: 'networks' });
  const start = element('button', { type: 'button' }, `Sort all ${count} test images`);
  place.append(
    element(
      'p',
      {},
      `The ${String(network.facts.taskConfig['clusters'])} clusters of its last epoch, as its last layer tells them apart.`,
    ),
    element('table', { class: 'bars' }, element('caption', { class: 'unseen' }, 'Likeliest clusters'), rows),
    said,
    element('p', {}, start),
    told,
    galleries,
  );
  let clusterOf: number[] | undefined;
  const answer = page.answering(async () => {
    const probabilities = await answerOf(page.picture().pixels(network.facts.input), 1);
    const best = ranked(probabilities).slice(0, shownClusters);
    rows.replaceChildren(...best.map((cluster) => bar(`cluster ${cluster}`, probabilities[cluster]!)));
    said.textContent = `${page.picture().name} falls into cluster ${best[0]}, with ${(100 * probabilities[best[0]!]!).toFixed(0)} %.`;
    if (clusterOf === undefined) return;
    galleries.replaceChildren(...best.map((cluster) => gallery(cluster, clusterOf!, page)));
  });
  const sort = page.answering(async () => {
    const found: number[] = [];
    for (let from = 0; from < count; from += atOnce) {
      const images = Array.from({ length: Math.min(atOnce, count - from) }, (_, i) => page.pixelsOf(from + i));
      const size = images[0]!.length;
      const pixels = new Float32Array(images.length * size);
      images.forEach((image, i) => pixels.set(image, i * size));
      const probabilities = await answerOf(pixels, images.length);
      const clusters = probabilities.length / images.length;
      for (let i = 0; i < images.length; i++)
        found.push(ranked(probabilities.subarray(i * clusters, (i + 1) * clusters))[0]!);
      told.textContent = `${found.length} of ${count} test images`;
      await new Promise((soon) => setTimeout(soon));
    }
    clusterOf = found;
    told.textContent = `The test images fall into ${new Set(found).size} clusters.`;
    answer();
  });
  start.addEventListener('click', () => {
    start.hidden = true;
    sort();
  });
  page.onPicture(answer);
  answer();
}

function gallery(cluster: number, clusterOf: readonly number[], page: Page): HTMLElement {
  const members = [...clusterOf.keys()].filter((image) => clusterOf[image] === cluster);
  const shown = members.slice(0, shownImages).map((image) => {
    const canvas = picture(testName(page.images, image));
    draw(canvas, colours(page.pixelsOf(image), page.images), page.images.width);
    return canvas;
  });
  const title = element('h4', {}, `cluster ${cluster}: ${members.length} test images`);
  return element('article', {}, title, element('div', { class: 'maps' }, ...shown));
}

/** Of pictures the probability of each cluster, `[count, clusters]`. */
function clusterer(network: RunningNetwork): (pixels: Float32Array, count: number) => Promise<Float32Array> {
  const { embed } = network.code(network.facts.network);
  const built = embeddingModel(featureShapeOf(network.encoder), [0, 0], embed);
  const embedding = network.withWeights('embedding', built);
  const width = embedding.outputs[0]!.shape[1]!;
  const head = network.withWeights('head', clusterHead(width, network.facts.taskConfig['clusters'] as number));
  return async (pixels, count) => {
    const answer = tf.tidy(() => {
      const features = network.encoder.predictOnBatch(network.images(pixels, count)) as tf.Tensor;
      return tf.softmax(head.predictOnBatch(embedding.predictOnBatch(features) as tf.Tensor) as tf.Tensor2D);
    });
    return (await valuesOf([answer]))[0]!;
  };
}
