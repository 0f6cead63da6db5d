import { unpack } from './unpack.ts';

// The first script of the page: puts the others, which are packed, in place. The page's policy knows their hashes.
const status = document.getElementById('status')!;

if ('DecompressionStream' in globalThis) {
  unpack('code').then(
    (bytes) => {
      const script = document.createElement('script');
      script.textContent = new TextDecoder().decode(bytes);
      document.body.append(script);
    },
    (error: unknown) => (status.textContent = `This page is damaged: ${String(error)}`),
  );
} else status.textContent = 'This page needs a browser of 2023 or later: it cannot unpack its networks here.';
