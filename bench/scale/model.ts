// What adding costs a step on many processes, by a model: node --import tsx bench/scale/model.ts prints the table of docs/scale.md.

/** Milliseconds of a sum by messages over the loopback address, and of each megabyte: the line through what sum.ts measured. */
const sum = { milliseconds: 1, perMegabyte: 1.75 };
/** Megabytes that travel each step, and where run.ts has measured it the seconds that one thread computes on 64 images. */
const trainings = [
  { name: 'NIN of 64 channels', megabytes: 0.46, seconds: 64 / 704.5 },
  { name: 'NIN of 192 channels, 4 blocks', megabytes: 5.6, seconds: undefined },
  { name: "AlexNet's convolutions", megabytes: 9.9, seconds: undefined },
  { name: 'AlexNet with fc6 and fc7', megabytes: 245, seconds: 64 / 48.1 },
] as const;
const sizes = [8, 64, 512];

/** All processes add in pairs, level by level, each pair on machines of its own. */
function addingSeconds(processes: number, megabytes: number): number {
  const level = sum.milliseconds + sum.perMegabyte * megabytes;
  return (Math.log2(processes) * level) / 1000;
}

const inWords = (seconds: number): string =>
  seconds < 1 ? `${(1000 * seconds).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
console.log(`| trained | MB of one sum | 64 images | ${sizes.map((size) => `${size} processes`).join(' | ')} |`);
console.log(`| --- | --- | --- | ${sizes.map(() => '---').join(' | ')} |`);
for (const { name, megabytes, seconds } of trainings) {
  const cells = sizes.map((size) => {
    const adding = addingSeconds(size, megabytes);
    const share = seconds === undefined ? '' : `, ${((100 * adding) / (seconds + adding)).toFixed(0)} %`;
    return `${inWords(adding)}${share}`;
  });
  console.log(`| ${[name, megabytes, seconds === undefined ? '' : inWords(seconds), ...cells].join(' | ')} |`);
}
