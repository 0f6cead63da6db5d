import { expect, test } from 'vitest';
import { stopIfAsked } from './stage.ts';

test('what was asked while a thread computed is heard: messages come in, then the work stops', async () => {
  const asked = new AbortController();
  await stopIfAsked(asked.signal, 'not yet');
  await stopIfAsked(undefined, 'never');
  setImmediate(() => asked.abort());
  await expect(stopIfAsked(asked.signal, 'Stopped between pieces.')).rejects.toMatchObject({
    name: 'Interrupted',
    message: 'Stopped between pieces.',
  });
});
