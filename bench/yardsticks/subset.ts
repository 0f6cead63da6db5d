// Prints the indices into a split of `total` images that a stage takes for { "count": count } under a seed, so that the
// yardsticks see the same images:  node --import tsx bench/yardsticks/subset.ts total count seed
import { selectSubset } from '@selfsup/data/subset';

const [total, count, seed] = process.argv.slice(2).map(Number) as [number, number, number];
console.log(JSON.stringify([...selectSubset(new Int32Array(total), { count }, seed)]));
