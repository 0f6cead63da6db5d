import { createHash } from 'node:crypto';
import { html, styles, trusted, type Content } from '@selfsup/report/markup';
import { exploreStyles } from './styles.ts';

/** What a page is made of. */
export interface PageParts {
  readonly title: string;
  /** Above the title: of what experiment it is. */
  readonly eyebrow: Content;
  /** Below it: what the page is. */
  readonly summary: string;
  /** What is said until the script has something to say. */
  readonly status: string;
  /** Paragraphs that say what must be known of the networks. */
  readonly notes: readonly Content[];
  /** Paragraphs that say which networks are not in it, and why. */
  readonly leftOut: readonly Content[];
  readonly loader: string;
  readonly code: string;
  /** The data blocks by id: JSON as it is, the others as `pack` made them. */
  readonly blocks: Readonly<Record<string, string>>;
}

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * The page as one HTML file whose own policy lets nothing in or out: no connection, no picture, no other script or style
 * than those whose hashes it names.
 *
 * @param packed `code` as `pack` made it
 */
export function pageDocument(
  { title, eyebrow, summary, status, notes, leftOut, loader, code, blocks }: PageParts,
  packed: string,
): string {
  const style = `${styles}${exploreStyles}`;
  // The hashes are of what stands between the tags, to the last blank: no template may lay it out.
  const whole = (name: 'style' | 'script', text: string): Content => trusted(`<${name}>${text}</${name}>`);
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(loader)} ${hashOf(code)} 'wasm-unsafe-eval'`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const block = (id: string, text: string): Content =>
    trusted(
      `<script id="${id}" type="${id === 'page' ? 'application/json' : 'text/plain'}">${text.replaceAll('<', '\\u003c')}</script>\n`,
    );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title} · Selfsup</title>
        ${whole('style', style)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header id="top">
          <p class="eyebrow">${eyebrow}</p>
          <h1>${title}</h1>
          <p class="summary">${summary}</p>
          <p id="status" role="status">${status}</p>
          <div id="left-out">${leftOut.map((note) => html`<p class="banner">${note}</p>`)}</div>
          <noscript><p class="banner">All of this is done by a script, and this browser runs none.</p></noscript>
        </header>
        <main id="main" aria-busy="true"></main>
        <footer>
          ${notes.map((note) => html`<p>${note}</p>`)}
          <p>Made by Selfsup. This page is one file and loads nothing.</p>
        </footer>
        ${Object.entries({ ...blocks, code: packed }).map(([id, text]) => block(id, text))}${whole('script', loader)}
      </body>
    </html> `.text;
}
