// A process that `network-facts.ts` starts: makes Node read TypeScript, then hands over.
import { readTypeScript } from '../../../packages/kit/src/files/typescript.mjs';

await readTypeScript();
const { answerOf } = await import('./answer-of-networks.ts');
process.once('message', async (questions) => {
  const answer = await answerOf(questions);
  process.send(answer, () => process.exit());
});
