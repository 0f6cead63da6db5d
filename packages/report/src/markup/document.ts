import type { DatasetFacts } from '../input.ts';
import { html, trusted, type Content, type Markup } from './html.ts';
import { styles } from './styles.ts';

/** A part of a page that its navigation leads to. */
export interface Section {
  /** Small letters. */
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
  /** False where there is nothing to show. */
  readonly shown: boolean;
}

/** A section; left out where its body is empty, unless it is said whether it is shown. */
export function section(id: string, title: string, body: Markup, shown = body.text.trim() !== ''): Section {
  return { id, title, body, shown };
}

/** What every report has, whatever it reports on. */
export interface ReportDocument {
  /** What kind of page this is, above its title. */
  readonly eyebrow: Markup;
  readonly title: string;
  readonly summary?: string | undefined;
  /** Name and value; those without a value are left out. */
  readonly facts: readonly (readonly [name: string, value: Content])[];
  readonly datasets: readonly DatasetFacts[];
  /** What the reader must know before believing a number. */
  readonly warnings?: readonly string[] | undefined;
  readonly sections: readonly Section[];
  readonly generated?: string | undefined;
  /** Of a page that a program serves: seconds after which a browser asks for it again. */
  readonly refreshSeconds?: number;
}

/** One HTML page that loads nothing and runs no script, light or dark as the reader's system is. */
export function renderDocument(page: ReportDocument): string {
  const sections = page.sections.filter((one) => one.shown);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        ${page.refreshSeconds !== undefined && html`<meta http-equiv="refresh" content="${page.refreshSeconds}" />`}
        <title>${page.title} · Selfsup</title>
        <style>
          ${trusted(styles)}
        </style>
      </head>
      <body>
        <a class="skip" href="#${sections[0]?.id ?? 'top'}">Skip to ${sections[0]?.title ?? 'the top'}</a>
        <header id="top">
          <p class="eyebrow">${page.eyebrow}</p>
          <h1>${page.title}</h1>
          ${page.summary !== undefined && html`<p class="summary">${page.summary}</p>`}${headFacts(page)}${banners(page)}
          <nav aria-label="Sections">${sections.map((one) => html`<a href="#${one.id}">${one.title}</a>`)}</nav>
        </header>
        <main>
          ${sections.map(
            (one) =>
              html`<section id="${one.id}">
                <h2>${one.title}</h2>
                ${one.body}
              </section>`,
          )}
        </main>
        <footer>
          <p>
            Made by Selfsup${page.generated !== undefined && ` on ${page.generated}`}. This page is one file and loads
            nothing.
          </p>
        </footer>
      </body>
    </html> `.text;
}

function headFacts({ facts }: ReportDocument): Markup {
  const shown = facts.filter(([, value]) => value !== undefined && value !== false && value !== '');
  return html`<dl class="facts head">
    ${shown.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** What must be known before any number is believed: a stand-in for the data, files set aside, warnings. */
function banners({ datasets, warnings }: ReportDocument): Markup {
  const fallback = datasets
    .filter((dataset) => dataset.fallback)
    .map(
      (dataset) =>
        html`<p class="banner strong">
          <strong>Not the usual data.</strong> Dataset ${dataset.name}: ${dataset.chosen}. The numbers below cannot be
          set beside those of the data that was asked for.
        </p>`,
    );
  const aside = datasets
    .filter((dataset) => (dataset.quarantine ?? []).length > 0)
    .map(
      (dataset) =>
        html`<p class="banner">
          ${dataset.name}: ${dataset.quarantine?.length} unreadable
          ${dataset.quarantine?.length === 1 ? 'file was' : 'files were'} set aside.
        </p>`,
    );
  const further = (warnings ?? []).map((text) => html`<p class="banner">${text}</p>`);
  return html`${fallback}${aside}${further}`;
}
