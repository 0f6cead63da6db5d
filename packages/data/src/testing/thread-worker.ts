// A thread for the tests of the pool: does what it is asked, and tells which one it is.
import { threadId } from 'node:worker_threads';
import { UserError } from '@selfsup/kit/errors';
import { serve } from '../workers/worker-side.ts';

serve<string, string, string>((setup) => {
  if (setup === 'refused') throw new UserError('No such setup', { field: 'setup', remedy: 'Take another.' });
  return {
    answer: (request) => {
      if (request === 'throw') throw new Error('asked to');
      if (request === 'end') process.exit(3);
      return { answer: `${setup} ${request} ${threadId}` };
    },
    close: () => {
      if (setup === 'ends at its close') process.exit(4);
      if (setup === 'crashes later') setTimeout(() => void Promise.reject(new Error('nobody asked')), 50);
      return setup === 'does not close' ? Promise.reject(new Error('stuck')) : Promise.resolve();
    },
  };
});
